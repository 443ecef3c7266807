import { busyCpus } from '@bench/core';
import { about, type Active, type BatchContext } from './batch-context.ts';

/** Tells what the service used when it last wrote that down. It is looked at with all else: no step of the job is asked for it. */
export function tellUse(deployment: Active, { on }: Pick<BatchContext, 'on'>): void {
  const { samples } = deployment.look;
  const last = samples.at(-1);
  if (last === undefined || last.atMs <= deployment.usedAtMs || deployment.stoppingSinceMs !== null) return;
  deployment.usedAtMs = last.atMs;
  const [before] = samples;
  const { gpus, processes } = last;
  on({ type: 'deployment_use', ...about(deployment), gpus, processes, busyCpus: before === undefined ? null : busyCpus(before, last) });
}
