import type { Machine } from '../contract/machine.ts';
import { OWNER_IN_NAME, parseMachineName } from '../contract/name.ts';
import type { LedgerEntry } from '../ledger/entry.ts';

/**
 * Whose machine it is. The owner's id in full decides where the provider has labels. Where only the name says, six characters are not enough
 * (two ledgers may share them): the ledger must know the machine, or at least rent from that provider for that run; else it is `uncertain`, and
 * is treated as somebody else's.
 */
export function whose(machine: Machine, owner: string, entries: readonly LedgerEntry[]): 'ours' | 'foreign' | 'uncertain' {
  const short = owner.slice(0, OWNER_IN_NAME);
  const named = parseMachineName(machine.ref.name);
  const label = machine.owner;
  if (label !== null && label.length > OWNER_IN_NAME) return label === owner ? 'ours' : 'foreign';
  if ((label ?? named?.owner6) !== short || (named !== null && named.owner6 !== short)) return 'foreign';
  const run = machine.run ?? named?.run;
  const known = entries.some(
    (entry) => entry.provider === machine.ref.provider && (entry.name === machine.ref.name || (run !== undefined && entry.run === run)),
  );
  return known ? 'ours' : 'uncertain';
}
