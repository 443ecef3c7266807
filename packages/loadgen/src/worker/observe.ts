import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { percentile, type ClientSecond } from '@bench/core';
import { clockMs } from '../clock.ts';
import { gcTime } from './gc-time.ts';
import type { SelfObservation } from './protocol.ts';
import { threadTime, type ThreadTime } from './thread-time.ts';

/** Each look wakes the thread. */
const RESOLUTION_MS = 10;
const SECOND_MS = 1000;

export interface Observer {
  lag(ms: number): void;
  spin(ms: number): void;
  /** A token event came; `newRead`: the first of its stream in a socket read. */
  token(newRead: boolean): void;
  stop(): SelfObservation;
}

/** What has been seen up to a moment. */
interface Mark {
  atMs: number;
  loop: EventLoopUtilization;
  thread: ThreadTime;
  spunMs: number;
  gcMs: number;
  lags: number;
  events: number;
  reads: number;
}

/** Watches this thread from now on: as a whole, and second by second from `zeroMs`. */
export function observeSelf({ worker, zeroMs }: { worker: number; zeroMs: number }): Observer {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  // One of its own: a histogram that is emptied each second knows nothing of the whole.
  const secondsDelay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const gc = gcTime();
  const lags: number[] = [];
  const seconds: SelfObservation['seconds'] = [];
  let spunMs = 0;
  let events = 0;
  let reads = 0;
  const mark = (): Mark => ({
    atMs: clockMs(),
    loop: performance.eventLoopUtilization(),
    thread: threadTime(),
    spunMs,
    gcMs: gc.ms(),
    lags: lags.length,
    events,
    reads,
  });

  delay.enable();
  secondsDelay.enable();
  const first = mark();
  let last = first;
  let timer = setTimeout(look, 0).unref();

  function endSecond(now: Mark): void {
    const t = Math.max(0, Math.floor((last.atMs - zeroMs) / SECOND_MS));
    seconds.push({ t, ...second({ worker, from: last, to: now, loopDelayP99Ms: p99(secondsDelay), lags }) });
    secondsDelay.reset();
    last = now;
  }

  function look(): void {
    const nextMs = () => zeroMs + SECOND_MS * (Math.max(0, Math.floor((last.atMs - zeroMs) / SECOND_MS)) + 1);
    // Timers may fire early.
    if (clockMs() >= nextMs()) endSecond(mark());
    timer = setTimeout(look, Math.ceil(nextMs() - clockMs())).unref();
  }

  return {
    lag: (ms) => void lags.push(ms),
    spin(ms) {
      spunMs += ms;
    },
    token(newRead) {
      events++;
      if (newRead) reads++;
    },
    stop() {
      clearTimeout(timer);
      const end = mark();
      endSecond(end);
      delay.disable();
      secondsDelay.disable();
      gc.stop();
      const cpuMs = between(first.thread.cpuMs, end.thread.cpuMs);
      return {
        wallMs: end.atMs - first.atMs,
        // Where the system tells no thread's CPU time, the time its loop was active stands in for it.
        cpuMs: cpuMs ?? end.loop.active - first.loop.active,
        elu: utilisation(first, end),
        busy: busy(first, end),
        cpuWaitMs: between(first.thread.waitMs, end.thread.waitMs),
        gcMs: end.gcMs - first.gcMs,
        loopDelayP99Ms: p99(delay),
        lagsMs: Float32Array.from(lags),
        seconds,
      };
    },
  };
}

function second(o: { worker: number; from: Mark; to: Mark; loopDelayP99Ms: number; lags: readonly number[] }): ClientSecond {
  const { worker, from, to, loopDelayP99Ms, lags } = o;
  const its = lags.slice(from.lags, to.lags);
  const reads = to.reads - from.reads;
  return {
    worker,
    wallMs: short(to.atMs - from.atMs),
    elu: short(utilisation(from, to)),
    busy: short(busy(from, to)),
    loopDelayP99Ms: short(loopDelayP99Ms),
    scheduleLagP99Ms: its.length > 0 ? short(percentile(its, 99)) : null,
    gcMs: short(to.gcMs - from.gcMs),
    cpuMs: short(between(from.thread.cpuMs, to.thread.cpuMs)),
    cpuWaitMs: short(between(from.thread.waitMs, to.thread.waitMs)),
    eventsPerRead: reads > 0 ? short((to.events - from.events) / reads) : null,
  };
}

/** Without what was waited for by spinning. */
function utilisation(from: Mark, to: Mark): number {
  const { active, idle } = performance.eventLoopUtilization(to.loop, from.loop);
  const share = active + idle > 0 ? (active - (to.spunMs - from.spunMs)) / (active + idle) : 0;
  return Math.min(1, Math.max(0, share));
}

/** A thread that waits for a CPU as it wakes up is idle by its loop's count. Of its waiting, spinning has the part that it has of its running. */
function busy(from: Mark, to: Mark): number {
  const elu = utilisation(from, to);
  const cpuMs = between(from.thread.cpuMs, to.thread.cpuMs);
  const waitMs = between(from.thread.waitMs, to.thread.waitMs);
  const wallMs = to.atMs - from.atMs;
  if (cpuMs === null || waitMs === null || cpuMs <= 0 || wallMs <= 0) return elu;
  const atWork = 1 - Math.min(1, (to.spunMs - from.spunMs) / cpuMs);
  return Math.min(1, Math.max(elu, ((cpuMs + waitMs) * atWork) / wallMs));
}

/** Node records whole intervals; what is beyond the asked one is delay. */
function p99(histogram: { count: number; percentile(p: number): number }): number {
  return histogram.count > 0 ? Math.max(0, histogram.percentile(99) / 1e6 - RESOLUTION_MS) : 0;
}

function between(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : Math.max(0, to - from);
}

/** A series of hours is a file of some size. */
function short(value: number): number;
function short(value: number | null): number | null;
function short(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000;
}
