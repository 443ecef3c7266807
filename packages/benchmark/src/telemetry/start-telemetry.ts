import type { Io } from '@bench/core';
import { chooseGpus, type Deployment } from '@bench/deploy';
import type { Task } from '@bench/recipe';
import type { RunMachine } from '../machine.ts';
import { hostClock } from './clock-offset.ts';
import type { Samples } from './place-samples.ts';
import { sampleHost } from './sample-host.ts';
import { scrapeEngine } from './scrape-engine.ts';

/** How a run samples engines and machines while points are measured. */
export interface TelemetryOptions {
  /** Between two samples. */
  intervalMs: number;
}

/** Once a second. */
export const DEFAULT_TELEMETRY: TelemetryOptions = { intervalMs: 1000 };

/** GPUs of a machine that a task's deployment uses, and how many they are to be; null: the recipe does not say, and those there are could be used. */
export function gpusOf(task: Task, machine: Pick<RunMachine, 'gpus'>): { ids: string[]; count: number | null } {
  const { gpu, gpu_count: count } = task.resolved.deploy;
  const used = gpu === undefined ? machine.gpus : chooseGpus(machine.gpus, gpu, count);
  return { ids: used.map(({ id }) => id), count: gpu === undefined && used.length > 0 ? null : used.length };
}

/**
 * Samples the engine of a deployment, and the machine that it runs on, until it is stopped. Never throws: what cannot be had is said once a
 * deployment, in `said`, and not tried again.
 */
export function startTelemetry(o: {
  task: Task;
  deployment: Deployment;
  machine: RunMachine;
  options: TelemetryOptions;
  io: Io;
  /** What was said of this deployment already. */
  said: Set<string>;
}): { stop(): Promise<Samples> } {
  const { task, deployment, machine, io, said } = o;
  const { host } = machine;
  const { intervalMs } = o.options;
  const { endpoint, record } = deployment;
  const say = (what: 'engine' | 'machine', reason: string) => {
    if (said.has(what)) return;
    said.add(what);
    const of = what === 'engine' ? `the metrics of ${record.engine.name}` : `GPUs and CPU of ${machine.name}`;
    io.logger.log('warn', `${of} are not sampled: ${io.redact(reason)}`);
  };
  // An endpoint on the internet is on a machine to which there is no other way.
  const near = endpoint?.scope !== 'public';
  const clock = near ? hostClock(host, io.signal) : Promise.resolve(null);
  const hostSampler =
    near && !said.has('machine')
      ? sampleHost({ host, gpuIds: gpusOf(task, machine).ids, intervalMs, onEnd: (reason) => say('machine', reason) })
      : null;
  const scraper =
    endpoint && endpoint.metricsPaths.length > 0 && !said.has('engine')
      ? scrapeEngine({ host, endpoint, intervalMs, io, onAbsent: (reason) => say('engine', reason) })
      : null;
  return {
    async stop() {
      await Promise.all([scraper?.stop(), hostSampler?.stop()]);
      return { host: hostSampler?.samples ?? [], engine: scraper?.samples ?? [], clock: await clock };
    },
  };
}
