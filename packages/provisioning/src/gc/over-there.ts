import type { Io } from '@bench/core';
import type { OpenProvider } from '../core/open-providers.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import { pollerOf } from '../rent/poller.ts';
import { invisibleMs } from '../rent/visibility.ts';

/**
 * Whether a job that was left to its queue is over there, by the queue's own word: its lease claims nothing any more then. False for whatever
 * else has a lease, where it cannot be looked at, and while it may not be shown yet.
 * @throws the signal's reason
 */
export async function isOverThere(entry: LedgerEntry, open: OpenProvider, o: { io: Io; signal: AbortSignal }): Promise<boolean> {
  const { holder, workload, ref, account, createdAt } = entry;
  if (holder.kind !== 'lease' || workload !== 'batch' || ref === null || createdAt === null) return false;
  // To another cluster its number is nobody's, or another's.
  if (account === null && open.provider.account !== undefined) return false;
  const look = await pollerOf(open.provider, o.io).look(ref, 0, o.signal);
  if (look.kind === 'gone') return o.io.now() - Date.parse(createdAt) >= invisibleMs(open.factory.capabilities);
  return look.kind === 'seen' && (look.machine.state === 'terminated' || look.machine.state === 'failed');
}
