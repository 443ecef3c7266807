export { readJournal, Journal, type JournalContent } from './journal.ts';
export { journalEventSchema, type JournalEvent, type JournalLine } from './journal-events.ts';
export { isLocked, lockRun, type RunLock } from './lock.ts';
export { paths as runPaths } from './paths.ts';
export { isRunId, newRunId } from './run-id.ts';
export {
  deploymentFileSchema,
  machineFileSchema,
  notesSchema,
  plannedTaskSchema,
  pointEntrySchema,
  runFileSchema,
  runStatusSchema,
  SCHEMA_VERSION,
  taskFileSchema,
  type DeploymentFile,
  type MachineFile,
  type Notes,
  type PlannedTask,
  type PointEntry,
  type RunFile,
  type RunStatus,
  type TaskFile,
} from './run-file.ts';
export type { GapList, PointView, RunView, TaskView } from './run-view.ts';
export { readRun } from './read-run.ts';
export { readRunFile, RunWriter, type MeasuredPoint, type NewRun } from './write-run.ts';
export { findRuns, resolveRun } from './find-runs.ts';
export * from './formats/index.ts';
