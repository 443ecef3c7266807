import type { GapList, PointResult, PointTelemetry, RequestRecord, SeriesRow } from '@bench/core';
import type { LiveDeployment } from './live-deployments.ts';
import type { QueuedJob } from './queued-jobs.ts';
import type { RentedMachineView } from './rented-machines.ts';
import type { RunCost } from './run-cost.ts';
import type { RunSpans } from './run-spans.ts';
import type { DeploymentFile, MachineFile, Notes, PointEntry, RunFile, TaskFile } from './run-file.ts';

/** One measured repeat of a point. The heavy parts are read when asked for. */
export interface PointView {
  entry: PointEntry;
  /** Null when the point failed before it could be measured, or its file is damaged. */
  result: PointResult | null;
  series(): Promise<SeriesRow[]>;
  /**
   * @param tell what of the file is lost, in words: `requests.jsonl.gz is cut: 12 requests are left of it`. Default: nobody is told.
   * @throws BenchError `BENCH_RECORDS_DAMAGED`, or the file system's error.
   */
  requests(tell?: (lost: string) => void): Promise<RequestRecord[]>;
  /**
   * Is the file of requests cut? The same words as {@link requests} tells, without reading the requests; null: it is whole. Absent: nothing is kept in files.
   * @throws BenchError `BENCH_RECORDS_DAMAGED`, or the file system's error.
   */
  requestsLost?(): Promise<string | null>;
  gaps(): Promise<GapList[]>;
  /** Samples of the engine and its machine, in the point's time; empty: there are none. */
  telemetry(): Promise<PointTelemetry[]>;
}

/** A task without what was measured. */
export interface TaskOutline {
  file: TaskFile;
  deployment: DeploymentFile | null;
  machine: MachineFile | null;
  /** Latest attempt of each point and repeat, in order. */
  points: Pick<PointView, 'entry'>[];
}

export interface TaskView extends TaskOutline {
  /** `recipe.yaml` as text: the resolved recipe. */
  recipeText: string | null;
  points: PointView[];
}

/** A run directory, read, but for what its points measured. What could not be read is in `problems`, never thrown. */
export interface RunOutline {
  dir: string;
  run: RunFile;
  notes: Notes;
  /** `run.status`, corrected: a run whose writer is gone is not running. */
  status: RunFile['status'];
  tasks: TaskOutline[];
  machines: MachineFile[];
  /** What may still be up: of a run that goes on, one that was killed, one that was asked to leave it. */
  live: LiveDeployment[];
  /** Machines that the run rented, in order; empty where none were. */
  rented: RentedMachineView[];
  /** What they cost; null: none were rented. */
  cost: RunCost | null;
  /** What its time went into, as its journal tells. */
  spans: RunSpans;
  /** Jobs that the run put into a cluster's queue, in order; empty where none were. */
  jobs: QueuedJob[];
  /** Its jobs were left to the queue, claimed until then, ISO 8601: the run goes on without a process here; null: they were not. */
  detachedUntil: string | null;
  /** Why nothing more was begun for what the run may cost, in words; absent: it was not reached since it was last started. */
  budgetReached?: string;
  problems: { path: string; message: string }[];
}

/** A run directory, read. */
export interface RunView extends RunOutline {
  tasks: TaskView[];
}
