import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BenchError } from '@bench/core';

/**
 * Path of the load generator as one file that runs alone on Node ≥ 20 (`node <file> <folder>`), to be copied to other machines.
 * Run from source, it is the one in `dist`.
 * @throws BenchError `BENCH_LOADGEN_STANDALONE` when it was not built.
 */
export function standaloneFile(): string {
  const candidates = ['../standalone.mjs', '../../dist/standalone.mjs'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) {
    throw new BenchError({
      code: 'BENCH_LOADGEN_STANDALONE',
      message: 'the load generator for other machines is missing (dist/standalone.mjs of @bench/loadgen)',
      hint: 'run `npm run build` first, or install @bench/loadgen again',
      exitCode: 3,
    });
  }
  return found;
}
