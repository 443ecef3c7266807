import type { PointResult } from '@bench/core';
import type { LoadProgress } from '@bench/loadgen';

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
}

/** What a person watching a run wants to know. */
export type RunEvent =
  | { type: 'run_started'; id: string; dir: string; resumed: boolean; tasks: number; points: number; alreadyDone: number }
  | { type: 'deployment_phase'; engine: string; model: string; phase: string }
  | { type: 'deployment_ready'; engine: string; model: string; durationMs: number }
  | { type: 'deployment_failed'; engine: string; model: string; message: string; hint: string | undefined }
  | { type: 'engine_log'; line: string }
  | { type: 'point_started'; ref: PointRef }
  | { type: 'point_progress'; ref: PointRef; progress: LoadProgress }
  | { type: 'point_finished'; ref: PointRef; result: PointResult }
  | { type: 'point_failed'; ref: PointRef; message: string }
  | { type: 'stopping'; reason: string }
  | { type: 'run_finished'; status: 'done' | 'failed' | 'interrupted'; exitCode: number };
