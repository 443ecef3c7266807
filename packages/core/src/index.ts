export { BenchError, messageOf, type BenchErrorInit, type ErrorScope } from './error.ts';
export { EXIT } from './exit-codes.ts';
export type {
  Command,
  ExecOptions,
  ExecResult,
  Execution,
  Host,
  OutputLine,
  RemoteProcess,
  TransferOptions,
  Tunnel,
} from './host-contract.ts';
export type { Io, Logger, LogLevel, Secrets } from './io.ts';
export type { RenderedStep } from './rendered-step.ts';
export type { StandardResult, StandardSchemaLike } from './standard-schema.ts';
export { createIo, type CreateIoOptions } from './real-io.ts';
export { maskSecrets, maskSettings } from './mask-secrets.ts';
export { findToken, redactor, type Redactor } from './redact.ts';
export { canonicalJson, hashOf } from './json.ts';
export { makeFolder, plainTarget, syncFolder, writeAtomic, writeSynced } from './files.ts';
export { withTemporary } from './temporary-file.ts';
export { bootId, machineId, processAlive, processStart } from './process-identity.ts';
export { printable, replaceUnprintable } from './printable.ts';
export { prng, seedOf, type Prng } from './prng.ts';
export { globMatches } from './glob.ts';
export { groupBy } from './group-by.ts';
export { countEqual } from './count-equal.ts';
export {
  BATCH_FILES,
  batchClientPlanSchema,
  batchEndedSchema,
  batchGoSchema,
  batchHereSchema,
  batchPreparedSchema,
  encodeBatchState,
  isBatchStateName,
  parseBatchState,
  readBatchJson,
  type BatchClientPlan,
  type BatchClientPlanInput,
  type BatchEnded,
  type BatchOrder,
  type BatchState,
  type BatchStateName,
} from './batch-layout.ts';
export {
  busyCpus,
  gpuSampleSchema,
  parseTelemetry,
  telemetrySampleSchema,
  throttleReasons,
  type GpuSample,
  type TelemetrySample,
} from './telemetry.ts';
export {
  pointTelemetrySchema,
  type EngineFigures,
  type EngineTelemetry,
  type HostTelemetry,
  type PointTelemetry,
  type TelemetrySummary,
} from './point-telemetry.ts';
export { diskUsdPerHour } from './disk-price.ts';
export { didYouMean, nearest } from './suggest.ts';
export {
  apiKindSchema,
  arrivalSchema,
  dataSchema,
  generatesText,
  lengthSchema,
  loadSpecSchema,
  plainApi,
  takesConversations,
  TIMED_WARMUP_REQUESTS,
  type ApiKind,
  type Arrival,
  type Cancel,
  type ConcurrencyStage,
  type Conversations,
  highestConcurrency,
  type LengthRange,
  type LoadClass,
  type LoadData,
  type LoadSpec,
  type LoadSpecInput,
  type RateStage,
  type TraceFormat,
  calibrationKey,
} from './load.ts';
export { loadFiles, moveLoadFiles } from './load-files.ts';
export { lengthsByRatio, type RatioMeaning } from './range-ratio.ts';
export { arrivalLabel, concurrencyLabel, meanRatePerS, stagesMs } from './arrival-rate.ts';
export { usd } from './money.ts';
export { withinTime } from './within-time.ts';
export { bearer } from './bearer.ts';
export { eventGaps } from './event-gaps.ts';
export {
  requestErrorClassSchema,
  requestRecord,
  requestRecordSchema,
  tokenSourceSchema,
  type GapList,
  type RequestErrorClass,
  type RequestRecord,
  type TokenSource,
} from './record.ts';
export { isGivenUp, isGood, tpotOf } from './good-request.ts';
export { clientObservationSchema, clientSecondSchema, type ClientAccuracy, type ClientObservation, type ClientSecond } from './client.ts';
export {
  clockOffsetSchema,
  distributionSchema,
  loadClientSchema,
  ownMetricSchema,
  pointFlagSchema,
  PERCENTILES,
  pointResultSchema,
  seriesRowSchema,
  type ClassResult,
  type OriginResult,
  type ClockOffset,
  type ConversationsResult,
  type SteadyResult,
  type Distribution,
  type LoadClient,
  type LoadPointResult,
  type OwnMetric,
  type Percentile,
  type PercentileBounds,
  type PointFlag,
  type PointResult,
  type SeriesRow,
} from './point.ts';
export { SLURM_VALUES, slurmOptionProblem } from './slurm-options.ts';
export { expandNodeList } from './nodes/expand-node-list.ts';
export { isNodeName, requireNodeNames, sameNode, sameShortName, shortName } from './nodes/node-name.ts';
export { METRICS, STEADY_STATE, metric, type MetricDefinition } from './metrics.ts';
export { figure, FIGURE_NAMES, type Figure, type Statistic } from './figure-name.ts';
export { parseGate, type Gate } from './gate.ts';
export { PhaseTimer, phaseSchema, type Phase, type Phases } from './phases.ts';
export { engineInfoSchema, systemInfoSchema, type EngineInfo, type SystemInfo } from './system-info.ts';
export {
  bootstrapInterval,
  meanInterval,
  percentile,
  percentileOfSorted,
  summarize,
  summarizeWeighted,
  type Interval,
  studentTQuantile,
  carries,
  percentileInterval,
  type Bounds,
  adjustedPValues,
  differenceInterval,
  meanPart,
  proportionDifference,
  proportionInterval,
  studentTTail,
  type VariancePart,
} from './stats/index.ts';
export { formatBytes, formatDuration, minuteText, parseDuration, parseSize } from './units.ts';
export {
  findGpu,
  findGpus,
  GPUS,
  machineOfGpus,
  gpuByPciId,
  nearGpu,
  normalizeGpuName,
  shortGpuName,
  snapGpuMemoryGb,
  type GpuFormFactor,
  type GpuModel,
  type GpuQuery,
  type GpuVendor,
} from './gpu/index.ts';
