import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { BenchError, EXIT, type Io } from '@bench/core';
import { z } from 'zod';

/** Where a secret of the settings comes from; never the secret itself. */
export const secretRefSchema = z.union(
  [
    z.strictObject({ from_env: z.string().min(1).describe('Name of an environment variable.') }),
    z.strictObject({ from_file: z.string().min(1).describe('Path of a file that holds it and nothing else; `~/` is the home folder.') }),
  ],
  { error: 'expected {from_env: NAME} or {from_file: PATH}: a secret is never written into the settings' },
);
export type SecretRef = z.infer<typeof secretRefSchema>;

/** The secret, masked everywhere from now on; undefined when the variable is not set or the file is not there. @throws BenchError for a file that cannot be read. */
export async function readSecret(ref: SecretRef, io: Io): Promise<string | undefined> {
  if ('from_env' in ref) return io.secrets.get(ref.from_env);
  const path = ref.from_file.startsWith('~/') ? join(homedir(), ref.from_file.slice(2)) : ref.from_file;
  try {
    const value = (await readFile(path, 'utf8')).trim();
    io.secrets.mask(value);
    return value === '' ? undefined : value;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new BenchError({ code: 'BENCH_SECRET_FILE', message: `cannot read the secret in ${path}`, exitCode: EXIT.provider, cause });
  }
}
