import { BenchError, countEqual, EXIT, usd } from '@bench/core';
import type { ClosedProvider } from '../core/open-providers.ts';
import type { FoundOffers } from './find-offers.ts';
import type { RankedOffers } from './rank-offers.ts';
import type { Wanted } from './types.ts';

/** Reasons that are told; how many there are beside them is told as well. */
const TOLD = 8;
const TOO_DEAR = /^it costs (\S+) \$\/h$/;
const NO_PRICE = 'its price is not known';
/** Where a user can write down what machines cost. */
const PRICE_SETTINGS: Readonly<Record<string, string>> = { gcp: 'providers.gcp.prices' };

/** Why offers will not do, and how many, most first; those that are too dear are one reason, with the lowest of their prices. */
export function refusalReasons(refused: RankedOffers['refused']): { reason: string; count: number }[] {
  const prices = refused.flatMap(({ reason }) => TOO_DEAR.exec(reason)?.[1] ?? []);
  const least = Math.min(...prices.map(Number));
  const dear = prices.length > 1 && new Set(prices).size > 1 ? `it costs ${least} $/h or more` : null;
  return countEqual(refused.map(({ reason }) => (dear !== null && TOO_DEAR.test(reason) ? dear : reason))).map(({ text, count }) => ({
    reason: text,
    count,
  }));
}

/** What the first of the reasons say, and how many more there are. `line`: how one is told. */
export function toldReasons(
  reasons: readonly { reason: string; count: number }[],
  o: { most?: number; line: (reason: string, count: number) => string },
): string[] {
  const { most = TOLD, line } = o;
  // One more takes no more room than the words that leave it out.
  const shown = reasons.length === most + 1 ? reasons : reasons.slice(0, most);
  const rest = reasons.slice(shown.length);
  const count = rest.reduce((sum, one) => sum + one.count, 0);
  return [...shown.map((one) => line(one.reason, one.count)), ...(rest.length > 0 ? [line(`${rest.length} other reasons`, count)] : [])];
}

/**
 * The error that nothing is for rent: what was looked for, then for each provider and each reason why there is none.
 * @param o.maxCostUsd what all may cost, where that sets the limit on the price; default: the limit is the user's own
 * @param o.hint instead of the one that is made of the reasons
 */
export function nothingFits(o: {
  found: Pick<FoundOffers, 'refused' | 'errors' | 'without'>;
  wanted: Wanted;
  closed?: readonly ClosedProvider[];
  maxCostUsd?: number | null;
  hint?: string;
}): BenchError {
  const { found, wanted, closed = [] } = o;
  const { refused, errors, without } = found;
  const reasons = refusalReasons(refused);
  const lines = [
    ...toldReasons(reasons, { line: (reason, count) => `${count} ${count === 1 ? 'offer' : 'offers'}: ${reason}` }),
    ...errors.map(({ error }) => error.message),
    ...without.map(({ provider, reason }) => `${provider}: ${reason}`),
    ...closed.map(({ name, reason }) => `${name} was not asked: ${reason}`),
  ];
  const what = wanted.gpu === null ? 'a machine' : `${wanted.count}× ${wanted.gpu}`;
  const only = refused.length === 0 && errors.length === 1 ? errors[0]?.error : undefined;
  return new BenchError({
    code: 'BENCH_NO_OFFER',
    message: [`nobody offers ${what} within the limits`, ...lines].join('\n  '),
    hint: o.hint ?? hintOf(o, reasons),
    exitCode: EXIT.provider,
    cause: only,
    details: {
      refused: refused.length,
      reasons: Object.fromEntries(reasons.map(({ reason, count }) => [reason, count])),
      errors: errors.map(({ error }) => error.message),
    },
  });
}

function hintOf(o: Parameters<typeof nothingFits>[0], reasons: readonly { reason: string }[]): string {
  const { found, wanted, maxCostUsd = null } = o;
  const hints: string[] = [];
  if (reasons.some(({ reason }) => reason.startsWith('it costs ')) && wanted.maxPriceUsdPerHour !== null)
    hints.push(
      maxCostUsd === null
        ? `raise --max-price (${usd(wanted.maxPriceUsdPerHour)}/h)`
        : `raise --max-cost: to start and to end a machine of ${usd(wanted.maxPriceUsdPerHour)}/h already takes ${usd(maxCostUsd)}`,
    );
  const unknown = found.refused.filter(({ reason }) => reason === NO_PRICE).map(({ offer }) => offer.provider);
  if (unknown.length > 0) {
    const settings = [...new Set(unknown.flatMap((name) => PRICE_SETTINGS[name] ?? []))].join(', ');
    const known = settings === '' ? '' : `; or write what they cost into the settings: ${settings}`;
    hints.push(
      wanted.gpu === null
        ? `machines without a price are taken only for a GPU that is named${known}`
        : `--allow-unknown-price takes machines without a price in spite of the limit${known}`,
    );
  }
  if (wanted.regions.length > 0 && found.refused.length === 0)
    hints.push(`regions are spelled as the providers spell them, and none has an offer in ${wanted.regions.join(' or ')}`);
  if (hints.length === 0)
    hints.push(...found.errors.map(({ provider, error }) => error.hint ?? `bench check ${provider} says more`).slice(0, 1));
  if (hints.length === 0 && found.refused.length === 0 && (o.closed?.length ?? 0) > 0)
    hints.push('bench check says how to set a provider up');
  if (hints.length === 0 || found.refused.length > 0)
    hints.push('bench offers shows what is sold; widen the GPU, the regions, the markets, or what else a machine must be');
  return hints.join('\n');
}
