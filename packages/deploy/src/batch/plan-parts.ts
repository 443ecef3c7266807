import type { Variables } from './env-lines.ts';
import type { BatchFile, BatchJob, BatchPlan, BatchRecord } from './types.ts';

/** What is different from one kind of recipe to another. */
export interface PlannedParts {
  record: BatchRecord;
  jobs: readonly BatchJob[];
  /** Files of variables, which hold secrets. */
  env: readonly { path: string; variables: Variables }[];
  /** Others beside the scripts. */
  files: readonly BatchFile[];
  copies: BatchPlan['copies'];
  stage: BatchPlan['stage'];
  folders: readonly string[];
}
