import { posix } from 'node:path';
import type { Task } from '@bench/recipe';
import type { RenderedStep } from '../contract.ts';
import { smokeTestOf } from '../smoke-test-of.ts';
import { smokeTestPath } from '../smoke-test.ts';
import { composeArgv } from './compose-project.ts';
import { type ComposeRecord, DOWNLOAD_ENV_FILE, SECRETS_FILE } from './compose-record.ts';
import { downloadArgv } from './fetch-weights.ts';
import { KEY_FILE, renderKeyFile } from './render-nginx.ts';
import { renderSecrets } from './render-secrets.ts';

const MASK = '***';

/** What would be done, in order, for a dry run. Whether a Hugging Face token is set is not looked at. */
export function planSteps(record: ComposeRecord, task: Task): RenderedStep[] {
  const { containers, project, hostDir, weights } = record;
  const file = (path: string, content: string, description: string): RenderedStep => ({
    kind: 'file',
    description,
    path: posix.join(hostDir, path),
    content,
  });
  const secretEnv = {
    ...Object.fromEntries(Object.keys(record.secretEnv).map((name) => [name, MASK])),
    ...(weights.kind === 'huggingface' && !('HF_TOKEN' in record.secretEnv) ? { HF_TOKEN: MASK } : {}),
  };
  const hasSecrets = Object.keys(secretEnv).length > 0;
  const base = `http://${record.address}:${record.port}`;
  return [
    ...record.files.map(({ path, content }) => file(path, content, `write ${path}`)),
    ...(record.exposed ? [file(KEY_FILE, renderKeyFile(MASK), 'write the generated API key, mode 0600')] : []),
    ...(hasSecrets ? [file(SECRETS_FILE, renderSecrets(record, secretEnv).content, 'write secrets that are set, mode 0600')] : []),
    ...record.images.map((image): RenderedStep => ({
      kind: 'command',
      description: 'pull the image, unless it is there',
      argv: [...containers.docker, 'pull', '--', image],
    })),
    ...weightSteps(record),
    {
      kind: 'command',
      description: record.idleGpus === 0 ? 'start' : `start (${record.idleGpus} of the GPUs asked for stay idle)`,
      argv: composeArgv({ containers, project, dir: hostDir }, hasSecrets ? [SECRETS_FILE] : [], ['up', '-d', '--no-build']),
    },
    ...record.engines.map(({ service, healthPath }): RenderedStep => ({
      kind: 'http',
      description: `wait until ${service} is healthy`,
      method: 'GET',
      url: base + healthPath,
    })),
    ...(smokeTestOf(task) === null
      ? []
      : [
          {
            kind: 'http' as const,
            description: 'smoke test',
            method: 'POST',
            url: base + smokeTestPath(record.api ?? 'chat'),
          },
        ]),
  ];
}

function weightSteps(record: ComposeRecord): RenderedStep[] {
  const { weights, hostDir } = record;
  if (weights.kind === 'copied') {
    return [{ kind: 'file', description: 'copy the model', path: weights.to, content: `(what ${weights.from} holds)` }];
  }
  if (weights.kind !== 'huggingface' || !weights.fetch) return [];
  return [
    {
      kind: 'file',
      description: 'write the Hugging Face token when it is set, mode 0600',
      path: posix.join(hostDir, DOWNLOAD_ENV_FILE),
      content: `HF_TOKEN=${MASK}\n`,
    },
    { kind: 'command', description: 'fetch the weights, unless they are there', argv: downloadArgv(record, weights) },
  ];
}
