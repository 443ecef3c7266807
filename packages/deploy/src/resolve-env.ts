import { BenchError, type Io } from '@bench/core';
import type { EnvValue } from '@bench/recipe';

/**
 * Reads the secrets that an environment names.
 * @throws BenchError `BENCH_SECRET_MISSING`.
 */
export function resolveEnv(env: Readonly<Record<string, EnvValue>>, io: Pick<Io, 'secrets'>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => {
      if (typeof value === 'string') return [name, value];
      const secret = io.secrets.get(value.from_env);
      if (secret === undefined) {
        throw new BenchError({
          code: 'BENCH_SECRET_MISSING',
          message: `${name} is to come from the environment variable ${value.from_env}, which is not set`,
          hint: `export ${value.from_env}=…`,
          exitCode: 4,
        });
      }
      return [name, secret];
    }),
  );
}
