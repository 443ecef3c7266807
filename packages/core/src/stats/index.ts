export { percentile, percentileOfSorted } from './percentile.ts';
export { summarizeWeighted } from './summarize-weighted.ts';
export { summarize } from './summarize.ts';
export { bootstrapInterval, meanInterval, type Interval } from './intervals.ts';
export { studentTQuantile } from './student-t.ts';
export { carries, percentileInterval, type Bounds } from './percentile-interval.ts';
