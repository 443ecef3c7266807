import type { PointResult, TelemetrySample } from '@bench/core';
import type { BootstrapEvent } from '@bench/provisioning';
import type { LoadProgress } from '@bench/loadgen';
import type { RunCost, SearchFile } from '@bench/results';

/** Where in a run something happens. */
export interface PointRef {
  recipe: string;
  variant: string;
  point: number;
  repeat: number;
  /** `c=8`, `4 req/s`: what tells this point from the others of its task. */
  label: string;
  /** Position among all points of this invocation, from 1. */
  position: number;
  total: number;
  /** There may be fewer in all. */
  atMost?: true;
  /** Where, when the run has several machines. */
  machine?: string;
  /** Id of the deployment, where its machine is called otherwise as it becomes known. */
  deployment?: string;
  /** Index of the execution group, where each has a machine of its own. */
  group?: number;
}

/** What a deployment is; `machine` where the run has several, or finds out where it runs. */
interface Deployed {
  engine: string;
  model: string;
  machine?: string;
  /** Its id, where `machine` changes as it becomes known: a job of a queue has a node when it begins. */
  deployment?: string;
  group?: number;
}

/** What a person watching a run wants to know. */
export type RunEvent =
  | {
      type: 'run_started';
      id: string;
      dir: string;
      resumed: boolean;
      tasks: number;
      points: number;
      alreadyDone: number;
      /** There may be fewer. */ atMost?: true;
    }
  /** Something is looked for, installed or waited for on a machine. */
  | { type: 'bootstrap'; machine: string; event: BootstrapEvent }
  /** What a provider sells that fits; `failed`: it could not be asked. */
  | { type: 'offers'; provider: string; group?: number; text: string; failed: boolean }
  /** Something happens to a rented machine; `text` in the provider's or our words. */
  | {
      type: 'machine';
      machine: string;
      group?: number;
      state: 'renting' | 'queued' | 'starting' | 'running' | 'adopted' | 'ready' | 'failed' | 'lost' | 'kept' | 'ending' | 'gone';
      text: string;
      /** Of the whole machine; null: not known, or told before. */
      priceUsdPerHour: number | null;
      /** Of one that is gone: what it cost in all, as the run's cost counts it. Absent: not known. */
      costUsd?: number;
    }
  | { type: 'group_started'; group: number; text: string }
  /** Its machine was taken away: what is left of it goes on on another one. */
  | { type: 'group_again'; group: number; attempt: number; reason: string }
  /** Another machine would not fit into what the run may cost, beside those that are there: it begins when one of these has ended, or takes it. */
  | { type: 'group_waits'; group: number; reason: string }
  | {
      type: 'group_ended';
      group: number;
      status: 'done' | 'failed' | 'interrupted';
      /** On one line. */ reason: string | null;
      hint?: string;
    }
  | { type: 'left_out'; task: string; reason: string }
  | ({ type: 'deployment_phase'; phase: string } & Deployed)
  | ({ type: 'deployment_progress'; phase: string; text: string } & Deployed)
  | ({ type: 'deployment_ready'; durationMs: number } & Deployed)
  | ({ type: 'deployment_failed'; message: string; hint: string | undefined } & Deployed)
  /** In a queue: what its first job used when it last wrote that down. */
  | ({
      type: 'deployment_use';
      /** CPUs that were busy with its processes: `1.5` for one and a half; null: not known. */
      busyCpus: number | null;
    } & Pick<TelemetrySample, 'gpus' | 'processes'> &
      Deployed)
  /** In a queue: nothing of it is there any more. */
  | ({ type: 'deployment_ended' } & Deployed)
  /** Something that was left up by an earlier invocation is used again. */
  | ({ type: 'deployment_adopted' } & Deployed)
  /** Where load is sent from, and why not from a better place. */
  | { type: 'load_place'; machine: string; text: string }
  | { type: 'engine_log'; line: string }
  | { type: 'point_started'; ref: PointRef }
  | { type: 'point_progress'; ref: PointRef; progress: LoadProgress }
  /** What a recipe's own clients or command say of themselves. */
  | { type: 'point_text'; ref: PointRef; text: string }
  | {
      type: 'point_finished';
      ref: PointRef;
      result: PointResult;
      /** Of a search: why its load does not pass; empty: it does. */ missed?: string[];
    }
  /** A search has come to its end. */
  | { type: 'search_finished'; recipe: string; variant: string; search: SearchFile; machine?: string; group?: number }
  | { type: 'point_failed'; ref: PointRef; message: string }
  | { type: 'stopping'; reason: string }
  | { type: 'aggregate_started'; recipe: string }
  | { type: 'aggregate_ended'; recipe: string; failure: string | null }
  | { type: 'run_finished'; status: 'done' | 'failed' | 'interrupted'; exitCode: number; cost?: RunCost };
