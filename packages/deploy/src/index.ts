export type {
  Deployment,
  DeployEvent,
  DeploymentRecord,
  Endpoint,
  FoundProgram,
  Problem,
  RenderedStep,
  SiteFacts,
  Target,
  TargetContext,
} from './contract.ts';
export { processTarget } from './process-target.ts';
export { findPrograms, type FindProgramsOptions } from './programs.ts';
export { httpReadiness, waitUntil, type Readiness } from './readiness.ts';
export { smokeTest, type SmokeTest } from './smoke-test.ts';
