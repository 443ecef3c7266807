import { BenchError, type Io } from '@bench/core';
import { cancelJob, isOver, type Ledger, type MachineRef, type MachineState, type OpenProvider, submitJob } from '@bench/provisioning';
import { asSlurm, machineState, type SlurmJob, type SlurmProvider } from '@bench/provisioning/slurm';
import { endEntry } from '../cloud/end-entry.ts';
import type { BatchQueue, JobRef, JobView } from './batch-queue.ts';

/** Name of the provider. */
export const PROVIDER = 'slurm';
/** How often the queue is looked at at the most; the provider makes longer intervals of it where the user set them. */
const POLL_MS = 2000;
/** NFS clients look again after a minute at the latest, by default; the login host's folder listing is younger. */
const LATE_MS = 30_000;

/** The queue of a Slurm cluster; jobs go through the ledger as whatever may cost money does. */
export function slurmQueue(o: { open: OpenProvider; ledger: Ledger; io: Io; run: string; runDir: string }): BatchQueue {
  const { open, ledger, io, run, runDir } = o;
  const provider = slurmOf(open);
  const refs = new Map<string, MachineRef>();
  const refOf = ({ name, id }: JobRef): MachineRef => refs.get(name) ?? { provider: open.factory.name, id, name, region: null, zone: null };

  return {
    pollMs: POLL_MS,
    lateMs: LATE_MS,
    async submit(job, { signal }) {
      const { script, directives, after, offer, timeLimitS, secrets, folder, log } = job;
      const dependency = after === undefined ? [] : [`--dependency=${after.kind}:${after.id}`];
      const { name, ref } = await submitJob({
        open,
        ledger,
        io,
        run,
        runDir,
        offer,
        workload: {
          kind: 'batch',
          script,
          directives: { ...directives, extra: [...(directives.extra ?? []), ...dependency] },
          folder,
          log,
        },
        maxLifetimeS: timeLimitS,
        secrets,
        signal,
      });
      refs.set(name, ref);
      return { name, id: ref.id };
    },
    async jobs(asked, { signal }) {
      const found = await provider.jobs(asked.map(refOf), { signal });
      return new Map(
        asked.flatMap(({ name, id }): [string, JobView | null][] => {
          const job = found.get(id);
          return job === undefined ? [] : [[name, job === null ? null : viewOf(job)]];
        }),
      );
    },
    cancel: (job, reason) => cancelJob({ ref: refOf(job), open, ledger, io, reason }),
    over: ({ name }) => ledger.gone(name),
    async usage(job, { signal }) {
      const usage = await provider.usage(refOf(job), { signal });
      if (usage === null) return null;
      const { elapsedS, maxRssBytes, exitCode, nodes } = usage;
      return { elapsedS, maxRssBytes, exitCode, nodes };
    },
    async hold({ name }) {
      const entry = await ledger.entry(name);
      if (entry !== null && !isOver(entry)) await ledger.hold(name, ledger.self);
    },
    async leave({ name }, until) {
      const entry = await ledger.entry(name);
      if (entry !== null && !isOver(entry)) await ledger.hold(name, { kind: 'lease', until: until.toISOString() });
    },
    async sweep(known) {
      const left: string[] = [];
      for (const entry of await ledger.entries()) {
        if (entry.run !== run || isOver(entry) || known.some(({ name }) => name === entry.name)) continue;
        try {
          await endEntry(entry, { ledger, providers: oneProvider(open), io, reason: 'its submission was cut short', asked: true });
        } catch (error) {
          left.push(io.redact((error as Error).message));
        }
      }
      return left;
    },
  };
}

/** @throws BenchError `BENCH_SITE` when the provider is none with a queue */
export function slurmOf({ provider, factory }: OpenProvider): SlurmProvider {
  const found = asSlurm(provider);
  if (found) return found;
  throw new BenchError({ code: 'BENCH_SITE', message: `${factory.title} has no queue of jobs`, exitCode: 2 });
}

function oneProvider(open: OpenProvider) {
  return { list: [open], closed: [], get: () => open, close: () => Promise.resolve() };
}

const STATES: Readonly<Record<MachineState, JobView['state']>> = {
  pending: 'pending',
  provisioning: 'starting',
  running: 'running',
  stopping: 'ending',
  stopped: 'ended',
  terminated: 'ended',
  failed: 'ended',
  unknown: 'unknown',
};

function viewOf(job: SlurmJob): JobView {
  const { state, reason, cancelledBy, startsAt, nodeList, exitCode, signal } = job;
  const how = [
    reason,
    cancelledBy === null ? null : `cancelled by ${cancelledBy}`,
    job.over && exitCode !== null && exitCode !== 0 ? `exit code ${exitCode}` : null,
    job.over && signal !== null ? `signal ${signal}` : null,
  ].filter((part) => part !== null);
  return {
    state: job.over ? 'ended' : STATES[machineState(job)],
    word: state,
    reason: how.length === 0 ? null : how.join(', '),
    startsAt: job.over || nodeList !== null ? null : startsAt,
    node: nodeList,
    exitCode,
  };
}
