import type { Io } from '@bench/core';
import { errorFacts } from '../error-facts.ts';
import type { CloudAccess } from '../run-options.ts';
import { costingEntries, endEntry } from './end-entry.ts';

/**
 * Ends whatever of a run may still cost money and was not left up on purpose, whoever lost sight of it: a create whose answer never came, a
 * machine whose taking over was cut short, one that nobody closed because of an error. The answer: what could not be ended, in words.
 * @param told what was said to be left already; a machine that is named there was tried for as long as it may take
 */
export async function sweep(o: { run: string; access: CloudAccess; io: Io; reason: string; told?: readonly string[] }): Promise<string[]> {
  const { run, access, io, reason, told = [] } = o;
  // Whole names: `…-1` stands in `…-10`.
  const named = new Set(told.flatMap((text) => text.split(/[^a-z0-9-]+/)));
  const entries = (await costingEntries(access.ledger, run)).filter(({ name, holder }) => holder.kind !== 'lease' && !named.has(name));
  const left = await Promise.all(
    entries.map(async (entry) => {
      try {
        await endEntry(entry, { ...access, io, reason });
        return null;
      } catch (error) {
        const { message, hint } = errorFacts(error, io);
        return `${entry.name}: ${message}${hint === undefined ? '' : ` (${hint})`}`;
      }
    }),
  );
  return left.filter((text) => text !== null);
}
