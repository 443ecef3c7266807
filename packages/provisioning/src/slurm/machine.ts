import type { Machine, MachineRef } from '../contract/machine.ts';
import { parseMachineName } from '../contract/name.ts';
import type { PriceSource } from '../contract/offer.ts';
import { PROVIDER } from './explain.ts';
import type { SlurmJob } from './job.ts';
import { machineState } from './state.ts';

/** What is known of a job that this process submitted, and Slurm does not keep. */
export interface Submitted {
  ref: MachineRef;
  priceUsdPerHour: number | null;
  priceSource: PriceSource;
}

/** A job as a machine. */
export function toMachine(job: SlurmJob, known: Submitted | undefined): Machine {
  const name = parseMachineName(job.name);
  const state = machineState(job);
  const reason = reasonOf(job);
  return {
    ref: known?.ref ?? { provider: PROVIDER, id: job.id, name: job.name, region: job.partition, zone: null },
    state,
    rawState: [job.state, ...job.flags].join(','),
    stateReason: reason,
    connection: null,
    published: [],
    priceUsdPerHour: known?.priceUsdPerHour ?? null,
    priceSource: known?.priceSource ?? null,
    createdAt: job.submittedAt,
    preempted: job.state === 'PREEMPTED',
    failure:
      state === 'failed' ? { code: job.state, message: `${job.state}${reason === null ? '' : ` (${reason})`}`, ...hintOf(job) } : null,
    owner: name?.owner6 ?? null,
    run: name?.run ?? null,
    expiresAt: state === 'running' ? job.endsAt : null,
    market: 'on-demand',
    workload: 'batch',
  };
}

function reasonOf(job: SlurmJob): string | null {
  const parts = [
    job.reason,
    job.cancelledBy === null ? null : `cancelled by ${job.cancelledBy}`,
    job.exitCode ? `exit code ${job.exitCode}` : null,
    job.signal === null ? null : `signal ${job.signal}`,
    !job.over && job.nodeList === null && job.startsAt !== null ? `expected to start at ${job.startsAt}` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(', ');
}

const HINTS: Readonly<Record<string, string>> = {
  OUT_OF_MEMORY: 'ask for more memory with slurm.mem',
  NODE_FAIL: 'the node broke down; stay off it with slurm.exclude',
  BOOT_FAIL: 'the node did not start; stay off it with slurm.exclude',
  FAILED: 'the log of the job tells why',
};

function hintOf({ state }: SlurmJob): { hint?: string } {
  const hint = Object.hasOwn(HINTS, state) ? HINTS[state] : undefined;
  return hint === undefined ? {} : { hint };
}
