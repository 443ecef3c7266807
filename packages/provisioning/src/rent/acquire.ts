import { BenchError, type ErrorScope, EXIT } from '@bench/core';
import { providerErrorKind, type ProviderErrorKind } from '../contract/error.ts';
import type { Offer } from '../contract/offer.ts';
import { blocks, sharedBlocks, type Blocks } from './blocks.ts';
import { findOffers } from './find-offers.ts';
import { nothingFits } from './nothing-fits.ts';
import { rentOffer } from './rent-offer.ts';
import type { RentContext, RentedMachine, Wanted } from './types.ts';

/** What a failed candidate rules out for the rest of the acquire, where its error does not say. */
const SCOPES: Partial<Record<ProviderErrorKind, ErrorScope>> = {
  capacity: 'offer',
  quota: 'region',
  auth: 'provider',
  balance: 'provider',
  unsupported: 'provider',
};
/** A fault that passes is tried so often with the same offer, each time under a new name. */
const TRANSIENT_TRIES = 3;
/** So many machines may have been made, and paid for, without becoming ready. Then it is not the machines. */
const PAID_TRIES = 3;

/**
 * Rents a machine: offers are tried in the order of {@link rankOffers}, and each failure rules out exactly what its scope says. The user's limits
 * are never widened; after three machines that were made, and cost money, without becoming ready, it stops. Resolves when the machine runs and can be reached.
 * @throws BenchError `BENCH_NO_OFFER` or `BENCH_NO_MACHINE` (exit code 4) when nothing fits or all failed; `BENCH_PROVIDER_REQUEST` at once, as the
 *   next candidate would fail as well; `BENCH_PROVIDER_CLEANUP` (6) when a machine of a failed try could not be ended: none further is rented
 *   then; what `admit` throws; `BENCH_LEDGER_*` (3) before anything is rented; the signal's reason, with everything ended
 */
export async function acquire(wanted: Wanted, context: RentContext): Promise<RentedMachine> {
  const { providers, io, on } = context;
  const signal = context.signal ?? io.signal;
  signal.throwIfAborted();
  for (const secret of context.secrets ?? []) io.secrets.mask(secret);
  const found = await findOffers({ wanted, providers, io, signal, on });
  if (found.candidates.length === 0) throw nothingFits({ found, wanted });

  const own = blocks();
  const shared = sharedBlocks(providers, io);
  const failures: BenchError[] = [];
  const paid: string[] = [];
  for (let offer = next(found.candidates, own, shared); offer; offer = next(found.candidates, own, shared)) {
    for (let tries = 1; ; tries++) {
      context.admit?.(offer);
      try {
        return await rentOffer({ offer, wanted, context, signal, onPaid: (name) => paid.push(name) });
      } catch (thrown) {
        const error = stopOrGoOn(thrown, signal);
        failures.push(error);
        if (paid.length >= PAID_TRIES) throw nothingLeft(failures, paid);
        if (providerErrorKind(error) === 'transient' && tries < TRANSIENT_TRIES) continue;
        const kind = providerErrorKind(error);
        const scope = error.scope ?? (kind === null ? 'offer' : (SCOPES[kind] ?? 'offer'));
        own.add(offer, scope);
        own.add(offer, 'offer');
        if (kind === 'capacity' || kind === 'quota') shared.add(offer, scope);
        break;
      }
    }
  }
  throw nothingLeft(failures, null);
}

/** The best that is not ruled out; what another group was refused a moment ago comes last. */
function next(candidates: readonly Offer[], own: Blocks, shared: Blocks): Offer | undefined {
  const left = candidates.filter((offer) => !own.has(offer));
  return left.find((offer) => !shared.has(offer)) ?? left[0];
}

/** @throws what ends the whole acquire */
function stopOrGoOn(thrown: unknown, signal: AbortSignal): BenchError {
  const kind = providerErrorKind(thrown);
  if (kind === 'cleanup') throw thrown;
  signal.throwIfAborted();
  // What is no provider's error is of the ledger, or a fault of ours.
  if (!BenchError.is(thrown) || kind === null || kind === 'request') throw thrown;
  return thrown;
}

/** @param paid names of those that were paid for, where that is why it stops */
function nothingLeft(failures: readonly BenchError[], paid: readonly string[] | null): BenchError {
  const last = failures.at(-1);
  const lines = [...new Set(failures.map(({ message }) => message))].map((line) => `\n  ${line}`);
  return new BenchError({
    code: 'BENCH_NO_MACHINE',
    message:
      paid === null
        ? `no machine could be rented; tried ${failures.length}:${lines.join('')}`
        : `${paid.length} machines were made and cost money, and none became ready (${paid.join(', ')}): no further one is rented${lines.join('')}`,
    hint: last?.hint ?? 'try again later, or allow more: regions, markets, providers, price',
    retryable: true,
    exitCode: EXIT.provider,
    cause: last,
    details: { failures: failures.map(({ code, message }) => ({ code, message })), ...(paid === null ? {} : { paid: [...paid] }) },
  });
}
