export { BenchError, messageOf, type BenchErrorInit, type ErrorScope } from './error.ts';
export { EXIT } from './exit-codes.ts';
export type { Command, ExecOptions, ExecResult, Execution, Host, OutputLine, RemoteProcess, Tunnel } from './host-contract.ts';
export type { Io, Logger, LogLevel, Secrets } from './io.ts';
export { createIo, type CreateIoOptions } from './real-io.ts';
export { findToken, redactor, type Redactor } from './redact.ts';
export { canonicalJson, hashOf } from './json.ts';
export { makeFolder, syncFolder, writeAtomic, writeSynced } from './files.ts';
export { bootId, machineId, processStart } from './process-identity.ts';
export { prng, seedOf, type Prng } from './prng.ts';
export {
  apiKindSchema,
  arrivalSchema,
  dataSchema,
  lengthSchema,
  loadSpecSchema,
  type ApiKind,
  type Arrival,
  type LengthRange,
  type LoadData,
  type LoadSpec,
  type LoadSpecInput,
} from './load.ts';
export { eventGaps } from './event-gaps.ts';
export {
  requestErrorClassSchema,
  requestRecordSchema,
  tokenSourceSchema,
  type GapList,
  type RequestErrorClass,
  type RequestRecord,
  type TokenSource,
} from './record.ts';
export {
  clientObservationSchema,
  distributionSchema,
  pointFlagSchema,
  pointResultSchema,
  seriesRowSchema,
  type ClientObservation,
  type Distribution,
  type PointFlag,
  type PointResult,
  type SeriesRow,
} from './point.ts';
export { METRICS, metric, type MetricDefinition } from './metrics.ts';
export { PhaseTimer, phaseSchema, type Phase, type Phases } from './phases.ts';
export { engineInfoSchema, systemInfoSchema, type EngineInfo, type SystemInfo } from './system-info.ts';
export { bootstrapInterval, meanInterval, percentile, percentileOfSorted, summarize, type Interval } from './stats/index.ts';
export { formatBytes, formatDuration, parseDuration, parseSize } from './units.ts';
export {
  findGpu,
  findGpus,
  GPUS,
  gpuByPciId,
  normalizeGpuName,
  shortGpuName,
  snapGpuMemoryGb,
  type GpuFormFactor,
  type GpuModel,
  type GpuQuery,
  type GpuVendor,
} from './gpu/index.ts';
