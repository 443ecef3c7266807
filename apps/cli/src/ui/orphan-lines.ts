import { formatDuration, minuteText, usd } from '@bench/core';
import { isOver, SETTLED_MS } from '@bench/provisioning';
import type { SeenMachine } from '../seen-machines.ts';
import { labelled } from './columns.ts';
import { usdPerHour } from './money.ts';
import type { Styles } from './style.ts';

/** Milliseconds since it was made; null: nobody knows. */
export function ageMs({ machine, entry }: SeenMachine, now: number): number | null {
  const since = entry?.createdAt ?? machine?.createdAt ?? entry?.intentAt ?? null;
  return since === null ? null : Math.max(0, now - Date.parse(since));
}

/** When its provider ends it by itself, ISO 8601; null: it does not. */
export const expiryOf = ({ machine, entry }: SeenMachine): string | null => machine?.expiresAt ?? entry?.expiresAt ?? null;

export const priceOf = ({ machine, entry }: SeenMachine): number | null => machine?.priceUsdPerHour ?? entry?.priceUsdPerHour ?? null;

/** Who works with it, or has it kept, in as few words as there are: its run stands in its name. */
export function heldText({ entry, claim }: SeenMachine): string {
  if (entry === null || claim === null) return 'nobody';
  return entry.holder.kind === 'lease' ? `kept until ${minuteText(entry.holder.until)}` : claim;
}

/** What is wrong with a machine that nobody works with, and the command that mends it; null: somebody does. */
export function orphanText(seen: SeenMachine, o: { now: number; owner: string }): { what: string; todo: string } | null {
  const { name, provider, machine, entry, claim, asked } = seen;
  if (entry !== null && !isOver(entry)) {
    if (claim !== null) return null;
    if (asked && machine === null && entry.ref !== null)
      return { what: `${name}: ${provider} does not show it any more, and nobody works with it`, todo: 'bench gc settles it' };
    const lost = entry.ref === null ? 'may have been made, for the answer to its create is not known, and nobody works with it' : null;
    return { what: `${name} ${lost ?? 'is up, and nobody works with it'} (${facts(seen, o.now)})`, todo: 'bench gc ends it' };
  }
  const known = entry === null ? 'the ledger does not know it' : `the ledger has it as ${entry.state === 'gone' ? 'gone' : 'never made'}`;
  const what = `${name} is up at ${provider}, and ${known} (${facts(seen, o.now)})`;
  if (seen.whose === 'uncertain')
    return { what: `${what}; by the six characters in its name it may be yours`, todo: `if it is: bench gc --owner ${o.owner}` };
  const age = ageMs(seen, o.now);
  const fresh = entry === null && (age === null || age < SETTLED_MS);
  return {
    what,
    todo: fresh ? `bench gc ends it ten minutes after it was made, bench gc --owner ${o.owner} at once` : 'bench gc ends it',
  };
}

function facts(seen: SeenMachine, now: number): string {
  const [age, price, expires] = [ageMs(seen, now), priceOf(seen), expiryOf(seen)];
  const spent = age === null || price === null || seen.entry?.ref === null ? '' : `, about ${usd((price * age) / 3_600_000)} so far`;
  return [
    `${seen.provider}, ${usdPerHour(price)}${price === null ? ' an hour' : ''}`,
    age === null ? 'nobody knows since when' : `for ${formatDuration(age)}${spent}`,
    expires === null ? 'its provider does not end it by itself' : `its provider ends it at ${minuteText(expires)} UTC`,
  ].join(', ');
}

/** What is wrong with machines that nobody works with: below a table, one after the other. */
export function orphanLines(
  machines: readonly SeenMachine[],
  o: { now: number; owner: string; style: Styles; width: number | undefined },
): string[] {
  const { style, width } = o;
  return machines.flatMap((seen) => {
    const found = orphanText(seen, o);
    if (found === null) return [];
    return labelled('nobody’s:', `${found.what}; ${found.todo}`, { width, paint: style.yellow }, style);
  });
}
