export { type AggregateResult, runAggregate } from './aggregate.ts';
export { commandTarget } from './command-target.ts';
export { stage, stagedFiles } from './staging.ts';
