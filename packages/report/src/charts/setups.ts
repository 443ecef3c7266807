import { engineLabel } from '../labels.ts';
import type { ReportRow } from '../rows.ts';
import { oneLine } from '../text.ts';
import type { Contender } from '../verdicts/contenders.ts';
import type { Contest } from '../verdicts/contests.ts';
import { nonDominated } from './frontier.ts';
import { throughputOf, type TradeOff } from './trade-offs.ts';

/** Setups of one chart; of more, those are drawn that give most. */
const MAX_SETUPS = 12;

/** All that was measured on one machine with one engine. */
export interface Setup {
  /** What tells it from the others: `vllm 0.11.0 on 8xH200`. */
  name: string;
  points: { contender: Contender; row: ReportRow }[];
}

/** Points of a contest by machine and engine; those that give most come first. */
export function setupsOf({ contenders }: Contest): Setup[] {
  const found = new Map<string, Setup & { machine: string; engine: string }>();
  for (const contender of contenders) {
    for (const row of contender.measured) {
      const machine = row.machine ?? 'machine not known';
      const engine = row.engine ? engineLabel(row.engine) : 'engine not known';
      const key = JSON.stringify([machine, engine]);
      const setup = found.get(key) ?? { name: '', machine, engine, points: [] };
      setup.points.push({ contender, row });
      found.set(key, setup);
    }
  }
  const all = [...found.values()];
  const several = (of: (setup: (typeof all)[number]) => string) => new Set(all.map(of)).size > 1;
  const [engines, machines] = [several(({ engine }) => engine), several(({ machine }) => machine)];
  const best = throughputOf(all.flatMap(({ points }) => points.map(({ row }) => row)));
  const most = ({ points }: Setup) => Math.max(0, ...points.map(({ row }) => best?.of(row) ?? 0));
  return all
    .map(({ machine, engine, points }) => ({
      name: oneLine(engines === machines ? `${engine} on ${machine}` : engines ? engine : machine, 80),
      points,
    }))
    .sort((a, b) => most(b) - most(a));
}

/** Setups that are drawn of many: first those with points that nothing beats, then those that give most. */
export function drawnSetups(setups: readonly Setup[], { x, y }: TradeOff): Setup[] {
  if (setups.length <= MAX_SETUPS) return [...setups];
  const front = new Set(frontOf(setups, { x, y }).map(({ row }) => row));
  const onFront = ({ points }: Setup) => (points.some(({ row }) => front.has(row)) ? 1 : 0);
  return [...setups].sort((a, b) => onFront(b) - onFront(a)).slice(0, MAX_SETUPS);
}

/** Points of all setups that no other beats in both, by the first measure. */
export function frontOf(
  setups: readonly Setup[],
  { x, y }: Pick<TradeOff, 'x' | 'y'>,
): { contender: Contender; row: ReportRow; x: number; y: number }[] {
  const all = setups.flatMap(({ points }) =>
    points.flatMap(({ contender, row }) => {
      const [a, b] = [x.of(row), y.of(row)];
      return a === null || b === null ? [] : [{ contender, row, x: a, y: b }];
    }),
  );
  return nonDominated(all, { x: x.better, y: y.better });
}
