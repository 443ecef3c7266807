export type { PointRef, RunEvent } from './events.ts';
export { pointLabel } from './point-label.ts';
export { runTasks, type RunOptions, type RunOutcome } from './run-plan.ts';
export { openLocalSite, type RunSite } from './run-site.ts';
export { stateOf, type RunState } from './run-state.ts';
