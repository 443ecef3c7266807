import { listWords, plural } from '../format.ts';
import type { Contender } from './contenders.ts';
import { sloText } from './questions.ts';

const MAX_NAMES = 3;

/** Who could not be the best under these limits, because none or others were named for it; a sentence, null: nobody. Pure. */
export function otherLimits(limits: string | null, contenders: readonly Contender[]): string | null {
  const out = contenders.filter(({ measured }) => measured.every(({ slo }) => sloText(slo) !== limits));
  if (limits === null || out.length === 0) return null;
  const names = out.slice(0, MAX_NAMES).map(({ name }) => name);
  const more = out.length - names.length;
  const who = listWords(more > 0 ? [...names, plural(more, 'more contender')] : names);
  return `${who} ${out.length === 1 ? 'has' : 'have'} no such limits and ${out.length === 1 ? 'is' : 'are'} passed over; bench report --slo asks for limits of all.`;
}
