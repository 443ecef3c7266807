export type {
  ContainerFacts,
  Deployment,
  DeployEvent,
  DeploymentRecord,
  Endpoint,
  FoundProgram,
  MeasureOptions,
  OwnMeasurement,
  Problem,
  Rentals,
  RenderedStep,
  SiteFacts,
  SiteGpu,
  Target,
  TargetContext,
} from './contract.ts';
export { type BatchFacts, checkBatch } from './batch/check-batch.ts';
export { STATE_NOT_WRITTEN } from './batch/script.ts';
export { planBatch } from './batch/plan-batch.ts';
export { HOST_SAMPLES, JOB_SAMPLES } from './batch/scripts/telemetry.ts';
export type { BatchFile, BatchJob, BatchPlan, BatchPlanOptions, BatchRecord, BatchTiming } from './batch/types.ts';
export { type BatchCache, batchCache, type BatchPaths, batchPaths, type BatchPlace, batchRunFolder } from './batch/layout.ts';
export { composeProject, type ComposeProject, type ComposeProjectOptions, type ProjectFile } from './compose/compose-project.ts';
export { composeTarget, type ComposeTargetOptions } from './compose/compose-target.ts';
export { inspectContainers, type ContainerInspection } from './compose/container-facts.ts';
export type { LogLine } from './compose/container-log.ts';
export { gpuHolders, type GpuHolder } from './compose/gpu-holders.ts';
export type { ContainerState } from './compose/container-state.ts';
export { projectName } from './compose/project-name.ts';
export type { ImageFacts } from './compose/pull-images.ts';
export { renderCompose } from './compose/render-yaml.ts';
export { processTarget } from './process-target.ts';
export { findPrograms, type FindProgramsOptions } from './programs.ts';
export { askHttp, type HttpQuestion } from './ask-http.ts';
export { baseUrl } from './base-url.ts';
export { httpReadiness, waitUntil, type Readiness } from './readiness.ts';
export { removeFolder } from './compose/take-down.ts';
export { resolveEnv } from './resolve-env.ts';
export { smokeTest, type SmokeTest } from './smoke-test.ts';
export { smokeTestOf } from './smoke-test-of.ts';
export { busyGpus, chooseGpus } from './choose-gpus.ts';
export { fitsHost, fitTasks, type FitOptions, type FittedTasks, type HostGpus } from './fit/fit-tasks.ts';
export { scaleOut, scaleOutTasks, type ScaleOut } from './fit/scale-out.ts';
export { siteGpus, type MachineGpus } from './fit/site-gpus.ts';
export { checkHost, type HostCheck } from './fit/check-host.ts';
export { hostFacts, type HostFacts } from './fit/host-facts.ts';
export { type AggregateResult, commandTarget, runAggregate, stage, stagedFiles } from './command/index.ts';
export { readOwnResults, type OwnResults } from './own-results/read-own-results.ts';
export {
  buildEmbeddedImage,
  type BuildEmbeddedImageOptions,
  type BuiltImage,
  DEFAULT_NODE_IMAGE,
  type EmbeddedImageOptions,
  renderEmbeddedImage,
} from './image/index.ts';
export { serviceTarget } from './service/index.ts';
export type { ContainerRecord } from './container/container-record.ts';
export { containerTarget } from './container/container-target.ts';
export { plannedWorkload } from './container/container-workload.ts';
