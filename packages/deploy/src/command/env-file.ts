import { quote } from '@bench/host';
import type { EnvValue } from '@bench/recipe';

/** What a masked value is shown as. */
export const MASKED = '***';

/** Shell lines that set variables, each value as data. For a file of mode 0600 that a constant script reads. */
export function envFile(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join('');
}

/** The same for people: references to secrets masked. */
export function maskedEnv(env: Readonly<Record<string, EnvValue>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, typeof value === 'string' ? value : MASKED]));
}
