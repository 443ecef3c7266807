import type { LedgerEntry } from './entry.ts';
import type { LedgerLine } from './event.ts';

/** An entry, and whose it is: a ledger that was copied from another computer also has that one's. */
export type OwnedEntry = LedgerEntry & { owner: string };

/** Entries by name, oldest first. */
export type Entries = Map<string, OwnedEntry>;

/** Takes one event into account. The last one wins: a machine that turns up after it was thought gone is there. */
export function applyEvent(entries: Entries, line: LedgerLine): void {
  if (line.type === 'mended') return;
  if (line.type === 'intent') {
    const { type: _type, at, owner, offer, ...rest } = line;
    const { id, instanceType, region, zone, gpu, market } = offer;
    entries.set(line.name, {
      name: rest.name,
      owner,
      provider: rest.provider,
      account: rest.account ?? null,
      run: rest.run,
      runDir: rest.runDir,
      state: 'intent',
      ref: null,
      offer: { id, instanceType, region, zone, gpu, market },
      workload: rest.workload,
      priceUsdPerHour: rest.priceUsdPerHour,
      priceSource: rest.priceSource,
      storageUsdPerGbMonth: rest.storageUsdPerGbMonth,
      ...(rest.diskInPrice === undefined ? {} : { diskInPrice: rest.diskInPrice }),
      diskGb: rest.diskGb,
      holder: rest.holder,
      intentAt: at,
      createdAt: null,
      runningAt: null,
      endedAt: null,
      changedAt: at,
      expiresAt: rest.expiresAt,
      note: null,
    });
    return;
  }
  const entry = entries.get(line.name);
  // Its intent stands on a damaged line. What the provider has is still found there, by the owner.
  if (!entry) return;
  switch (line.type) {
    case 'created':
      entry.state = 'created';
      entry.ref = line.ref;
      entry.createdAt ??= line.at;
      entry.endedAt = null;
      break;
    case 'running':
      entry.runningAt ??= line.at;
      return;
    case 'price':
      entry.priceUsdPerHour = line.priceUsdPerHour;
      entry.priceSource = line.priceSource;
      return;
    case 'hold':
      entry.holder = line.holder;
      return;
    case 'unknown':
    case 'ending':
      entry.state = line.type;
      entry.note = line.note;
      break;
    case 'refused':
      entry.state = 'refused';
      entry.note = line.note;
      entry.endedAt = line.at;
      break;
    case 'gone':
      entry.state = 'gone';
      entry.endedAt = line.at;
      break;
  }
  entry.changedAt = line.at;
}
