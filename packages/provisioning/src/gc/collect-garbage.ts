import { BenchError, EXIT, messageOf } from '@bench/core';
import type { Machine } from '../contract/machine.ts';
import { OWNER_IN_NAME } from '../contract/name.ts';
import type { OpenProvider } from '../core/open-providers.ts';
import { claimOf } from '../ledger/claim.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import type { OwnedEntry } from '../ledger/fold.ts';
import { isOver } from '../ledger/is-over.ts';
import { sameAccount } from '../rent/account.ts';
import { findMachine } from '../rent/create-machine.ts';
import { endMachine } from '../rent/end-machine.ts';
import { createOverMs, invisibleMs } from '../rent/visibility.ts';
import { listAll } from './listed.ts';
import { isOverThere } from './over-there.ts';
import { fromEntry, fromMachine, notOpen } from './told.ts';
import type { GcMachine, GcOptions, GcResult } from './types.ts';
import { whose } from './whose.ts';

/** How long a provider is asked that only fails. */
const PATIENCE_MS = 120_000;
const EXPIRED_MS = 90 * 60_000;
/**
 * Milliseconds after which a machine that the ledger does not know is ended; until then its line may only not have arrived yet, as the folder may
 * be another computer's too.
 */
export const SETTLED_MS = 10 * 60_000;

/**
 * Ends what this ledger's owner has and nobody works with: what the ledger knows of, and what providers show under the owner's id. What others
 * own is listed. Never throws for what it finds: that is in the result.
 * @throws BenchError `BENCH_LEDGER_*`; the signal's reason
 */
export async function collectGarbage(options: GcOptions): Promise<GcResult> {
  const { ledger, providers, io } = options;
  const signal = options.signal ?? io.signal;
  const result: GcResult = { ended: [], alive: [], unresolved: [], foreign: [], ofOwner: 0, damage: [], exitCode: EXIT.ok };
  await Promise.all(providers.list.map((open) => sweep({ ...options, signal }, open, result)));
  signal.throwIfAborted();
  const opened = new Set(providers.list.map(({ factory }) => factory.name));
  for (const entry of await openEntries(options)) {
    if (opened.has(entry.provider)) continue;
    const by = await claimOf(entry, { ledger, io });
    if (by !== null) result.alive.push({ ...fromEntry(entry, options), by });
    else result.unresolved.push(notOpen(entry, options));
  }
  result.damage = await ledger.damage();
  if (result.unresolved.length > 0 || result.damage.length > 0) result.exitCode = EXIT.cleanupIncomplete;
  return result;
}

type Sweep = GcOptions & { signal: AbortSignal };

/** One provider. */
async function sweep(o: Sweep, open: OpenProvider, result: GcResult): Promise<void> {
  const { ledger, on } = o;
  const { name: provider } = open.factory;
  on?.({ type: 'looking', provider });
  const { machines, error } = await listAll(open, o);
  o.signal.throwIfAborted();
  // Read after the list: a machine that is in it has had its intent on disk for long.
  const own = (await ledger.entries()).filter((entry) => entry.provider === provider);
  const others = (await othersAsked(o)).filter((entry) => entry.provider === provider);
  const entries = [...own, ...others];
  const mine = entries.filter((entry) => isAsked(entry, o));
  // Where nothing of ours is, and nobody asked for what others have, it need not answer.
  if (error !== null && (mine.length > 0 || o.owner !== undefined || o.expired === true)) {
    result.unresolved.push({
      name: null,
      provider,
      id: null,
      problem: `${open.factory.title} did not say which machines there are: ${error.message}`,
      hint: error.hint ?? 'run bench gc again later',
      error,
    });
  }
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const listed = new Set<string>();
  const work: Promise<void>[] = [];
  for (const machine of machines) {
    const entry = byName.get(machine.ref.name);
    if (entry !== undefined && !isAsked(entry, o)) continue;
    const verdict = whose(machine, ledger.owner, own);
    if (verdict === 'ours') {
      listed.add(machine.ref.name);
      work.push(oursSeen(o, open, machine, entry, result));
    } else {
      if (entry !== undefined && entry.owner !== ledger.owner) listed.add(machine.ref.name);
      work.push(foreignSeen(o, open, machine, verdict === 'uncertain', result));
    }
  }
  for (const entry of mine) if (!isOver(entry) && !listed.has(entry.name)) work.push(notSeen(o, open, entry, result));
  await Promise.all(work);
}

