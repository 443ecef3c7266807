import { formatDuration, usd } from '@bench/core';
import type { CostParts, RunCost } from '@bench/results';
import { folded } from './columns.ts';
import type { Styles } from './style.ts';

const PARTS: Record<keyof CostParts, string> = {
  measuring: 'measuring',
  startup: 'starting up',
  deploying: 'engines coming up',
  idle: 'idle',
  teardown: 'ending',
  failed: 'not finished or failed',
  storage: 'storage',
};

/** What a run's machines cost, with its parts; parts of nothing are left out. `width`: lines are folded there. */
export function costLines(cost: RunCost, style: Styles, o: { width?: number | undefined } = {}): string[] {
  const machines = cost.machines.filter(({ outcome }) => outcome !== 'refused');
  if (machines.length === 0) return [style.dim('nothing was rented, so nothing was spent')];
  const parts = (Object.keys(PARTS) as (keyof CostParts)[])
    .filter((part) => cost.parts[part] > 0)
    .map((part) => `${PARTS[part]} ${usd(cost.parts[part])}`);
  const seconds = machines.reduce((sum, m) => sum + Object.values(m.seconds).reduce((a: number, b: number) => a + b, 0), 0);
  const time = formatDuration(seconds * 1000);
  const what = machines.some(({ outcome }) => outcome === 'open') ? 'cost so far' : 'cost';
  return [
    `${style.bold(`${what}: ${cost.atLeast ? 'at least ' : ''}${usd(cost.usd)}`)}  ${machines.length} machine${machines.length === 1 ? '' : 's'}, ${time}`,
    ...(parts.length > 0 ? folded(parts.join(', '), { ...o, indent: '  ' }, style).map(style.dim) : []),
    ...cost.missing.flatMap((reason) => folded(`not counted: ${reason}`, { ...o, indent: '  ' }, style).map(style.yellow)),
  ];
}
