import { BATCH_FILES, BenchError, loadSpecSchema, type BatchOrder, type LoadSpec } from '@bench/core';
import type { DeploymentFiles } from './deployment-files.ts';

/** Load `k` of the deployment. @throws BenchError `BENCH_LOAD_ORDER` when it is not there or something else, `BENCH_LOAD` when the load is not valid. */
export async function readBatchOrder(files: DeploymentFiles, k: number): Promise<BatchOrder & { load: LoadSpec }> {
  const file = BATCH_FILES.order(k);
  const text = await files.read(file);
  if (text === null) throw problem(file, 'it is not there');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw problem(file, 'it is not JSON');
  }
  if (typeof json !== 'object' || json === null) throw problem(file, 'it is not a JSON object');
  const order = json as Partial<BatchOrder>;
  if (order.version !== 1) throw problem(file, `it has version ${String(order.version)}, this program reads version 1`);
  const load = loadSpecSchema.safeParse(order.load);
  if (!load.success) {
    const problems = load.error.issues.map((issue) => `${issue.path.join('.') || 'load'}: ${issue.message}`);
    throw new BenchError({ code: 'BENCH_LOAD', message: `the load is not valid\n${problems.join('\n')}` });
  }
  return { ...(order as BatchOrder), load: load.data };
}

function problem(file: string, what: string): BenchError {
  return new BenchError({
    code: 'BENCH_LOAD_ORDER',
    message: `${file} cannot be read: ${what}`,
    hint: 'it is written by bench, of the same version as the load program',
  });
}
