import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { stagesMs, type ConcurrencyStage } from '@bench/core';
import { calibrate } from '../calibrate.ts';
import type { Calibration } from '../calibration.ts';
import { clockMs } from '../clock.ts';
import { slotOpens } from '../concurrency-stages.ts';
import { conversationPlan } from '../conversations.ts';
import { closedOrdinals, openArrivals, workerDeal } from '../deal.ts';
import { isGuessed, type RequestTexts } from '../token-count.ts';
import { converse } from './converse.ts';
import type { Exchange } from './exchange.ts';
import { gapList } from './gap-list.ts';
import { closedLoop, openLoop } from './loops.ts';
import { recordPacker, transferOf } from './packed-records.ts';
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
  const records = recordPacker();
  const gaps = gapList();
  const texts: RequestTexts[] = [];
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

  // What is dealt, and arrives, is a conversation where there are any, else a request.
  const plan = conversationPlan(load);
  const total = plan?.count ?? load.numPrompts ?? Number.POSITIVE_INFINITY;
  const requestsOf = (dealt: number): number[] => plan?.ordinals(dealt) ?? [dealt];
  const firstOf = (dealt: number): number => requestsOf(dealt)[0] as number;
  const arrivals = openArrivals({ load, trace, workers, worker: id });

  /** How long it sends, at most. */
  const { arrival, durationMs = Number.POSITIVE_INFINITY } = load;
  const staged = (arrival.kind === 'closed' || arrival.kind === 'stages') && arrival.stages ? stagesMs(arrival.stages) : durationMs;
  const lengthMs = Math.min(durationMs, staged);

  function onSettled(exchange: Exchange): void {
    const { index, transcript, phase } = exchange.job;
    const record = exchange.record();
    records.push(record);
    if (phase === 'measured') gaps.push(index, exchange.takeGaps());
    if (transcript && exchange.status === 'ok')
      texts.push({ index, prompt: isGuessed(record) ? transcript.prompt : null, answer: transcript.answer() });
    if (phase === 'measured') Atomics.add(counters, COUNTERS[exchange.status], 1);
  }

  async function prepare(calibration: Calibration): Promise<void> {
    supply = await createSupply({ target, load, trace, calibration, signal: stop.signal });
    const warmups = load.warmupMs === undefined ? load.warmupRequests : Math.min(load.warmupRequests, AHEAD_PER_SLOT * warmupSlots);
    await supply.prepare(closedOrdinals(warmups, warmupSlots, myWarmup), 'warmup', stop.signal);
    if (arrivals) await supply.prepare(eachRequest(arrivals.ordinals), 'measured', stop.signal);
    else if (mySlots && cap !== null) {
      const ahead = AHEAD_PER_SLOT * cap;
      await supply.prepare(eachRequest(closedOrdinals(Number.isFinite(total) ? total : ahead, cap, mySlots)), 'measured', stop.signal);
    }
  }

  function* eachRequest(dealt: Iterable<number>): Generator<number> {
    for (const each of dealt) yield* requestsOf(each);
  }

  async function warmup(ready: Supply): Promise<void> {
    const ordinals = closedOrdinals(load.warmupRequests, warmupSlots, myWarmup);
    const endMs = load.warmupMs === undefined ? Number.POSITIVE_INFINITY : clockMs() + load.warmupMs;
    await closedLoop({
      sender,
      slots: myWarmup.to - myWarmup.from,
      next() {
        const next = clockMs() >= endMs ? null : ordinals.next();
        if (!next || next.done) return null;
        const ordinal = next.value;
        const later = ordinal + AHEAD_PER_SLOT * warmupSlots;
        if (load.warmupMs !== undefined && later < load.warmupRequests) setImmediate(() => ready.ahead(later, 'warmup'));
        return ready.take(ordinal, 'warmup');
      },
      rest: load.warmupMs !== undefined,
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
    const talker = plan
      ? converse({ sender, load, plan, supply: ready, endMs: zeroMs + lengthMs, onNext: countSent, onSettled, signal: stop.signal })
      : sender;
    if (arrivals) await measureOpen({ ready, zeroMs, watching, share: arrivals, talker });
    else await measureClosed(ready, zeroMs, talker);
    return report(watching.stop());
  }

  const countSent = () => void Atomics.add(counters, COUNTERS.sent, 1);
  /** A conversation tells of each of its turns by itself. */
  const onEnded = plan ? () => undefined : onSettled;

  async function measureClosed(ready: Supply, zeroMs: number, talker: Sender): Promise<void> {
    if (!mySlots || cap === null) return;
    const slots = mySlots.to - mySlots.from;
    const ordinals = closedOrdinals(total, cap, mySlots);
    const stages = load.arrival.kind === 'closed' ? load.arrival.stages : undefined;
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
      sender: talker,
      slots,
      next() {
        const next = clockMs() >= endMs ? null : ordinals.next();
        if (!next || next.done) {
          drain();
          return null;
        }
        const dealt = next.value;
        countSent();
        if (load.numPrompts === undefined)
          setImmediate(() => {
            for (const later of requestsOf(dealt + AHEAD_PER_SLOT * cap)) ready.ahead(later, 'measured');
          });
        return ready.take(firstOf(dealt), 'measured');
      },
      ...(stages && { fromMs: zeroMs, opensMs: opensMs(stages) }),
      rest: load.durationMs !== undefined || stages !== undefined,
      onSettled: onEnded,
      signal: stop.signal,
    });
  }

  async function measureOpen(o: {
    ready: Supply;
    zeroMs: number;
    watching: Observer;
    share: { times: Float64Array; ordinals: number[] };
    talker: Sender;
  }): Promise<void> {
    const { ready, zeroMs, watching, share, talker } = o;
    await openLoop({
      sender: {
        ...talker,
        send(job, intendedMs, done) {
          countSent();
          talker.send(job, intendedMs, done);
        },
      },
      times: share.times,
      zeroMs,
      cap: mySlots === null ? null : Math.max(1, mySlots.to - mySlots.from),
      take: (position) => ready.take(firstOf(share.ordinals[position] as number), 'measured'),
      onSettled: onEnded,
      observer: watching,
      signal: stop.signal,
      onLast: () => post({ type: 'draining' }),
    });
  }

  function report(self: SelfObservation): WorkerReport {
    return { records: records.packed(), ...gaps.all(), texts, self, promptEntries: supply?.entries ?? null };
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
        const moved = [done.gaps.buffer, done.gapCounts.buffer, done.self.lagsMs.buffer] as ArrayBuffer[];
        post({ type: 'measured', report: done }, [...moved, ...transferOf(done.records)]);
      }
    },
    close: () => sender.close(),
  };
}