async function oursSeen(o: Sweep, open: OpenProvider, machine: Machine, entry: LedgerEntry | undefined, result: GcResult): Promise<void> {
  const told = fromMachine(machine, o, entry);
  if (isOf(o.owner, told.owner)) result.ofOwner += 1;
  const by = entry === undefined || isOver(entry) ? null : await claimOf(entry, o);
  if (by !== null) return void result.alive.push({ ...told, by });
  // Under its own id it is asked for by --owner, and then ended all the same.
  if (entry === undefined && !isOf(o.owner, told.owner) && (told.ageMs === null || told.ageMs < SETTLED_MS)) {
    return void result.unresolved.push({
      name: told.name,
      provider: told.provider,
      id: told.id,
      problem: 'the ledger does not know it, and it is new: another computer with the same ledger may be at work with it',
      hint: `run bench gc again in ten minutes, or bench gc --owner ${o.ledger.owner} if nobody is`,
      error: null,
    });
  }
  const reason = entry === undefined ? 'the ledger does not know it' : 'nobody works with it any more';
  if (entry !== undefined && !isOver(entry) && !(await takes(o, entry, told, result))) return;
  await end(o, { open, machine: machine.ref, told, entry, reason, result, seen: true });
}

async function foreignSeen(o: Sweep, open: OpenProvider, machine: Machine, uncertain: boolean, result: GcResult): Promise<void> {
  const told = fromMachine(machine, o, undefined);
  const pastMs = machine.expiresAt === null ? -1 : o.io.now() - Date.parse(machine.expiresAt);
  const named = isOf(o.owner, told.owner);
  if (named) result.ofOwner += 1;
  if (named || (o.expired === true && pastMs > EXPIRED_MS)) {
    const reason = named ? `it belongs to ${o.owner}` : `it should have ended at ${machine.expiresAt}`;
    return await end(o, { open, machine: machine.ref, told, entry: undefined, reason, result, seen: true });
  }
  result.foreign.push({ ...told, expired: pastMs > 0, uncertain });
}

/** Only as much is compared as both say: a name has six characters of its owner, a label all twelve. */
function isOf(asked: string | undefined, owner: string | null): boolean {
  if (asked === undefined || owner === null || Math.min(asked.length, owner.length) < OWNER_IN_NAME) return false;
  return owner.startsWith(asked) || asked.startsWith(owner);
}

/** Only the account that rented it can say that it is gone. */
async function notSeen(o: Sweep, open: OpenProvider, entry: OwnedEntry, result: GcResult): Promise<void> {
  if (isOf(o.owner, entry.owner)) result.ofOwner += 1;
  const same = await sameAccount(entry, open, { signal: o.signal });
  if (same === true) return await notListed(o, open, entry, result);
  o.signal.throwIfAborted();
  const by = await claimOf(entry, o);
  if (by !== null) return void result.alive.push({ ...fromEntry(entry, o), by });
  const { name, provider, ref } = entry;
  result.unresolved.push({
    name,
    provider,
    id: ref?.id ?? null,
    problem: same.message,
    hint: same.hint ?? 'run bench gc again later',
    error: same,
  });
}

