import { BenchError, EXIT, type Host, type Io } from '@bench/core';
import { RunWriter } from '@bench/results';
import type { RunEvent } from '../events.ts';
import type { CloudAccess, RunOptions, RunOutcome } from '../run-options.ts';
import type { TeardownOutcome } from '../teardown.ts';
import { attachRun } from './attach-run.ts';
import type { Active } from './batch-context.ts';
import { type BatchSite, slurmSite } from './batch-site.ts';
import { openCluster } from './cluster.ts';
import { batchOf, goOn, type GoOn } from './go-on.ts';
import { runBatch } from './run-batch.ts';
import { PROVIDER } from './slurm-queue.ts';

/** Runs tasks as jobs of a Slurm cluster. @throws as `runBatch`; BenchError of the provider when the login host cannot be used */
export async function runSlurm(options: RunOptions, on: (event: RunEvent) => void): Promise<RunOutcome> {
  const { asked, io } = options;
  if (asked.mode === 'deploy')
    throw new BenchError({
      code: 'BENCH_USAGE',
      message: 'what is deployed on a cluster ends with its clients: there is no deployment without them',
      hint: 'bench run --on slurm measures it',
      exitCode: EXIT.usage,
    });
  const site = await siteOf(options.cloud, io);
  return runBatch({ ...options, batch: { site, detach: options.detach ?? false } }, on);
}

export interface GoOnOptions {
  /** The run directory. */
  dir: string;
  io: Io;
  /** With the provider `slurm`, opened for the run's login host. */
  cloud: CloudAccess;
  on?: (event: RunEvent) => void;
}

/** A run that was taken up again: `still` of its deployments are in the queue. */
export type GoOnOutcome = RunOutcome & { still: number };

/** Watches what a run has in the queue until it is over; `io.signal` ends only the watching. @throws BenchError `BENCH_RUN_BUSY` while another process works on it */
export const watchRun = (options: GoOnOptions): Promise<GoOnOutcome> => withRun('watch', options);
/** Takes what a run has measured since, once, and ends it when nothing of it is in the queue any more. @throws as {@link watchRun} */
export const collectRun = (options: GoOnOptions): Promise<GoOnOutcome> => withRun('collect', options);

async function withRun(how: GoOn, { dir, io, cloud, on = () => undefined }: GoOnOptions): Promise<GoOnOutcome> {
  const writer = await RunWriter.open(dir, io);
  try {
    return await goOnWith(how, { writer, io, access: cloud, on });
  } finally {
    await writer.close();
  }
}

async function goOnWith(
  how: GoOn,
  {
    writer,
    io,
    access,
    on,
    onEnding,
  }: {
    writer: RunWriter;
    io: Io;
    access: CloudAccess | undefined;
    on: (event: RunEvent) => void;
    onEnding?: (deployment: Pick<Active, 'record'>) => void;
  },
): Promise<GoOnOutcome> {
  batchOf(writer);
  // What the user stops is the watching: the cluster is looked at in any case.
  const site = await siteOf(access, io);
  const queue = site.queue({ id: writer.run.id, dir: writer.dir });
  return goOn(how, { writer, io, on, host: site.host, queue, onEnding });
}

/** Cancels every job of a run, brings back its logs and removes its files from the cluster. */
export async function teardownSlurm(o: {
  writer: RunWriter;
  io: Io;
  access: CloudAccess | undefined;
  on?: ((text: string) => void) | undefined;
}): Promise<TeardownOutcome> {
  const { writer, io, access } = o;
  const stopped: TeardownOutcome['stopped'] = [];
  const { leftBehind } = await goOnWith('end', {
    writer,
    io,
    access,
    on: () => undefined,
    onEnding: ({ record }) => {
      const machine = `jobs ${record.jobs.map(({ id }) => id).join(', ')}`;
      stopped.push({ deployment: record.id, machine });
      o.on?.(`ending ${record.id} (${machine})`);
    },
  });
  return { stopped, leftBehind };
}

/** Makes the directory of a run out of what lies beside its jobs on the cluster; its folder. @throws as `attachRun` */
export async function attachSlurm(o: {
  id: string;
  root: string;
  site: string;
  login: string;
  io: Io;
  cloud: CloudAccess;
}): Promise<string> {
  const { io, cloud, ...run } = o;
  const site = await siteOf(cloud, io);
  const { host, remoteDir } = await openCluster({ host: site.host, folder: site.remoteDir, signal: io.signal });
  return attachRun({ ...run, host, remoteDir, signal: io.signal });
}

/** The login host of a cluster, while its provider is open. */
export async function loginHost(cloud: CloudAccess, io: Io): Promise<Host> {
  return (await siteOf(cloud, io)).host;
}

function siteOf(access: CloudAccess | undefined, io: Io): Promise<BatchSite> {
  if (access) return slurmSite({ open: access.providers.get(PROVIDER), ledger: access.ledger, io });
  throw new BenchError({
    code: 'BENCH_USAGE',
    message: 'jobs of a cluster take the ledger and the provider slurm, and nothing was said of them',
    exitCode: EXIT.usage,
  });
}
