import { posix } from 'node:path';
import { BATCH_FILES, busyCpus, parseTelemetry, type TelemetrySample, withinTime } from '@bench/core';
import { JOB_SAMPLES } from '@bench/deploy';
import type { SlurmProvider } from '@bench/provisioning/slurm';
import type { RunView } from '@bench/results';
import type { CloudAccess } from '../run-options.ts';
import { readQueuedRecord } from './queued-record.ts';
import { PROVIDER, slurmOf } from './slurm-queue.ts';

/** How a job of a run is now, as its node tells. What is not known is null. */
export interface JobMetrics {
  deployment: string;
  /** The queue's number of it. */
  job: string;
  /** Epoch milliseconds, by the node's clock. */
  atMs: number;
  /** Its GPUs; empty: it has none. */
  gpus: TelemetrySample['gpus'];
  /** The engine's processes. */
  processes: TelemetrySample['processes'];
  /** CPUs that were busy with them for a second: `1.5` for one and a half. */
  busyCpus: number | null;
}

/** In all, milliseconds: a cluster that does not answer is not waited for. */
const LIMIT_MS = 30_000;
/** Steps that are asked for at once: each is work of the cluster's controller. */
const AT_ONCE = 4;

/**
 * Looks into the jobs of engines and services that run now, by a step of each job: nothing is queued, and nothing is asked of jobs that are over.
 * A job into which there is no look is not in the answer, and a cluster that cannot be reached gives an empty one.
 * @throws only when the signal was aborted
 */
export async function jobMetrics(o: {
  view: Pick<RunView, 'live' | 'jobs'>;
  cloud: CloudAccess;
  signal: AbortSignal;
  /** Default 30 000. */
  limitMs?: number;
}): Promise<JobMetrics[]> {
  const { view, cloud, signal, limitMs = LIMIT_MS } = o;
  signal.throwIfAborted();
  const jobs = lookedAt(view);
  if (jobs.length === 0) return [];
  const open = cloud.providers.list.find(({ factory }) => factory.name === PROVIDER);
  if (open === undefined) return [];
  const provider = slurmOf(open);
  const found: JobMetrics[] = [];
  const queue = [...jobs];
  await withinTime({ timeoutMs: limitMs, signal }, async (either) => {
    const work = async () => {
      for (let job = queue.shift(); job !== undefined && !either.aborted; job = queue.shift()) {
        const seen = await lookInto(provider, job, either);
        if (seen) found.push(seen);
      }
    };
    const all = Promise.all(Array.from({ length: AT_ONCE }, work)).catch(() => undefined);
    // Connecting listens to no signal of ours.
    await Promise.race([all, new Promise<void>((resolve) => either.addEventListener('abort', () => resolve(), { once: true }))]);
  });
  signal.throwIfAborted();
  return found.toSorted((a, b) => jobs.findIndex(({ id }) => id === a.job) - jobs.findIndex(({ id }) => id === b.job));
}

interface Looked {
  deployment: string;
  id: string;
  name: string;
  /** Absolute path on the cluster. */
  enginePid: string;
}

/** The first job of each deployment that may be up; clients are not looked at. */
function lookedAt({ live, jobs }: Pick<RunView, 'live' | 'jobs'>): Looked[] {
  return live.flatMap(({ deployment, record }) => {
    const known = readQueuedRecord(record);
    const job = jobs.find((one) => one.deployment === deployment && one.role === 'service');
    if (known === null || job === undefined || job.ended !== null) return [];
    return [{ deployment, id: job.job, name: job.name, enginePid: posix.join(known.runFolder, deployment, BATCH_FILES.enginePid) }];
  });
}

async function lookInto(provider: SlurmProvider, job: Looked, signal: AbortSignal): Promise<JobMetrics | null> {
  const { deployment, id, name, enginePid } = job;
  const ref = { provider: PROVIDER, id, name, region: null, zone: null };
  const text = await provider.inJob(ref, ['bash', '--norc', '-c', JOB_SAMPLES, 'bench', enginePid], { signal });
  const samples = parseTelemetry(text ?? '');
  const last = samples.at(-1);
  if (last === undefined) return null;
  const { atMs, gpus, processes } = last;
  return { deployment, job: id, atMs, gpus, processes, busyCpus: samples[0] === undefined ? null : busyCpus(samples[0], last) };
}
