import type { BatchClientPlan, Redactor } from '@bench/core';
import type { Calibration } from '../../calibration.ts';
import type { DeploymentFiles } from './deployment-files.ts';
import type { Heartbeat } from './heartbeat.ts';

/** One of the load clients of a deployment, while it works. */
export interface BatchClient {
  readonly files: DeploymentFiles;
  /** From 0. */
  readonly index: number;
  readonly of: number;
  readonly plan: BatchClientPlan;
  readonly apiKey: string | undefined;
  readonly heart: Heartbeat;
  readonly mask: Redactor;
  /** Ends all work; its reason is a BenchError. */
  readonly signal: AbortSignal;
  /** What worker threads are started from. */
  readonly workerFile: URL;
  /** What client 0 learnt of the server, by what of a load it depends on. */
  readonly calibrations: Map<string, Calibration>;
}
