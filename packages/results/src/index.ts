export { readJournal, Journal, type JournalContent } from './journal.ts';
export { journalEventSchema, type JournalEvent, type JournalLine } from './journal-events.ts';
export { liveDeployments, type LiveDeployment } from './live-deployments.ts';
export { knownSince, type MachineStand } from './known-since.ts';
export { detachedUntil, type QueuedJob, queuedJobs } from './queued-jobs.ts';
export { runCost, type RunCost } from './run-cost.ts';
export type { CostParts, MachineCost } from './run-cost-machine.ts';
export { runSpans, type RunSpan, type RunSpans } from './run-spans.ts';
export { rentedMachines, type RentedMachineView } from './rented-machines.ts';
export { isLocked, lockRun, type RunLock } from './lock.ts';
export { changeNotes, withoutRemark, withTags } from './notes.ts';
export { paths as runPaths } from './paths.ts';
export { isRunId, newRunId } from './run-id.ts';
export {
  deploymentFileSchema,
  machineFileSchema,
  notesSchema,
  plannedTaskSchema,
  pointEntrySchema,
  rentedSchema,
  runFileSchema,
  runStatusSchema,
  SCHEMA_VERSION,
  taskFileSchema,
  type DeploymentFile,
  type MachineFile,
  type Notes,
  type PlannedTask,
  type PointEntry,
  type RentedFile,
  type RunFile,
  type RunStatus,
  type TaskFile,
} from './run-file.ts';
export type { Probe, SearchFile } from './search-file.ts';
export { limitsText, searchText } from './search-text.ts';
export { askedBatchSchema, type AskedBatch } from './asked-batch.ts';
export { askedCloudSchema, type AskedCloud } from './asked-cloud.ts';
export type { GapList } from '@bench/core';
export type { PointView, RunOutline, RunView, TaskOutline, TaskView } from './run-view.ts';
export { plannedPoints } from './planned-points.ts';
export { readDeployment, readRun, readRunOutline } from './read-run.ts';
export { readRunFile } from './read-run-file.ts';
export { RunWriter, type MeasuredPoint, type NewRun, type PointPlace } from './write-run.ts';
export { findRuns, resolveRun } from './find-runs.ts';
export { listRuns, type ListedRun, type RunFilter } from './list-runs.ts';
export { decodeGaps, encodeGaps, histogramPercentile, type DecodedGaps, type GapHistogram } from './formats/gaps.ts';
export { decodeRecords, encodeRecords, type DecodedRecords } from './formats/records.ts';
export { renderVllmJson, renderVllmText, type VllmJsonOptions } from './formats/vllm-write.ts';
export type { ForeignDistribution, ForeignResult } from './formats/foreign-result.ts';
export type { ForeignKind, ForeignMeasurement } from './sources/foreign-measurement.ts';
export { maskRecipe } from './sources/hide-secrets.ts';
export { readSources, type Sources } from './sources/read-sources.ts';
export { parseResultText, parseSglangText, parseVllmText } from './formats/parse-text.ts';
export {
  parseAiperfJson,
  parseGenaiPerfJson,
  parseGuidellmJson,
  parseResultJson,
  parseSglangJson,
  parseVllmJson,
} from './formats/parse-json.ts';
export { parseDeplodockTasks, type DeplodockTask, type DeplodockTasks } from './formats/deplodock-json.ts';
export { parseDeplodockText, type DeplodockFile } from './formats/deplodock-text.ts';
