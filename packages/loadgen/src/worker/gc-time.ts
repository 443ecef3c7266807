import { PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';

export interface GcTime {
  /** Time that garbage collection has stopped this thread since it is watched, milliseconds. Node tells of a collection a turn later. */
  ms(): number;
  stop(): void;
}

/** Watches this thread's garbage collection from now on. */
export function gcTime(): GcTime {
  let sum = 0;
  const add = (entries: readonly PerformanceEntry[]) => {
    for (const { duration } of entries) sum += duration;
  };
  const observer = new PerformanceObserver((list) => add(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  return {
    ms() {
      add(observer.takeRecords());
      return sum;
    },
    stop: () => observer.disconnect(),
  };
}
