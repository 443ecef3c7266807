import { readFile } from 'node:fs/promises';
import { BenchError } from '@bench/core';
import { paths } from './paths.ts';
import { type RunFile, runFileSchema, SCHEMA_VERSION } from './run-file.ts';

/** `run.json` of a folder. @throws BenchError `BENCH_RUN_NOT_FOUND`, `BENCH_RUN_DAMAGED`, `BENCH_RUN_TOO_NEW`. */
export async function readRunFile(dir: string): Promise<RunFile> {
  const path = paths.run(dir);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new BenchError({
      code: 'BENCH_RUN_NOT_FOUND',
      message: `${dir} is not a run directory`,
      hint: 'bench list shows runs',
      cause,
      exitCode: 2,
    });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BenchError({ code: 'BENCH_RUN_DAMAGED', message: `${path} is not JSON`, cause, exitCode: 2 });
  }
  const version = (value as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version > SCHEMA_VERSION) {
    throw new BenchError({
      code: 'BENCH_RUN_TOO_NEW',
      message: `${path} was written by a newer bench (schema ${version}; this one reads up to ${SCHEMA_VERSION})`,
      hint: 'update bench: npm i -g @bench/cli@latest',
      exitCode: 2,
    });
  }
  const parsed = runFileSchema.safeParse(value);
  if (!parsed.success)
    throw new BenchError({ code: 'BENCH_RUN_DAMAGED', message: `${path} is not a run file`, cause: parsed.error, exitCode: 2 });
  return parsed.data;
}
