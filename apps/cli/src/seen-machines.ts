import { type Io, messageOf } from '@bench/core';
import { claimOf, isOver, type Ledger, type LedgerEntry, type Machine, type OpenProviders, whose } from '@bench/provisioning';

/** A machine of this user: of the ledger, of a provider, or, as it should be, of both. */
export interface SeenMachine {
  name: string;
  provider: string;
  /** As its provider says now; null: it does not show it, or could not be asked. */
  machine: Machine | null;
  /** Null: the ledger does not know it. */
  entry: LedgerEntry | null;
  /** Who works with it, in words; null: nobody. */
  claim: string | null;
  /** Its provider said which machines there are. */
  asked: boolean;
  /** Whose it is: `uncertain` where all that says so are six characters in its name. */
  whose: 'ours' | 'uncertain';
}

/** The ledger's machines that may cost money, and nobody is asked about them. */
export async function ledgerMachines(ledger: Ledger, io: Io): Promise<SeenMachine[]> {
  const entries = (await ledger.entries()).filter((entry) => !isOver(entry));
  return Promise.all(entries.map((entry) => ofEntry(entry, { ledger, io, asked: false })));
}

/** The same, as their providers see them now, and those with this owner that only a provider knows. `errors`: who could not be asked, by name. */
export async function seenMachines(o: {
  ledger: Ledger;
  providers: OpenProviders;
  io: Io;
  signal: AbortSignal;
}): Promise<{ machines: SeenMachine[]; errors: { provider: string; message: string }[] }> {
  const { ledger, providers, io, signal } = o;
  const errors: { provider: string; message: string }[] = [];
  const shown: Machine[] = [];
  const asked = new Set<string>();
  await Promise.all(
    providers.list.map(async ({ factory, provider }) => {
      try {
        for await (const machine of provider.owned({ owner: ledger.owner }, { signal })) shown.push(machine);
        asked.add(factory.name);
      } catch (error) {
        signal.throwIfAborted();
        errors.push({ provider: factory.name, message: io.redact(messageOf(error)) });
      }
    }),
  );
  // Read after the lists: a machine that is in one has had its intent on disk for long.
  const entries = await ledger.entries();
  const rows = new Map<string, SeenMachine>();
  for (const entry of entries)
    if (!isOver(entry)) rows.set(entry.name, await ofEntry(entry, { ledger, io, asked: asked.has(entry.provider) }));
  for (const machine of shown) {
    const { name, provider } = machine.ref;
    const verdict = machine.state === 'terminated' ? 'foreign' : whose(machine, ledger.owner, entries);
    if (verdict === 'foreign') continue;
    const row = rows.get(name);
    const entry = entries.find((known) => known.name === name && known.provider === provider) ?? null;
    rows.set(name, row ? { ...row, machine } : { name, provider, machine, entry, claim: null, asked: true, whose: verdict });
  }
  return { machines: [...rows.values()], errors };
}

async function ofEntry(entry: LedgerEntry, o: { ledger: Ledger; io: Io; asked: boolean }): Promise<SeenMachine> {
  const { name, provider } = entry;
  return { name, provider, machine: null, entry, claim: await claimOf(entry, o), asked: o.asked, whose: 'ours' };
}
