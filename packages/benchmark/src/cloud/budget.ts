import { BenchError, EXIT, type Io, usd } from '@bench/core';
import { TEARDOWN_ALLOWANCE_MS } from '@bench/planner';
import type { Meter } from './meter.ts';

/** How often it is looked at what was spent. */
const LOOK_MS = 5_000;
const HOUR_MS = 3_600_000;
/** A machine is not kept for less. */
const LEAST_KEEP_MS = 60_000;
const NO_ROOM = 'BENCH_MAX_COST_WAIT';

/** What a machine takes: dollars an hour with its disk (null: nobody knows, and it counts nothing), and about how long it will be there. */
export interface MachineNeed {
  usdPerHour: number | null;
  seconds: number;
}

/** What one worker sets aside of what the run may cost, for the one machine that it has at a time. */
export interface Claim {
  /**
   * For a machine that is about to be rented, in place of what was set aside before: until it is released nobody else has it.
   * @throws BenchError that `isNoRoom` knows, where it does not fit beside the machines that are there: nothing is set aside then, and once one of
   *   these is ended it may; `BENCH_MAX_COST` (exit code 4), which stops the run, where it would not fit by itself
   */
  take(need: MachineNeed): void;
  /** For a machine that is there, whether it fits or not. */
  hold(need: MachineNeed): void;
  /** Its machine is used on, for about so long from now. */
  goOn(seconds: number): void;
  /**
   * Until when its machine `name` may be left up, milliseconds since the epoch, at most `untilMs`; null: not at all. What that takes stays set
   * aside until it is released.
   */
  keep(o: { name: string; untilMs: number }): number | null;
  release(): void;
  /** Resolves when something was freed after `take` found no room, or the signal is aborted. */
  room(signal: AbortSignal): Promise<void>;
}

/** Stops a run before it costs more than it may. */
export interface Budget {
  /** Aborted, with the reason, when nothing more may be begun and everything must end. */
  readonly signal: AbortSignal;
  /** Why it stopped the run; null: it did not. */
  reached(): BenchError | null;
  claim(): Claim;
  close(): void;
}

/** Nothing is wrong: there is no room for another machine just now. */
export const isNoRoom = (error: unknown): boolean => BenchError.is(error) && error.code === NO_ROOM;

/** What is set aside: until when, on the monotonic clock. */
interface Aside {
  usdPerHour: number;
  untilMs: number;
}

/**
 * `spentBeforeUsd`: what earlier invocations of the run cost. `maxUsd` null: no limit.
 * @param o.onReached called once, when it stops the run
 */
