import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type Io, messageOf } from '@bench/core';
import { isOver, type LedgerEntry } from '@bench/provisioning';
import { knownSince, readRun, type RunOutline, type RunView } from '@bench/results';
import { ledgerDir, withLedger } from './cloud-access.ts';

/** A run, and what the ledger of this user knows of the machines that it rented. */
export interface RunNow<V extends RunOutline = RunView> {
  view: V;
  /** By name. A machine that is not in it is not known to the ledger. */
  ledger: ReadonlyMap<string, LedgerEntry>;
  /** Machines that the run's journal still has, and the ledger knows to be gone. */
  goneSince: readonly LedgerEntry[];
}

/**
 * Reads runs as they stand now: with what `bench gc` and others have done to their machines since. Asks no provider. A ledger that cannot be
 * read is one of the run's `problems`.
 */
export function runsNow(io: Io): (dir: string) => Promise<RunNow> {
  const know = knownNow(io);
  return async (dir) => know(await readRun(dir));
}

/** The same of runs that were read. */
export function knownNow(io: Io): <V extends RunOutline>(view: V) => Promise<RunNow<V>> {
  let read: Promise<LedgerWords> | undefined;
  return async (view) => {
    if (view.rented.length === 0) return { view, ledger: new Map(), goneSince: [] };
    const { entries, problem } = await (read ??= readLedger(io));
    const ledger = new Map(view.rented.flatMap(({ name }) => entries.get(name) ?? []).map((entry) => [entry.name, entry]));
    const standOf = (name: string) => {
      const entry = ledger.get(name);
      return entry === undefined ? null : { gone: isOver(entry), endedAt: entry.endedAt, made: entry.state === 'gone' };
    };
    const problems = problem === null ? view.problems : [...view.problems, problem];
    const known = await knownSince(view, { standOf, now: io.now() });
    const goneSince = view.rented.flatMap(({ name, state }) => {
      const entry = ledger.get(name);
      return entry !== undefined && isOver(entry) && !['gone', 'failed', 'intent'].includes(state) ? [entry] : [];
    });
    return { view: { ...view, ...known, problems }, ledger, goneSince };
  };
}

interface LedgerWords {
  entries: ReadonlyMap<string, LedgerEntry>;
  problem: RunView['problems'][number] | null;
}

/** Makes no ledger where there is none. */
async function readLedger(io: Io): Promise<LedgerWords> {
  const path = join(ledgerDir(), 'ledger.jsonl');
  try {
    await access(path);
  } catch {
    return { entries: new Map(), problem: null };
  }
  try {
    const entries = await withLedger(io, (ledger) => ledger.entries());
    return { entries: new Map(entries.map((entry) => [entry.name, entry])), problem: null };
  } catch (error) {
    return { entries: new Map(), problem: { path, message: io.redact(messageOf(error)) } };
  }
}
