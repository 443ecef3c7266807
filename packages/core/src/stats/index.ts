export { percentile, percentileOfSorted } from './percentile.ts';
export { summarizeWeighted } from './summarize-weighted.ts';
export { summarize } from './summarize.ts';
export { bootstrapInterval, meanInterval, type Interval } from './intervals.ts';
export { studentTQuantile, studentTTail } from './student-t.ts';
export { differenceInterval, meanPart, type VariancePart } from './difference.ts';
export { proportionDifference, proportionInterval } from './proportions.ts';
export { adjustedPValues } from './benjamini-hochberg.ts';
export { carries, percentileInterval, type Bounds } from './percentile-interval.ts';
