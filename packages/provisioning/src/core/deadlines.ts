import type { Market } from '../contract/offer.ts';
import type { Deadlines, ProviderFactory } from '../contract/provider.ts';

const MINUTE_MS = 60_000;
/** How long a market that queues (`flex`) may keep a machine pending. */
const QUEUE_MS = 120 * MINUTE_MS;

/** Deadlines of a provider that names none, in a market that does not queue. */
export const DEFAULT_DEADLINES: Readonly<Deadlines> = {
  pendingMs: 10 * MINUTE_MS,
  provisioningMs: 30 * MINUTE_MS,
  sshMs: 10 * MINUTE_MS,
  terminateMs: 15 * MINUTE_MS,
  pollMs: 5000,
};

/** The deadlines that hold for machines of this factory in this market: its own, else the default ones (2 h in the queue of `flex`). */
export function deadlinesOf(factory: Pick<ProviderFactory, 'deadlines'>, market: Market): Deadlines {
  const pendingMs = market === 'flex' ? QUEUE_MS : DEFAULT_DEADLINES.pendingMs;
  return { ...DEFAULT_DEADLINES, pendingMs, ...factory.deadlines };
}
