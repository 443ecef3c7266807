import type { Host } from '@bench/core';
import type { FakeClock } from '../fake/clock.ts';
import { fakeLoginHost } from './fake-host.ts';
import { slurmFaults } from './faults.ts';
import { type FakeSlurmNode, type FakeSlurmOptions, SLURM_MISBEHAVIOURS, type SlurmFault, type SlurmMisbehaviour } from './options.ts';
import { isGone, slurmWorld, type FakeSlurmJob } from './world.ts';

/** A Slurm cluster in this process: the texts are those of the tools of Slurm 22.05 to 23.11, nothing runs. */
export interface FakeSlurm {
  /** The login host. */
  readonly host: Host;
  /** For `Io.connect`: every target is the login host. */
  connect(target: string): Promise<Host>;
  readonly clock: FakeClock;
  /** Every command that was run, with blanks between its words. */
  readonly commands: readonly string[];
  /** All jobs there ever were, as they are now. */
  jobs(): readonly FakeSlurmJob[];
  /** Names of jobs that wait, run or complete. */
  alive(): string[];
  job(name: string): FakeSlurmJob;
  /** Puts a job into the queue that nobody asked for; returns its id. `user`: default the one who submits. */
  foreign(name: string, user?: string): string;
  /** Ends a job as Slurm does: `{state: 'PREEMPTED'}`, `{state: 'FAILED', reason: 'NonZeroExitCode', exit: '3:0'}`. */
  end(name: string, how: { state: string; reason?: string; exit?: string; by?: number }): void;
  node(name: string): FakeSlurmNode;
  misbehave(names: readonly SlurmMisbehaviour[] | 'all'): void;
  /** Returns what takes it away again. */
  fail(fault: SlurmFault): () => void;
}

/** @param options.rest runs what is not the provider's: files, other commands. Default: they fail */
export function fakeSlurm(options: FakeSlurmOptions & { rest?: Host } = {}): FakeSlurm {
  const world = slurmWorld(options);
  const faults = slurmFaults();
  const commands: string[] = [];
  const host = fakeLoginHost({ world, faults, commands, rest: options.rest ?? null });
  const job = (name: string): FakeSlurmJob => {
    const found = world.jobs().find((one) => one.name === name || String(one.id) === name);
    if (found === undefined) throw new Error(`there is no job "${name}"`);
    return found;
  };
  return {
    host,
    connect: () => Promise.resolve(host),
    clock: world.clock,
    commands,
    jobs: () => world.jobs(),
    alive: () =>
      world
        .jobs()
        .filter((one) => !isGone(one))
        .map(({ name }) => name),
    job,
    foreign: (name, user) => String(world.add({ name, ...(user === undefined ? {} : { user }) }).id),
    end: (name, how) => world.end(job(name), how),
    node: (name) => {
      const found = world.nodes.find((one) => one.name === name);
      if (found === undefined) throw new Error(`there is no node "${name}"`);
      return found;
    },
    misbehave: (names) => {
      const all = names === 'all' ? (Object.keys(SLURM_MISBEHAVIOURS) as SlurmMisbehaviour[]) : names;
      for (const name of all) world.tricks.add(name);
    },
    fail: (fault) => faults.add(fault),
  };
}
