import { BenchError } from '@bench/core';
import type { EnvValue } from '@bench/recipe';
import { MASKED, maskedEnv } from '../command/env-file.ts';
import { type PortWord, shellWord } from './words.ts';

/** Variables of a job in the order in which they are set; the last of a name counts. */
export type Variables = readonly (readonly [name: string, value: EnvValue | PortWord | { key: true } | { passed: string }])[];

export interface Secrets {
  /** The generated key. */
  apiKey: string;
  resolve(env: Readonly<Record<string, EnvValue>>): Record<string, string>;
}

/** What stands for every secret, for people. */
export const MASKS: Secrets = { apiKey: MASKED, resolve: maskedEnv };

/** Lines of sh that set them, each value as data but for the port, which the job has put into `BENCH_PORT`. */
export function envLines(variables: Variables, secrets: Secrets): string {
  return variables
    .map(([name, value]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        throw new BenchError({ code: 'BENCH_UNSAFE_VALUE', message: `"${name}" is no name of a variable`, exitCode: 2 });
      return `export ${name}=${shellWord(wordOf(name, value, secrets), '"$BENCH_PORT"')}\n`;
    })
    .join('');
}

function wordOf(name: string, value: Variables[number][1], secrets: Secrets): PortWord {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value as unknown as PortWord;
  if ('key' in value) return [secrets.apiKey];
  if ('passed' in value) return [secrets === MASKS ? MASKED : value.passed];
  return [secrets.resolve({ [name]: value as EnvValue })[name] ?? ''];
}
