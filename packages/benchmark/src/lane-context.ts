import type { BenchError, Io } from '@bench/core';
import type { DatedSelfcheck } from '@bench/loadgen/selfcheck';
import type { RunWriter } from '@bench/results';
import { type DeploymentsContext, isAway, type Live } from './deployments.ts';
import { errorFacts } from './error-facts.ts';
import type { RunEvent } from './events.ts';
import type { LoadPlaces } from './load-places-of.ts';
import type { RunMachine } from './machine.ts';
import type { RunState } from './run-state.ts';
import type { Tally } from './tally.ts';
import type { TelemetryOptions } from './telemetry/index.ts';

/** What work on a machine needs of its run. */
export interface LaneContext extends DeploymentsContext {
  writer: RunWriter;
  state: RunState;
  /** Its signal ends the work: the user stops the run, or the machine went away. */
  io: Io;
  /** Only bring up, and leave up. */
  deployOnly: boolean;
  /** The last deployment of each machine stays up. */
  keep: boolean;
  /** The run's seed. */
  seed: number;
  /** Null: nothing is sampled while points are measured. */
  telemetry: TelemetryOptions | null;
  totalPoints: number;
  selfcheck?: DatedSelfcheck | undefined;
  /** There may be fewer. */
  atMost?: true | undefined;
  on: (event: RunEvent) => void;
}

/** What one machine's work shares. */
export interface Lane {
  machine: RunMachine;
  /** Why it takes no more groups; null: it does. */
  closed: string | null;
  /** Up on the machine: at most one, for deployments share its GPUs. */
  live: Live | null;
  places: LoadPlaces;
  /** Where a deployment is a machine of its own: the one that the next deployment will be. */
  nextMachine?: () => RunMachine;
  /** What could not be taken down on the machine, in words. Of no more account once the machine itself is gone. */
  left: string[];
  /**
   * Of a machine that can be taken away: asks, after an error that this may have caused, whether it was. Resolves with the reason, and the
   * context's signal is aborted then.
   */
  lost?: (error: unknown) => Promise<BenchError | null>;
}

/** What all lanes share. */
export interface Shared {
  context: LaneContext;
  tally: Tally;
  /** Points begun in this invocation. */
  progress: { position: number };
  /** Machines that take no more groups, with the reason. */
  lost: Map<number, string>;
}

/** On a machine that is away other groups would fail too, one after another, while those that answer are at work. */
export function closeIfAway(error: unknown, lane: Lane, shared: Shared): void {
  if (!isAway(error)) return;
  lane.closed = `${lane.machine.name}: ${errorFacts(error, shared.context.io).message}`;
  shared.lost.set(lane.machine.index, lane.closed);
}
