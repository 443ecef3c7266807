import { readJournal } from './journal.ts';
import type { JournalLine } from './journal-events.ts';
import { liveDeployments } from './live-deployments.ts';
import { paths } from './paths.ts';
import { rentedMachines } from './rented-machines.ts';
import { runCost } from './run-cost.ts';
import type { RunView } from './run-view.ts';

/** How a rented machine stands by the ledger. */
export interface MachineStand {
  /** Nothing of it costs money any more. */
  gone: boolean;
  /** ISO 8601; null: it is not gone, or nobody knows since when. */
  endedAt: string | null;
  /** It existed for certain, even if its run ended before it was told. Default: what the journal says. */
  made?: boolean;
}

/**
 * A run as it stands now: what its journal says, and what the ledger has learnt since of its machines, while nobody wrote the journal. What is
 * still there counts until `now`, where the ledger knows all that the journal leaves open.
 * @param o.standOf null: the ledger does not know it
 * @param o.now milliseconds since the epoch
 */
export async function knownSince(
  view: Pick<RunView, 'dir' | 'live' | 'rented' | 'cost'>,
  o: { standOf: (name: string) => MachineStand | null; now: number },
): Promise<Pick<RunView, 'live' | 'rented' | 'cost'>> {
  const { live, rented, cost } = view;
  if (rented.length === 0) return { live, rented, cost };
  const { events } = await readJournal(paths.journal(view.dir), { missing: 'empty' });
  const written = rentedMachines(events).filter(({ state }) => state !== 'gone');
  const last = events.at(-1);
  const ends = written.flatMap(({ machine, name }): JournalLine[] => {
    const stand = o.standOf(name);
    if (!last || stand?.gone !== true) return [];
    const { seq, at } = last;
    const { endedAt, made } = stand;
    const facts = { ...(endedAt === null ? {} : { endedAt }), ...(made === true ? { sinceIntent: true as const } : {}) };
    return [{ type: 'machine_gone', machine, name, ...facts, seq: seq + 1, at }];
  });
  const now = [...events, ...ends];
  const allKnown = written.every(({ name }) => o.standOf(name) !== null);
  return { live: liveDeployments(now), rented: rentedMachines(now), cost: runCost(now, allKnown ? { now: o.now } : {}) };
}
