import type { Machine } from '../contract/machine.ts';
import { parseMachineName } from '../contract/name.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import type { OwnedEntry } from '../ledger/fold.ts';
import type { GcMachine, GcOptions, GcResult } from './types.ts';

/** Of a provider that is not open: nobody could be asked. */
export function notOpen(entry: LedgerEntry, { providers }: GcOptions): GcResult['unresolved'][number] {
  const closed = providers.closed.find(({ name }) => name === entry.provider);
  return {
    name: entry.name,
    provider: entry.provider,
    id: entry.ref?.id ?? null,
    problem: `its provider ${entry.provider} is not open${closed === undefined ? '' : `: ${closed.reason}`}`,
    hint: closed?.hint ?? `set up ${entry.provider} (its credentials, its plugin), then run bench gc again`,
    error: closed?.error ?? null,
  };
}

/** As the ledger has it. */
export function fromEntry(entry: OwnedEntry, { io }: GcOptions): GcMachine {
  const { name, owner, provider, ref, run, priceUsdPerHour, expiresAt } = entry;
  const createdAt = entry.createdAt ?? entry.intentAt;
  const ageMs = io.now() - Date.parse(createdAt);
  return { name, provider, id: ref?.id ?? null, owner, run, state: null, priceUsdPerHour, createdAt, ageMs, expiresAt };
}

/** As its provider shows it, and what of the rest the ledger has. */
export function fromMachine(machine: Machine, { io }: GcOptions, entry: LedgerEntry | undefined): GcMachine {
  const { ref, state } = machine;
  const named = parseMachineName(ref.name);
  const createdAt = machine.createdAt ?? entry?.createdAt ?? null;
  return {
    name: ref.name,
    provider: ref.provider,
    id: ref.id,
    owner: machine.owner ?? named?.owner6 ?? null,
    run: machine.run ?? named?.run ?? null,
    state,
    priceUsdPerHour: machine.priceUsdPerHour ?? entry?.priceUsdPerHour ?? null,
    createdAt,
    ageMs: createdAt === null ? null : io.now() - Date.parse(createdAt),
    expiresAt: machine.expiresAt ?? entry?.expiresAt ?? null,
  };
}
