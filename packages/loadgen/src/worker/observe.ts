import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { clockMs } from '../clock.ts';
import type { SelfObservation } from './protocol.ts';

const RESOLUTION_MS = 5;

export interface Observer {
  lag(ms: number): void;
  spin(ms: number): void;
  stop(): SelfObservation;
}

/** Watches this thread from now on. */
export function observeSelf(): Observer {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const startedMs = clockMs();
  const cpuBefore = threadCpuMs();
  const before = performance.eventLoopUtilization();
  const lags: number[] = [];
  let spunMs = 0;
  return {
    lag: (ms) => void lags.push(ms),
    spin(ms) {
      spunMs += ms;
    },
    stop() {
      delay.disable();
      const wallMs = clockMs() - startedMs;
      const used = performance.eventLoopUtilization(before);
      const total = used.active + used.idle;
      const elu = total > 0 ? Math.max(0, used.active - spunMs) / total : 0;
      const cpuAfter = threadCpuMs();
      return {
        wallMs,
        // Without Linux's per-thread figure, time the loop was active stands in for CPU time.
        cpuMs: cpuBefore !== null && cpuAfter !== null ? cpuAfter - cpuBefore : used.active,
        elu: Math.min(1, elu),
        // Node records whole intervals; what is beyond the asked one is delay.
        loopDelayP99Ms: delay.count > 0 ? Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS) : 0,
        lagsMs: Float32Array.from(lags),
      };
    },
  };
}

/** CPU time of this thread, milliseconds; null where Linux's `/proc` is not there. */
function threadCpuMs(): number | null {
  try {
    const nanoseconds = Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]);
    return Number.isFinite(nanoseconds) ? nanoseconds / 1e6 : null;
  } catch {
    return null;
  }
}
