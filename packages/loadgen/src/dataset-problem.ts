import { BenchError } from '@bench/core';

export function datasetProblem(where: string, what: string, cause?: unknown): BenchError {
  return new BenchError({
    code: 'BENCH_DATASET',
    message: `prompt file ${where}: ${what}`,
    hint: 'see the README of @bench/loadgen for the forms of prompt files',
    cause,
  });
}
