import { BenchError, type Io, messageOf } from '@bench/core';
import { providerError, providerErrorKind } from '../contract/error.ts';
import type { MachineRef } from '../contract/machine.ts';
import type { Market } from '../contract/offer.ts';
import { deadlinesOf } from '../core/deadlines.ts';
import type { OpenProvider } from '../core/open-providers.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { sameAccount } from './account.ts';
import { pollerOf } from './poller.ts';

/** Failures of terminate that no waiting mends; after so many of them in a row it is given up. */
const HOPELESS = new Set<string | null>(['auth', 'balance', 'request', 'unsupported']);
const HOPELESS_TRIES = 3;
/** A provider that accepted it is asked again after so long, milliseconds. */
const AGAIN_MS = 30_000;

export interface EndMachine {
  ref: MachineRef;
  open: OpenProvider;
  ledger: Ledger;
  io: Io;
  market: Market;
  reason: string;
  /**
   * On `io.monotonic`: until then a machine that was never seen may be invisible, and `gone` from its provider means nothing. Null: it was seen.
   */
  invisibleUntilMs: number | null;
  /** How long a provider is asked that only fails. Default: `terminateMs`. */
  patienceMs?: number | undefined;
  /** Gives up, as when the time is over. Not the signal that stops a run: that is when machines are ended. */
  signal?: AbortSignal | undefined;
}

/**
 * Terminates a machine and looks until its provider says that it is gone; terminates it again when nothing comes of it. Both are written
 * down; a ledger that cannot be written does not keep the machine up.
 * @throws BenchError of kind `cleanup` (exit code 6) when it is not gone within `terminateMs`, or was rented with another account; the ledger's error when it is gone and only
 *   that could not be written
 */
export async function endMachine(o: EndMachine): Promise<void> {
  const { ref, open, ledger, io, reason } = o;
  await ofItsAccount(o);
  const unwritten = await ledger.ending(ref.name, reason).then(
    () => null,
    (error: unknown) => error,
  );
  if (unwritten) io.logger.log('warn', `${messageOf(unwritten)}; ${ref.name} is ended all the same`);
  await untilGone(o, open);
  await ledger.gone(ref.name);
}

/** To another account it would be as good as gone. @throws BenchError of kind `cleanup` */
async function ofItsAccount(o: EndMachine): Promise<void> {
  const { ref, open, ledger, io, signal } = o;
  const entry = await ledger.entry(ref.name).catch(() => null);
  if (entry === null || entry.provider !== ref.provider) return;
  const deadlines = deadlinesOf(open.factory, o.market);
  const untilMs = io.monotonic() + Math.min(o.patienceMs ?? Infinity, deadlines.terminateMs);
  for (let hopeless = 0; ;) {
    const same = await sameAccount({ ...entry, ref }, open, { signal });
    if (same === true) return;
    const other = providerErrorKind(same) === 'cleanup';
    // Whoever sees it may end it, whatever the account is called now.
    if (other && (await pollerOf(open.provider, io).look(ref, 0, signal)).kind === 'seen') return;
    if (other) throw same;
    hopeless = HOPELESS.has(providerErrorKind(same)) ? hopeless + 1 : 0;
    if (hopeless < HOPELESS_TRIES && io.monotonic() < untilMs && !signal?.aborted) {
      await io.sleep(deadlines.pollMs, signal).catch(() => undefined);
      continue;
    }
    // It may well be its account: only what is answered cannot be believed.
    await open.provider.terminate(ref, { signal }).catch(() => undefined);
    throw notEnded(o, open.factory.title, same);
  }
}

async function untilGone(o: EndMachine, open: OpenProvider): Promise<void> {
  const { ref, io, signal } = o;
  const { provider, factory } = open;
  const deadlines = deadlinesOf(factory, o.market);
  const poller = pollerOf(provider, io);
  const started = io.monotonic();
  let invisibleUntilMs = o.invisibleUntilMs;
  const untilMs = Math.max(started + deadlines.terminateMs, (invisibleUntilMs ?? 0) + deadlines.pollMs * 4);
  let heardMs = started;
  let hopeless = 0;
  let last: unknown = null;
  /** When terminate was last taken. */
  let askedMs: number | null = null;
  let pauseMs = 0;
  do {
    if (askedMs === null || io.monotonic() - askedMs >= AGAIN_MS) {
      const atMs = io.monotonic();
      const answer = await provider.terminate(ref, { signal }).catch((error: unknown) => {
        last = error;
        return null;
      });
      if (answer !== null) heardMs = atMs;
      hopeless = answer === null && HOPELESS.has(providerErrorKind(last)) ? hopeless + 1 : 0;
      if (answer === 'still-there') last = 'the provider says that it is still there';
      askedMs = answer === 'gone' || answer === 'accepted' ? atMs : null;
      // A look that confirms it is taken at once.
      pauseMs = answer === 'gone' ? 0 : deadlines.pollMs;
    }
    if (hopeless >= HOPELESS_TRIES || io.monotonic() - heardMs > (o.patienceMs ?? Infinity)) break;
    const look = await poller.look(ref, pauseMs, signal).catch(() => null);
    pauseMs = deadlines.pollMs;
    if (look !== null && look.kind !== 'unseen') heardMs = io.monotonic();
    if (look?.kind === 'seen') {
      if (look.machine.state === 'terminated') return;
      invisibleUntilMs = null;
      last = `it is ${look.machine.rawState}`;
    } else if (look?.kind === 'gone' && askedMs !== null) {
      if (invisibleUntilMs === null || askedMs >= invisibleUntilMs) return;
      // Terminated while it could not be seen, it may have been left alone: once more, now that it would be seen.
      if (io.monotonic() >= invisibleUntilMs) askedMs = null;
    } else if (look?.kind === 'unseen' && look.error !== null) last = look.error;
  } while (io.monotonic() <= untilMs && !signal?.aborted);
  throw notEnded(o, factory.title, last);
}

/** What the user must know when a machine may still cost money. */
export function notEnded(o: Pick<EndMachine, 'ref' | 'io'>, title: string, last: unknown): BenchError {
  const { ref, io } = o;
  const why = typeof last === 'string' ? last : last === null ? 'it is still there' : io.redact(messageOf(last));
  const words = BenchError.is(last) && last.hint !== undefined ? `${last.hint}; then ` : '';
  return providerError({
    kind: 'cleanup',
    provider: ref.provider,
    op: 'terminate',
    message: `machine ${ref.name} (id ${ref.id}) could not be ended and may cost money: ${why}`,
    hint: `${words}run: bench gc — or end ${ref.id} in the console of ${title}`,
    ref,
    cause: last,
  });
}
