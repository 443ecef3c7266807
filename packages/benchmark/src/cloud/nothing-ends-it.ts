import { minuteText } from '@bench/core';
import type { OpenProviders, RentedMachine } from '@bench/provisioning';

/**
 * What becomes of the bill of a machine that is kept, when its time is over and nobody does anything: in words. Null: it ends with the machine,
 * by a limit of the provider's or by the timer in it.
 */
export function nothingEndsIt(
  kept: { rented: Pick<RentedMachine, 'ref' | 'machine'>; until: Date; run: string },
  providers: Pick<OpenProviders, 'get'>,
): { text: string; hint: string } | null {
  const { rented, until, run } = kept;
  const { ref } = rented;
  const { factory, provider } = providers.get(ref.provider);
  const { nativeTtl, shutdownEndsBilling, shutdown } = factory.capabilities;
  // The user's own machines go on as they did before.
  if (nativeTtl || shutdown === 'never') return null;
  const hint = `bench teardown ${run} ends it before that time, bench gc from then on`;
  const text = `nothing ends it by itself at ${minuteText(until.toISOString())} UTC, and it costs on`;
  if (rented.machine().workload === 'container') return { text: `${text}: there is no timer in a container`, hint };
  if (shutdownEndsBilling || (provider.selfDestruct?.(ref) ?? null) !== null) return null;
  return { text: `${text}: the timer in it shuts it down, and ${factory.title} may bill it all the same`, hint };
}
