import type { ReportRow } from '../rows.ts';
import { oneLine } from '../text.ts';
import type { Contender } from './contenders.ts';
import { contestKey, offlineText } from './work.ts';

/** Contenders that did the same work, so that their figures can be set against each other. */
export interface Contest {
  /** Model (else recipe), and the data where there are several. */
  name: string;
  contenders: Contender[];
}

/** Contenders by model (else recipe), data and conversations, those with most contenders first. Recipes that measure themselves are none: their figures have no common meaning. Pure. */
export function contestsOf(contenders: readonly Contender[]): Contest[] {
  const found = new Map<string, { model: string; data: string | null; row: ReportRow; contenders: Contender[] }>();
  for (const contender of contenders) {
    const measured = contender.measured.filter(isLoad);
    const [row] = measured;
    if (!row) continue;
    const model = row.model ?? row.recipe;
    const data = row.dataText;
    const key = contestKey(row);
    const own = { ...contender, measured };
    const contest = found.get(key);
    if (contest) contest.contenders.push(own);
    else found.set(key, { model, data, row, contenders: [own] });
  }
  const all = [...found.values()];
  const alone = (model: string) => all.filter((contest) => contest.model === model).length === 1;
  return all
    .map(({ model, data, row, contenders: list }) => ({
      name: [oneLine(model, 80), alone(model) ? null : data, offlineText(row)].filter(Boolean).join(', '),
      contenders: shortlyNamed(list),
    }))
    .sort((a, b) => b.contenders.length - a.contenders.length);
}

/** What all names begin with tells nobody apart: `m / a` and `m / b` are `a` and `b` of a contest that has a name itself. */
function shortlyNamed(contenders: readonly Contender[]): Contender[] {
  const heads = new Set(contenders.map(({ name }) => /^.*? \/ (?=.)/.exec(name)?.[0] ?? ''));
  const [head = ''] = heads;
  if (contenders.length < 2 || heads.size > 1) return [...contenders];
  return contenders.map((contender) => ({ ...contender, name: contender.name.slice(head.length) }));
}

/** Measured by a load generator: what a recipe's own clients or command report means something of its own. */
const isLoad = (row: ReportRow): boolean => row.load !== null || row.loadText !== null || row.source.kind !== 'run';
