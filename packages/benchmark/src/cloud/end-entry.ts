import { isDeepStrictEqual } from 'node:util';
import { BenchError, EXIT, type Io } from '@bench/core';
import {
  claimOf,
  createOverMs,
  deadlinesOf,
  endMachine,
  findMachine,
  invisibleMs,
  isOver,
  type Ledger,
  type LedgerEntry,
  type MachineRef,
  type OpenProvider,
  sameAccount,
} from '@bench/provisioning';
import type { CloudAccess } from '../run-options.ts';

/** Every machine of a run that may still cost money. */
export async function costingEntries(ledger: Ledger, run: string): Promise<LedgerEntry[]> {
  return (await ledger.entries()).filter((entry) => entry.run === run && !isOver(entry));
}

/**
 * Ends a machine that only the ledger knows of; one whose create was never answered is looked for by its name first.
 * @param o.asked the user asked for its end while nobody works on its run: whoever holds it is not asked. Default false
 * @throws BenchError `BENCH_MACHINE_BUSY` when a living process took it, of kind `cleanup` when it is not gone, or was
 *   rented with another account
 */
export async function endEntry(entry: LedgerEntry, o: CloudAccess & { io: Io; reason: string; asked?: boolean }): Promise<void> {
  const { ledger, providers, io, reason } = o;
  const { name } = entry;
  const open = providers.get(entry.provider);
  // To another account it would seem never to have been made.
  const same = entry.ref === null ? await sameAccount(entry, open) : true;
  if (same !== true) throw same;
  if (!(await takeIt(entry, o))) return;
  const ref = entry.ref ?? (await refOf(entry, open, o));
  if (ref === null) return ledger.refused(name, 'it was never to be seen');
  if (entry.ref === null) await ledger.created(name, ref);
  const invisibleUntilMs = entry.runningAt === null && entry.ref !== null ? io.monotonic() + invisibleMs(open.factory.capabilities) : null;
  await endMachine({ ref, open, ledger, io, market: entry.offer.market, reason, invisibleUntilMs });
}

/** False: it is gone by now. @throws BenchError `BENCH_MACHINE_BUSY` when a living process has it, or just took it */
async function takeIt(entry: LedgerEntry, { ledger, io, asked = false }: { ledger: Ledger; io: Io; asked?: boolean }): Promise<boolean> {
  const { name, holder } = entry;
  const by = asked || holder.kind === 'lease' || isDeepStrictEqual(holder, ledger.self) ? null : await claimOf(entry, { ledger, io });
  if (by === null && (await ledger.takeOver(name, holder))) return true;
  const now = await ledger.entry(name);
  if (now === null || isOver(now)) return false;
  throw new BenchError({
    code: 'BENCH_MACHINE_BUSY',
    message: `machine ${name} is held by ${by ?? 'a process that has just taken it over'}, and is left to it`,
    hint: 'bench gc ends it once that process is gone',
    exitCode: EXIT.usage,
  });
}

/** How many more times a provider is asked that does not answer. */
const MORE_LOOKS = 6;

/** Null: it was not made, for by now it would be seen; one of that name that says that it is another owner's is not it. */
async function refOf(entry: LedgerEntry, open: OpenProvider, { ledger, io }: { ledger: Ledger; io: Io }): Promise<MachineRef | null> {
  const { name, offer } = entry;
  const { pollMs } = deadlinesOf(open.factory, offer.market);
  const { machine, certain, error } = await findMachine({
    name,
    owner: ledger.owner,
    open,
    io,
    market: offer.market,
    fromMs: createOverMs(io),
    patienceMs: pollMs * MORE_LOOKS,
    // Not the signal that stops a run: that is when machines are ended.
    signal: undefined,
  });
  if (machine === null && !certain) throw notSeen(name, open, error);
  return machine?.ref ?? null;
}

function notSeen(name: string, { factory }: OpenProvider, cause: unknown): BenchError {
  return new BenchError({
    code: 'BENCH_PROVIDER_CLEANUP',
    message: `${factory.title} does not say whether machine ${name} was made`,
    hint: 'bench gc looks again',
    exitCode: EXIT.cleanupIncomplete,
    cause,
    details: { kind: 'cleanup', provider: factory.name },
  });
}
