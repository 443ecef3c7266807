import { didYouMean } from '../suggest.ts';
import { GPUS } from './catalogue.ts';

/** Products that are named where a name is a part of theirs. */
const MOST = 4;

/** For a name that {@link findGpus} does not find: `did you mean H200?`; null: nothing of the catalogue is near. */
export function nearGpu(name: string): string | null {
  const wanted = name.trim().toLowerCase();
  const containing = wanted === '' ? [] : GPUS.filter(({ id }) => id.toLowerCase().includes(wanted)).map(({ id }) => id);
  if (containing.length > 0) return `did you mean ${containing.slice(0, MOST).join(' or ')}?`;
  const all = GPUS.flatMap(({ id, family, short, names }) => [id, family, short, ...names]);
  return didYouMean(name, all);
}