export function makeBudget(o: {
  maxUsd: number | null;
  spentBeforeUsd: number;
  meter: Meter;
  io: Pick<Io, 'sleep' | 'monotonic' | 'now'>;
  onReached?: (o: { maxCostUsd: number; spentUsd: number; message: string }) => void;
}): Budget {
  const { maxUsd, spentBeforeUsd, meter, io, onReached } = o;
  const stop = new AbortController();
  const closed = new AbortController();
  /** By workers that have a machine, or are about to. */
  const taken = new Map<Claim, Aside>();
  const kept = new Map<Claim, Aside>();
  let waiting: (() => void)[] = [];
  let reached: BenchError | null = null;

  const allowance = (perHour: number) => (perHour * TEARDOWN_ALLOWANCE_MS) / HOUR_MS;
  const need = ({ usdPerHour, untilMs }: Aside) => (usdPerHour * Math.max(0, untilMs - io.monotonic())) / HOUR_MS + allowance(usdPerHour);
  const sum = (list: Iterable<Aside>) => [...list].reduce((all, one) => all + need(one), 0);
  const spent = () => spentBeforeUsd + meter.spentUsd();
  const stopWith = (max: number, perHour: number): BenchError => {
    const spentUsd = spent();
    const error = overBudget({ maxUsd: max, spentUsd, keptUsd: sum(kept.values()), perHour });
    reached = error;
    stop.abort(error);
    onReached?.({ maxCostUsd: max, spentUsd, message: error.message });
    return error;
  };
  const look = () => {
    if (maxUsd === null || reached !== null) return;
    // What is kept is reckoned to its end.
    const perHour = meter.perHourUsd() - [...kept.values()].reduce((all, { usdPerHour }) => all + usdPerHour, 0);
    if (perHour > 1e-9 && spent() + sum(kept.values()) + allowance(perHour) >= maxUsd) stopWith(maxUsd, perHour);
  };
  const watch = async (): Promise<void> => {
    while (!closed.signal.aborted && reached === null) {
      look();
      await io.sleep(LOOK_MS, closed.signal).catch(() => undefined);
    }
  };
  if (maxUsd !== null) void watch();

  const wake = () => {
    const all = waiting;
    waiting = [];
    for (const one of all) one();
  };
  const asideOf = ({ usdPerHour, seconds }: MachineNeed): Aside => ({
    usdPerHour: usdPerHour ?? 0,
    untilMs: io.monotonic() + seconds * 1000,
  });
  const claim = (): Claim => {
    let room: Promise<void> = Promise.resolve();
    const others = () => [...taken].flatMap(([who, one]) => (who === self ? [] : [one]));
    const release = () => {
      const had = taken.delete(self);
      if (kept.delete(self) || had) wake();
    };
    const self: Claim = {
      release,
      room: (signal) => untilOrAborted(room, signal),
      hold: (wanted) => void taken.set(self, asideOf(wanted)),
      take: (wanted) => {
        if (reached) throw reached;
        const aside = asideOf(wanted);
        if (maxUsd !== null) {
          const beside = others();
          const before = spent() + sum(kept.values());
          // As long to start it as to end it, at the least.
          const least = 2 * allowance(aside.usdPerHour);
          if (beside.length > 0 && before + sum(beside) + Math.max(need(aside), least) >= maxUsd) {
            release();
            room = new Promise((resolve) => waiting.push(resolve));
            throw noRoom({ maxUsd, usdPerHour: aside.usdPerHour, machines: beside.length });
          }
          const perHour = meter.perHourUsd() + aside.usdPerHour;
          if (beside.length === 0 && before + 2 * allowance(perHour) >= maxUsd) throw stopWith(maxUsd, perHour);
        }
        taken.set(self, aside);
      },
      goOn: (seconds) => {
        const now = taken.get(self);
        if (now) taken.set(self, { ...now, untilMs: io.monotonic() + seconds * 1000 });
      },
      keep: ({ name, untilMs }) => {
        release();
        const usdPerHour = meter.priceOf(name);
        const left = (maxUsd ?? Infinity) - spent() - sum(kept.values()) - sum(others()) - allowance(usdPerHour);
        const mostMs = usdPerHour > 0 ? Math.floor((left / usdPerHour) * HOUR_MS) : Infinity;
        if (mostMs < LEAST_KEEP_MS) return null;
        const now = io.now();
        const keepMs = Math.min(untilMs - now, mostMs);
        kept.set(self, { usdPerHour, untilMs: io.monotonic() + keepMs });
        return now + keepMs;
      },
    };
    return self;
  };
  return {
    signal: stop.signal,
    reached: () => reached,
    claim,
    close: () => closed.abort(),
  };
}

async function untilOrAborted(room: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  let stop: () => void = () => undefined;
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener('abort', stop, { once: true });
  });
  await Promise.race([room, aborted]);
  signal.removeEventListener('abort', stop);
}

function noRoom({ maxUsd, usdPerHour, machines }: { maxUsd: number; usdPerHour: number; machines: number }): BenchError {
  return new BenchError({
    code: NO_ROOM,
    message:
      `of the ${usd(maxUsd)} that the run may cost not enough is left for a machine at ${usd(usdPerHour)} an hour beside ` +
      `${machines === 1 ? 'the one that is' : `the ${machines} that are`} there: it is not rented until one of them has ended`,
    exitCode: EXIT.provider,
  });
}

function overBudget(o: { maxUsd: number; spentUsd: number; keptUsd: number; perHour: number }): BenchError {
  const { maxUsd, spentUsd, keptUsd, perHour } = o;
  return new BenchError({
    code: 'BENCH_MAX_COST',
    message:
      `the run may cost ${usd(maxUsd)}: it has cost ${usd(spentUsd)}, ${keptUsd > 0 ? `what is kept takes ${usd(keptUsd)} more, ` : ''}` +
      `its machines cost ${usd(perHour)} an hour, and ending them may take ${TEARDOWN_ALLOWANCE_MS / 60_000} minutes`,
    hint: 'what was measured is kept; a new run with a higher --max-cost, or fewer variants',
    exitCode: EXIT.provider,
  });
}
