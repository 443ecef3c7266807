import type { ProjectFile } from './compose-project.ts';
import { type ComposeRecord, SECRETS_FILE } from './compose-record.ts';
import { envList } from './render-service.ts';
import { renderCompose } from './render-yaml.ts';

/** The override with the variables that are secrets, for the services of all engines. */
export function renderSecrets(record: ComposeRecord, env: Readonly<Record<string, string>>): ProjectFile {
  const environment = envList(env);
  return {
    path: SECRETS_FILE,
    mode: 0o600,
    content: renderCompose({ services: Object.fromEntries(record.engines.map(({ service }) => [service, { environment }])) }),
  };
}
