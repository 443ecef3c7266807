export { runSelfcheck, type LevelCheck, type Selfcheck, type SelfcheckOptions } from './run-selfcheck.ts';
export type { SelfcheckLevel } from './levels.ts';
export { clientError, type ClientError } from './client-error.ts';
export { verdictOf } from './verdict.ts';
export type { DatedSelfcheck } from './accuracy.ts';