/** The ledger has it, the list has not. */
async function notListed(o: Sweep, open: OpenProvider, entry: OwnedEntry, result: GcResult): Promise<void> {
  const { ledger, io, on, signal } = o;
  const told = fromEntry(entry, o);
  const by = await claimOf(entry, o);
  if (by !== null) {
    if (!(await isOverThere(entry, open, o))) return void result.alive.push({ ...told, by });
    if (!o.dryRun) await ledger.gone(entry.name);
    on?.({ type: 'gone', name: entry.name });
    return void result.ended.push({ ...told, reason: 'it has ended by itself' });
  }
  if (entry.ref !== null) {
    if (!(await takes(o, entry, told, result))) return;
    const reason = 'nobody works with it any more';
    return await end(o, { open, machine: entry.ref, told, entry, reason, result, seen: entry.runningAt !== null });
  }
  if (o.dryRun) {
    return void result.unresolved.push({
      name: entry.name,
      provider: entry.provider,
      id: null,
      problem: 'it may have been made: its create call was never answered',
      hint: 'bench gc looks for it',
      error: null,
    });
  }
  if (!(await takes(o, entry, told, result))) return;
  const fromMs = createOverMs(io);
  on?.({ type: 'searching', name: entry.name, forMs: fromMs - io.monotonic() + invisibleMs(open.factory.capabilities) });
  const market = entry.offer.market;
  const { machine, certain, error } = await findMachine({
    name: entry.name,
    open,
    io,
    market,
    fromMs,
    patienceMs: PATIENCE_MS,
    signal,
  });
  if (machine !== null) {
    // It may carry the name and be somebody else's.
    if (whose(machine, ledger.owner, await ledger.entries()) !== 'ours') return await foreignSeen(o, open, machine, true, result);
    await ledger.created(entry.name, machine.ref);
    return await end(o, {
      open,
      machine: machine.ref,
      told: fromMachine(machine, o, entry),
      entry,
      reason: 'its create call was lost',
      result,
      seen: true,
    });
  }
  if (certain) return await ledger.refused(entry.name, 'it was never to be seen');
  await ledger.hold(entry.name, entry.holder);
  signal.throwIfAborted();
  result.unresolved.push({
    name: entry.name,
    provider: entry.provider,
    id: null,
    problem: `nobody could look whether it was made${error === null ? '' : `: ${error.message}`}`,
    hint: error?.hint ?? 'run bench gc again later',
    error,
  });
}

async function end(
  o: Sweep,
  what: {
    open: OpenProvider;
    machine: Machine['ref'];
    told: GcMachine;
    entry: LedgerEntry | undefined;
    reason: string;
    result: GcResult;
    seen: boolean;
  },
): Promise<void> {
  const { ledger, io, on, signal } = o;
  const { open, machine: ref, told, entry, reason, result, seen } = what;
  if (o.dryRun) return void result.ended.push({ ...told, reason });
  on?.({ type: 'ending', name: ref.name, reason });
  const invisibleUntilMs = seen ? null : io.monotonic() + invisibleMs(open.factory.capabilities);
  const market = entry?.offer.market ?? 'on-demand';
  try {
    await endMachine({ ref, open, ledger, io, market, reason: `gc: ${reason}`, invisibleUntilMs, patienceMs: PATIENCE_MS, signal });
    on?.({ type: 'gone', name: ref.name });
    result.ended.push({ ...told, reason });
  } catch (thrown) {
    // Not ours to keep: the next gc may be another process.
    if (entry !== undefined) await ledger.hold(entry.name, entry.holder).catch(() => undefined);
    signal.throwIfAborted();
    const error = BenchError.is(thrown) ? thrown : new BenchError({ code: 'BENCH_GC', message: messageOf(thrown), cause: thrown });
    on?.({ type: 'failed', name: ref.name, error });
    result.unresolved.push({
      name: ref.name,
      provider: ref.provider,
      id: ref.id,
      problem: error.message,
      hint: error.hint ?? 'run bench gc again later',
      error,
    });
  }
}

/** Of several that come at once one ends it; to the others it is held by a living process. */
async function takes(o: Sweep, entry: LedgerEntry, told: GcMachine, result: GcResult): Promise<boolean> {
  if (o.dryRun || (await o.ledger.takeOver(entry.name, entry.holder))) return true;
  result.alive.push({ ...told, by: 'a process that has just taken it over' });
  return false;
}

async function openEntries(o: GcOptions): Promise<OwnedEntry[]> {
  return [...(await o.ledger.entries()), ...(await othersAsked(o))].filter((entry) => !isOver(entry) && isAsked(entry, o));
}

const isAsked = (entry: LedgerEntry, { only }: GcOptions): boolean => only?.(entry) ?? true;

/** What a copied ledger has of the owner that was named. */
async function othersAsked({ ledger, owner }: GcOptions): Promise<OwnedEntry[]> {
  return owner === undefined ? [] : (await ledger.others()).filter((entry) => isOf(owner, entry.owner));
}
