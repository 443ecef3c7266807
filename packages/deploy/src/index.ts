export type {
  Deployment,
  DeployEvent,
  DeploymentRecord,
  Endpoint,
  EngineProgram,
  Problem,
  RenderedStep,
  SiteFacts,
  Target,
  TargetContext,
} from './contract.ts';
export { EMBEDDED_PROTOCOL, embeddedInstallHint, findEmbeddedEngine } from './embedded-program.ts';
export { processTarget } from './process-target.ts';
export { findPrograms, installHint } from './programs.ts';
export { httpReadiness, waitUntil, type Readiness } from './readiness.ts';
export { smokeTest, type SmokeTest } from './smoke-test.ts';
