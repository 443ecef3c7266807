import { BenchError, didYouMean } from '@bench/core';
import { findMachine, type FoundMachine } from '../machines/find-machine.ts';
import { MACHINES } from '../machines/known-machines.ts';
import type { MachineProfile } from '../machines/profile.ts';
import type { Allocation, JobFacts, SchedulerName, SchedulerPlugin, System } from '../types.ts';
import { findGpus } from './gpus.ts';
import { findJob } from './job.ts';
import { findNodes, type FoundNodes } from './nodes.ts';
import { detectScheduler, type FoundScheduler } from './scheduler.ts';
import { slurmAddresses } from './slurm-nodes.ts';

/** Steps of Slurm's own (`slurm_protocol_defs.h`): batch, interactive, extern. They hold nothing that others need. */
const OWN_STEPS = 0xff_ff_ff_f0;

export interface DetectOptions {
  /** Name of a scheduler, instead of looking. */
  scheduler?: string | undefined;
  /** Path of a hostfile; wins over what the scheduler says. */
  hostfile?: string | undefined;
  /** Name of a machine profile, or `none`, instead of looking. Default: `BENCH_MACHINE`, else the machine that has a sign. */
  machine?: string | undefined;
  /** Profiles of the user, before the known ones. A known machine's name replaces it. */
  machines?: readonly MachineProfile[] | undefined;
  plugins?: readonly SchedulerPlugin[] | undefined;
}

/**
 * The nodes one may use now: of the job one is in, of a hostfile, or this machine. Asks the scheduler's programs where its variables do not tell. Pure over `system`.
 * @throws BenchError `BENCH_UNKNOWN_SCHEDULER`, `BENCH_UNKNOWN_MACHINE`, `BENCH_HOSTFILE`, `BENCH_NODES_UNKNOWN`, `BENCH_NODE_LIST`.
 */
export function detectAllocation(system: System, options: DetectOptions = {}): Allocation {
  const plugins = options.plugins ?? [];
  const machine = machineOf(system, options);
  const scheduler = detectScheduler(system, { asked: options.scheduler, machine, plugins });
  const { job, notes } = findJob(system, scheduler.name, plugins);
  const found = findNodes(system, { hostfile: options.hostfile, scheduler: scheduler.name, job, plugins });
  const inSlurmJob = scheduler.name === 'slurm' && job !== null;
  const gpus = findGpus(system, { inSlurmJob, machine });
  const slots = slotsOf(system, { found, inSlurmJob });
  const cpus = inSlurmJob ? count(system.env.SLURM_CPUS_PER_TASK) : null;
  const worldSize = job ? null : count(system.env.WORLD_SIZE);
  return {
    scheduler: scheduler.name,
    jobId: job?.jobId ?? null,
    nodes: found.nodes,
    addresses: inSlurmJob ? slurmAddresses(system, found.nodes) : {},
    hostfile: found.hostfile,
    gpusPerNode: gpus.count,
    slotsPerNode: slots?.value ?? null,
    cpusPerNode: inSlurmJob ? fewestCpus(system.env.SLURM_JOB_CPUS_PER_NODE) : null,
    cpusPerRank: cpus,
    insideStep: inSlurmJob && Number(system.env.SLURM_STEP_ID ?? Number.NaN) < OWN_STEPS,
    worldSize,
    machine: machine?.profile ?? null,
    source: {
      scheduler: scheduler.source,
      nodes: found.source,
      gpusPerNode: gpus.source,
      ...(job && { jobId: job.source }),
      ...(slots && { slotsPerNode: slots.source }),
      ...(cpus !== null && { cpusPerRank: 'SLURM_CPUS_PER_TASK' }),
      ...(worldSize !== null && { worldSize: 'WORLD_SIZE' }),
      ...(machine && { machine: machine.sign }),
    },
    notes: [...notes, ...remarks({ scheduler: scheduler.name, job, found, machine })],
  };
}

/**
 * The scheduler of this machine alone, for who submits a job: whether this is inside of one, and on which nodes, is not asked.
 * @throws BenchError `BENCH_UNKNOWN_SCHEDULER`, `BENCH_UNKNOWN_MACHINE`.
 */
export function schedulerHere(system: System, options: Omit<DetectOptions, 'hostfile'> = {}): FoundScheduler {
  return detectScheduler(system, { asked: options.scheduler, machine: machineOf(system, options), plugins: options.plugins ?? [] });
}

function machineOf(system: System, options: DetectOptions): FoundMachine | null {
  const own = options.machines ?? [];
  const profiles = [...own, ...MACHINES.filter(({ name }) => !own.some((mine) => mine.name === name))];
  const sign = options.machine === undefined ? 'BENCH_MACHINE' : 'asked';
  const asked = options.machine ?? system.env.BENCH_MACHINE;
  if (!asked) return findMachine(system, profiles);
  if (asked === 'none') return null;
  const profile = profiles.find(({ name }) => name === asked);
  if (profile) return { profile, sign };
  const names = ['none', ...profiles.map(({ name }) => name)];
  throw new BenchError({
    code: 'BENCH_UNKNOWN_MACHINE',
    message: `there is no machine profile "${asked}"`,
    hint: didYouMean(asked, names) ?? `there are: ${names.join(', ')}`,
    exitCode: 2,
  });
}

/** What the job was asked for tells more than the number of its GPUs. `SLURM_NTASKS` is 1 in jobs that asked for nothing. */
function slotsOf(system: System, { found, inSlurmJob }: { found: FoundNodes; inSlurmJob: boolean }) {
  if (found.slotsPerNode !== null) return { value: found.slotsPerNode, source: found.source };
  if (!inSlurmJob || found.hostfile !== null) return null;
  const perNode = count(system.env.SLURM_NTASKS_PER_NODE);
  if (perNode !== null) return { value: perNode, source: 'SLURM_NTASKS_PER_NODE' };
  const tasks = count(system.env.SLURM_NTASKS);
  const nodes = found.nodes.length;
  return tasks !== null && tasks > nodes && tasks % nodes === 0 ? { value: tasks / nodes, source: 'SLURM_NTASKS' } : null;
}

const count = (text: string | undefined) => (text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null);

/** `8(x2),4`: eight on each of two nodes, four on the third. */
function fewestCpus(text: string | undefined): number | null {
  const counts = text?.split(',').map((word) => count(/^(\d+)(?:\(x\d+\))?$/.exec(word)?.[1])) ?? [null];
  return counts.every((value) => value !== null) ? Math.min(...counts) : null;
}

function remarks(facts: { scheduler: SchedulerName; job: JobFacts | null; found: FoundNodes; machine: FoundMachine | null }): string[] {
  const { scheduler, job, found, machine } = facts;
  const notes: string[] = [];
  if (machine?.sign === 'hostname') {
    notes.push(`taken for ${machine.profile.name} by its host name; --machine none if it is another`);
  }
  if (scheduler !== 'none' && !job && found.hostfile === null) {
    notes.push(
      `${scheduler} is here but this is not inside a job: ranks are started on this machine alone (use bench submit, or begin a job first)`,
    );
  }
  return notes;
}
