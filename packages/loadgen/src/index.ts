export { runLoad, type RunLoadOptions } from './run-load.ts';
export type { GapList } from '@bench/core';
export type { LoadProgress, LoadResult, LoadSummary } from './result.ts';
export { summarizeRecords, type SummarizeOptions } from './summarize.ts';
export { buildSeries } from './series.ts';
export { sseReader, type SseEvent, type SseReader } from './sse.ts';
export { arrivalTimes, type ArrivalTimesOptions } from './schedule.ts';
export type { ServerAbilities } from './target.ts';
export type { Calibration } from './calibration.ts';
