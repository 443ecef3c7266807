import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { stagesMs, type ConcurrencyStage, type RequestRecord } from '@bench/core';
import { calibrate } from '../calibrate.ts';
import type { Calibration } from '../calibration.ts';
import { clockMs } from '../clock.ts';
import { slotOpens } from '../concurrency-stages.ts';
import { closedOrdinals, openArrivals, workerDeal } from '../deal.ts';
import type { Exchange } from './exchange.ts';
import { closedLoop, openLoop } from './loops.ts';
import { observeSelf, type Observer } from './observe.ts';
import { COUNTERS, type FromWorker, type SelfObservation, type ToWorker, type WorkerReport, type WorkerSetup } from './protocol.ts';
import { createSender, type Sender } from './sender.ts';
import { createSupply, type Supply } from './supply.ts';

/** Bodies made beforehand, for each slot, when a run ends by time. */
const AHEAD_PER_SLOT = 4;

export interface LoadWorker {
  handle(message: Exclude<ToWorker, { type: 'exit' }>): Promise<void>;
  close(): void;
}

/** One worker's share of a load, step by step as the main thread asks. */
export function createLoadWorker(setup: WorkerSetup, post: (message: FromWorker, transfer?: ArrayBuffer[]) => void): LoadWorker {
  const { load, target, id, workers, trace } = setup;
  const stop = new AbortController();
  const counters = new Int32Array(setup.counters);
  const settled: { record: RequestRecord; gaps: Float32Array }[] = [];
  let supply: Supply | null = null;
  let observer: Observer | null = null;

  const cap = load.maxConcurrency;
  const { slots: mySlots, warmupSlots, warmup: myWarmup } = workerDeal(load, workers, id);
  const connections = mySlots === null ? null : Math.max(1, mySlots.to - mySlots.from, myWarmup.to - myWarmup.from);
  const sender: Sender = createSender({
    target,
    load,
    worker: id,
    connections,
    onToken(newRead) {
      counters[COUNTERS.outputTokens]!++;
      observer?.token(newRead);
    },
  });

  const arrivals = openArrivals({ load, trace, workers, worker: id });

  function onSettled(exchange: Exchange): void {
    settled.push({ record: exchange.record(), gaps: exchange.takeGaps() });
    if (exchange.job.phase === 'measured') Atomics.add(counters, COUNTERS[exchange.status], 1);
  }

  async function prepare(calibration: Calibration): Promise<void> {
    supply = await createSupply({ target, load, trace, calibration, signal: stop.signal });
    await supply.prepare(closedOrdinals(load.warmupRequests, warmupSlots, myWarmup), 'warmup', stop.signal);
    if (arrivals) await supply.prepare(arrivals.ordinals, 'measured', stop.signal);
    else if (mySlots && cap !== null) {
      const ahead = AHEAD_PER_SLOT * cap;
      await supply.prepare(closedOrdinals(load.numPrompts ?? ahead, cap, mySlots), 'measured', stop.signal);
    }
  }

  async function warmup(ready: Supply): Promise<void> {
    const ordinals = closedOrdinals(load.warmupRequests, warmupSlots, myWarmup);
    await closedLoop({
      sender,
      slots: myWarmup.to - myWarmup.from,
      next() {
        const next = ordinals.next();
        return next.done ? null : ready.take(next.value, 'warmup');
      },
      rest: false,
      onSettled,
      signal: stop.signal,
    });
  }

  async function measure(ready: Supply, zeroMs: number): Promise<WorkerReport> {
    const wait = zeroMs - clockMs();
    if (wait > 0) await delay(wait, undefined, { signal: stop.signal }).catch(() => undefined);
    // Timers may fire up to a millisecond early.
    while (clockMs() < zeroMs && !stop.signal.aborted) await nextTurn();
    const watching = observeSelf({ worker: id, zeroMs });
    observer = watching;
    if (arrivals) await measureOpen(ready, zeroMs, watching, arrivals);
    else await measureClosed(ready, zeroMs);
    return report(watching.stop());
  }

  async function measureClosed(ready: Supply, zeroMs: number): Promise<void> {
    if (!mySlots || cap === null) return;
    const slots = mySlots.to - mySlots.from;
    const ordinals = closedOrdinals(load.numPrompts ?? Number.POSITIVE_INFINITY, cap, mySlots);
    const stages = load.arrival.kind === 'closed' ? load.arrival.stages : undefined;
    const lengthMs = Math.min(load.durationMs ?? Number.POSITIVE_INFINITY, stages ? stagesMs(stages) : Number.POSITIVE_INFINITY);
    const endMs = zeroMs + lengthMs;
    let announced = false;
    const drain = () => {
      if (!announced) post({ type: 'draining' });
      announced = true;
    };
    const opensMs = (own: readonly ConcurrencyStage[]) => (slot: number, atMs: number) => {
      const at = slotOpens(own, mySlots.from + slot, Math.max(0, atMs - zeroMs));
      if (at !== null && at < lengthMs) return zeroMs + at;
      if (clockMs() >= endMs) drain();
      return null;
    };
    await closedLoop({
      sender,
      slots,
      next() {
        const next = clockMs() >= endMs ? null : ordinals.next();
        if (!next || next.done) {
          drain();
          return null;
        }
        const ordinal = next.value;
        Atomics.add(counters, COUNTERS.sent, 1);
        if (load.numPrompts === undefined) setImmediate(() => ready.ahead(ordinal + AHEAD_PER_SLOT * cap, 'measured'));
        return ready.take(ordinal, 'measured');
      },
      ...(stages && { fromMs: zeroMs, opensMs: opensMs(stages) }),
      rest: load.durationMs !== undefined || stages !== undefined,
      onSettled,
      signal: stop.signal,
    });
  }

  async function measureOpen(
    ready: Supply,
    zeroMs: number,
    watching: Observer,
    share: { times: Float64Array; ordinals: number[] },
  ): Promise<void> {
    await openLoop({
      sender: {
        ...sender,
        send(job, intendedMs, done) {
          Atomics.add(counters, COUNTERS.sent, 1);
          sender.send(job, intendedMs, done);
        },
      },
      times: share.times,
      zeroMs,
      cap: mySlots === null ? null : Math.max(1, mySlots.to - mySlots.from),
      take: (position) => ready.take(share.ordinals[position] as number, 'measured'),
      onSettled,
      observer: watching,
      signal: stop.signal,
      onLast: () => post({ type: 'draining' }),
    });
  }

  function report(self: SelfObservation): WorkerReport {
    const measured = settled.filter(({ record }) => record.phase === 'measured');
    const gaps = new Float32Array(measured.reduce((sum, each) => sum + each.gaps.length, 0));
    let at = 0;
    const lengths = measured.map((each) => {
      gaps.set(each.gaps, at);
      at += each.gaps.length;
      return { index: each.record.index, length: each.gaps.length };
    });
    return { records: settled.map(({ record }) => record), gaps, lengths, self, promptEntries: supply?.entries ?? null };
  }

  return {
    async handle(message) {
      if (message.type === 'abort') {
        stop.abort();
        sender.cancelAll();
      } else if (message.type === 'calibrate') {
        post({ type: 'calibrated', calibration: await calibrate(target, load, stop.signal) });
      } else if (message.type === 'prepare') {
        await prepare(message.calibration);
        post({ type: 'prepared' });
      } else if (message.type === 'warmup') {
        if (supply) await warmup(supply);
        post({ type: 'warmed' });
      } else {
        if (!supply) throw new Error('measure before prepare');
        const done = await measure(supply, message.zeroMs);
        post({ type: 'measured', report: done }, [done.gaps.buffer as ArrayBuffer, done.self.lagsMs.buffer as ArrayBuffer]);
      }
    },
    close: () => sender.close(),
  };
}
