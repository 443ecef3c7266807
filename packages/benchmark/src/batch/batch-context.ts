import type { Host, Io } from '@bench/core';
import type { RunWriter } from '@bench/results';
import type { ErrorFacts } from '../error-facts.ts';
import type { PointRef, RunEvent } from '../events.ts';
import { pointLabel } from '../point-label.ts';
import type { RunState } from '../run-state.ts';
import type { Tally } from '../tally.ts';
import type { BatchQueue } from './batch-queue.ts';
import type { DeploymentLook } from './look.ts';
import type { QueuedOrder, QueuedRecord } from './queued-record.ts';
import type { Stage } from './stages.ts';

/** What work on a run in a queue needs. */
export interface BatchContext {
  writer: RunWriter;
  io: Io;
  on: (event: RunEvent) => void;
  state: RunState;
  tally: Tally;
  /** Where jobs are submitted. */
  host: Host;
  queue: BatchQueue;
  /** Absolute folder of the run on the cluster. */
  runFolder: string;
  totalPoints: number;
  /** Deployments that this process works on, in all. Points of one alone need not say where they are. */
  deployments: number;
  progress: { position: number };
}

/** A deployment that is in the queue, and how far this process knows it. */
export interface Active {
  readonly record: QueuedRecord;
  /** Its place among the run's machines. */
  readonly machine: number;
  /** As it was last seen. */
  look: DeploymentLook;
  stage: Stage | null;
  /** When it entered that stage, on `io.monotonic`. */
  stageSinceMs: number;
  /** When what it uses was last told, by its node's clock. */
  usedAtMs: number;
  /** Was it seen to be up in this process? */
  ready: boolean;
  /** Orders that were begun, to people. */
  begun: Map<number, PointRef>;
  /** When, on `io.monotonic`. */
  begunAtMs: Map<number, number>;
  /** Orders that were measured or have failed. */
  settled: Set<number>;
  /** Loads with failed requests, and since when, on `io.monotonic`: the engine may have died. */
  doubted: Map<number, number>;
  /** Names of jobs that have left the queue, and how, in words. */
  ended: Map<string, string>;
  /** When its end began, on `io.monotonic`; null: it goes on. */
  stoppingSinceMs: number | null;
  /** Why what is left of it fails; null: nothing is known to. */
  failure: ErrorFacts | null;
  /** When it was first seen to be over although not all was there, on `io.monotonic`: shared file systems show files late. */
  silentSinceMs: number | null;
  /** When a client was first seen to be over that has not said how, on `io.monotonic`. */
  lostSinceMs: number | null;
  /** The clean-up that goes on; null: none. */
  cancelling: Promise<void> | null;
  /** What could not be cancelled, in words. */
  left: string[];
}

/** No file of it was seen. */
export const NOTHING: DeploymentLook = { state: () => null, ended: () => null, samples: [] };

export function active(o: {
  record: QueuedRecord;
  machine: number;
  settled: Iterable<number>;
  ended: Iterable<[string, string]>;
  nowMs: number;
}): Active {
  return {
    record: o.record,
    machine: o.machine,
    look: NOTHING,
    usedAtMs: 0,
    stage: null,
    stageSinceMs: o.nowMs,
    ready: false,
    begun: new Map(),
    begunAtMs: new Map(),
    settled: new Set(o.settled),
    doubted: new Map(),
    ended: new Map(o.ended),
    stoppingSinceMs: null,
    failure: null,
    silentSinceMs: null,
    lostSinceMs: null,
    cancelling: null,
    left: [],
  };
}

/** How people tell a deployment from the others: its node once that is known. */
export function placeName({ record, look }: Pick<Active, 'record' | 'look'>): string {
  const node = look.state('service.running')?.node;
  const job = record.jobs[0]?.id ?? '';
  return node === undefined ? `job ${job}` : `${node} (job ${job})`;
}

/** The engine of a deployment, for events. */
export function about(deployment: Active) {
  const { engine, servedModel } = deployment.record;
  return { engine: engine.name, model: servedModel, machine: placeName(deployment), deployment: deployment.record.id };
}

export function refOf(deployment: Active, k: number, context: Pick<BatchContext, 'progress' | 'totalPoints' | 'deployments'>): PointRef {
  const known = deployment.begun.get(k);
  if (known) return known;
  const { recipe, variant, point, repeat, load } = deployment.record.orders[k] as QueuedOrder;
  const isCommand = deployment.record.jobs[0]?.role === 'command';
  const ref: PointRef = {
    recipe,
    variant,
    point,
    repeat,
    label: load ? pointLabel(load) : isCommand ? 'command' : 'clients',
    position: ++context.progress.position,
    total: context.totalPoints,
    ...(context.deployments > 1 ? { machine: placeName(deployment) } : {}),
    deployment: deployment.record.id,
  };
  deployment.begun.set(k, ref);
  return ref;
}

/** Of an order, as the journal names points. */
export function whereOf({ recipe, variant, key, attempt, point, repeat }: QueuedOrder) {
  return { recipe, variant, key, attempt, point, repeat };
}
