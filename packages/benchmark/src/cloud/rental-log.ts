import { diskUsdPerHour, type Io } from '@bench/core';
import type { Offer, RentEvent } from '@bench/provisioning';
import { type JournalEvent, type JournalLine, readJournal, runCost, runPaths, type RunWriter } from '@bench/results';
import { errorFacts, oneLine } from '../error-facts.ts';
import type { RunEvent } from '../events.ts';
import type { Meter } from './meter.ts';

/** Gives rented machines their place in the run, in the order in which they are asked for. */
export interface RentalNumbers {
  /** Of this machine: the next one when it has none. */
  of(name: string): number;
  /** The next one, for whatever is rented there. */
  next(): number;
  /** Gives a machine that number; the answer is the one that it has had since. */
  fix(name: string, number: number): number;
}

export function rentalNumbers(known: readonly { machine: number; name: string }[]): RentalNumbers {
  const numbers = new Map(known.map(({ machine, name }) => [name, machine]));
  let last = known.reduce((most, { machine }) => Math.max(most, machine), -1);
  const next = () => (last += 1);
  const fix = (name: string, number: number) => {
    const fixed = numbers.get(name) ?? number;
    numbers.set(name, fixed);
    return fixed;
  };
  return { next, fix, of: (name) => numbers.get(name) ?? fix(name, next()) };
}

/** Writes down, in order, what happens to machines while they are rented and ended. */
export interface RentalLog {
  on(event: RentEvent): void;
  add(event: JournalEvent): void;
  /** Names whose end was written down. */
  gone(name: string): boolean;
  /** When all of it is on disk. @throws why something could not be written. */
  written(): Promise<void>;
}

/** `2× H200 in us-east-1, spot`. */
export function describeOffer({ gpu, instanceType, region, market }: Offer): string {
  const what = gpu === null ? instanceType : `${gpu.count}× ${gpu.id ?? gpu.name}`;
  return `${what} in ${region}${market === 'on-demand' ? '' : `, ${market}`}`;
}

type MachineEvent = Extract<RunEvent, { type: 'machine' }>;

