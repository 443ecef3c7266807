import { formatDuration } from '@bench/core';
import type { CostParts, RunCost } from '@bench/results';
import { formatUsd, plural } from './format.ts';

/** Parts of what machines cost, as people call them; in the order of their lives. */
export const COST_PARTS: readonly (readonly [keyof CostParts, string])[] = [
  ['startup', 'start-up'],
  ['deploying', 'deployment'],
  ['measuring', 'measuring'],
  ['idle', 'idle'],
  ['failed', 'failed attempts'],
  ['teardown', 'teardown'],
  ['storage', 'storage'],
];

/** How a rented machine ended, as people call it. */
export const OUTCOMES: Record<RunCost['machines'][number]['outcome'], string> = {
  used: 'used',
  failed: 'never became ready',
  lost: 'taken away',
  refused: 'not made',
  open: 'not known to be gone',
};

/** What the machines of a run cost, as lines of text: the total, its parts, and why it may be more. The price of tokens holds none of it but measuring. */
export function costLines(cost: RunCost): string[] {
  const made = cost.machines.filter(({ outcome }) => outcome !== 'refused');
  const total = cost.usd === 0 && cost.missing.length > 0 ? 'not known' : `${cost.atLeast ? 'at least ' : ''}${formatUsd(cost.usd)}`;
  const parts = COST_PARTS.filter(([part]) => cost.parts[part] > 0).map(([part, words]) => `${words} ${formatUsd(cost.parts[part])}`);
  return [
    `Rented machines: ${total} for ${plural(made.length, 'machine')}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`,
    ...cost.missing.map((why) => `  more than that: ${why}`),
  ];
}

/** One line a machine: `bench-… (2× H200 of vast): $1.20 in 20 min at $3.60 an hour (Vast, live, …), taken away`. */
export function machineCostLines(cost: RunCost): [name: string, text: string][] {
  return cost.machines.map(({ name, offer, provider, seconds, totalUsd, priceUsdPerHour, priceSource, outcome }) => {
    const lived = COST_PARTS.reduce((sum, [part]) => sum + seconds[part], 0);
    const price = priceUsdPerHour === null ? 'price not known' : `${formatUsd(priceUsdPerHour)} an hour (${priceSource ?? 'no source'})`;
    const paid = totalUsd === null ? 'cost not known' : formatUsd(totalUsd);
    return [name, `${offer} of ${provider}: ${paid} in ${formatDuration(lived * 1000)} at ${price}, ${OUTCOMES[outcome]}`];
  });
}
