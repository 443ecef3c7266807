import { BenchError, type Io, type PointResult } from '@bench/core';
import type { Live } from './deployments.ts';
import { stillAnswers } from './still-answers.ts';

const SILENT = 'BENCH_ENGINE_SILENT';

/** Why an engine is of no more use. */
export interface Death {
  code: string;
  message: string;
}

/** Why a deployment is of no more use; null: it is. One that is silent would cost each further point the time until that is known. */
export function deathOf({ deployment, silent }: Live): Death | null {
  const message = deployment.exited();
  if (message !== null) return { code: 'BENCH_ENGINE_EXITED', message };
  return silent === undefined ? null : { code: SILENT, message: silent };
}

/**
 * Requests may fail on an engine that goes on; what was measured while it went away, or its machine, is no figure of it.
 * @throws BenchError `BENCH_ENGINE_SILENT`, or that its machine does not answer
 */
export async function refuseSilent({ load, counts }: PointResult, live: Live, io: Io): Promise<void> {
  const { deployment, machine } = live;
  if (load === null || counts.failed === 0 || !deployment.endpoint) return;
  const silent = await stillAnswers(deployment.endpoint, machine, io);
  if (silent === null) return;
  live.silent = `the engine does not answer any more (${silent})`;
  throw new BenchError({ code: SILENT, message: `${counts.failed} of ${counts.sent} requests failed, and ${live.silent}` });
}