export function rentalLog(o: {
  writer: RunWriter;
  io: Io;
  numbers: RentalNumbers;
  meter: Meter;
  /** Index of the execution group; null: none. */
  group: number | null;
  diskGb: number;
  tell: (event: RunEvent) => void;
}): RentalLog {
  const { writer, io, numbers, meter, group } = o;
  const gone = new Set<string>();
  const last = new Map<string, string>();
  /** Asked for, and not told to exist: what it would cost. `since`: on the monotonic clock. */
  const asked = new Map<string, { offer: Offer; since: number }>();
  let tail: Promise<void> = Promise.resolve();
  let failure: unknown;
  /** What was added, at the times that stand in the journal. */
  const lines: JournalLine[] = [];
  const add = (event: JournalEvent) => {
    tail = tail
      .then(() => {
        lines.push({ ...event, seq: lines.length, at: new Date(io.now()).toISOString(), ms: Math.round(io.monotonic()) });
        return writer.event(event);
      })
      .catch((error: unknown) => void (failure ??= error));
  };
  const tell = (name: string, state: MachineEvent['state'], text: string, price: number | null = null, costUsd: number | null = null) =>
    o.tell({
      type: 'machine',
      machine: name,
      ...(group === null ? {} : { group }),
      state,
      text,
      priceUsdPerHour: price,
      ...(costUsd === null ? {} : { costUsd }),
    });
  /** As the run's total will count it. An earlier invocation began what was taken over. */
  const costOf = async (name: string): Promise<number | null> => {
    const mine = lines.some((line) => line.type === 'machine_intent' && line.name === name);
    const { events } = mine ? { events: lines } : await readJournal(runPaths.journal(writer.dir), { missing: 'empty' });
    return runCost(events).machines.find((machine) => machine.name === name)?.totalUsd ?? null;
  };
  const diskOf = (offer: Offer) => diskUsdPerHour({ ...offer, diskGb: o.diskGb }) ?? 0;
  const on = (event: RentEvent): void => {
    if (event.type === 'offers') {
      const { provider, found, fitting, error } = event;
      const text = error === null ? `${provider}: ${fitting} of ${found} offers fit` : oneLine(io.redact(error.message));
      return o.tell({ type: 'offers', provider, ...(group === null ? {} : { group }), text, failed: error !== null });
    }
    const { name } = event;
    const who = { machine: numbers.of(name), name };
    switch (event.type) {
      case 'renting': {
        const { offer } = event;
        const { provider, priceUsdPerHour, storageUsdPerGbMonth, diskInPrice } = offer;
        const text = describeOffer(offer);
        const price = {
          priceUsdPerHour,
          priceSource: sourceOf(offer),
          diskGb: o.diskGb,
          storageUsdPerGbMonth,
          ...(diskInPrice === undefined ? {} : { diskInPrice }),
        };
        asked.set(name, { offer, since: io.monotonic() });
        add({ type: 'machine_intent', ...who, group, provider, offer: text, ...price });
        return tell(name, 'renting', `${text} of ${provider}`, priceUsdPerHour);
      }
      case 'state': {
        const { machine, offer, answerLost } = event;
        const word = `${machine.state} ${machine.rawState}`;
        const before = last.get(name);
        if (before === word) return undefined;
        last.set(name, word);
        const queued = machine.state === 'pending';
        if (before === undefined || (before.startsWith('pending') && !queued)) {
          // One that was found, or taken over, is as old as its intent, for all that is known here; in a queue it does not cost yet.
          const known = asked.get(name);
          const found = before === undefined && !queued && (answerLost === true || known === undefined);
          add({ type: 'machine_rented', ...who, id: machine.ref.id, queued, ...(found ? { sinceIntent: true } : {}) });
          if (!queued) meter.began(name, machine.priceUsdPerHour ?? offer.priceUsdPerHour, diskOf(offer), found ? known?.since : undefined);
          asked.delete(name);
        }
        return tell(name, queued ? 'queued' : 'starting', [machine.rawState, machine.stateReason].filter(Boolean).join(': '));
      }
      case 'price': {
        const { priceUsdPerHour, priceSource } = event;
        meter.costs(name, priceUsdPerHour);
        return add({ type: 'machine_price', ...who, priceUsdPerHour, priceSource: describeSource(priceSource) });
      }
      case 'failed':
        add({ type: 'machine_failed', ...who, error: errorFacts(event.error, io) });
        return tell(name, 'failed', oneLine(io.redact(event.error.message)));
      case 'running':
        asked.delete(name);
        if (!last.has(name)) add({ type: 'machine_rented', ...who, id: event.machine.ref.id, queued: false });
        meter.began(name, event.machine.priceUsdPerHour ?? event.offer.priceUsdPerHour, diskOf(event.offer));
        add({ type: 'machine_running', ...who });
        return tell(name, 'running', describeOffer(event.offer), event.offer.priceUsdPerHour);
      case 'ending': {
        // Made, although its create failed, or was stopped before anybody looked.
        const made = asked.get(name);
        if (made) meter.began(name, made.offer.priceUsdPerHour, diskOf(made.offer), made.since);
        asked.delete(name);
        add({ type: 'machine_ending', ...who, reason: io.redact(event.reason), ...(made ? { sinceIntent: true } : {}) });
        return tell(name, 'ending', oneLine(io.redact(event.reason)));
      }
      case 'gone':
        if (gone.has(name)) return undefined;
        gone.add(name);
        meter.ended(name);
        add({ type: 'machine_gone', ...who });
        tail = tail.then(async () => tell(name, 'gone', '', null, await costOf(name).catch(() => null)));
        return undefined;
    }
  };
  return {
    on,
    add,
    gone: (name) => gone.has(name),
    written: async () => {
      await tail;
      if (failure !== undefined) throw failure;
    },
  };
}

function sourceOf({ priceSource, priceUsdPerHour }: Offer): string | null {
  return priceUsdPerHour === null ? null : describeSource(priceSource);
}

const describeSource = ({ name, kind, at }: Offer['priceSource']) => `${name}, ${kind}, ${at}`;
