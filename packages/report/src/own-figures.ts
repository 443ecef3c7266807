import type { OwnMetric } from '@bench/core';
import type { ReportRow } from './rows.ts';

/** A figure that a recipe's own clients or command reported. */
export interface OwnFigure extends OwnMetric {
  name: string;
  /** The end of the name that no other has: `set_rps` of `redis-benchmark.set_rps`. For where there is little room. */
  short: string;
  of(row: ReportRow): number | null;
}

/** Those that occur, in the order in which they do. A name that two recipes use for two units is two figures. */
export function ownFigures(rows: readonly ReportRow[]): OwnFigure[] {
  const figures = new Map<string, Omit<OwnFigure, 'short'>>();
  for (const row of rows) {
    for (const [name, { unit, better }] of Object.entries(row.ownMetrics)) {
      const key = `${name}\n${unit}`;
      const known = figures.get(key);
      // Of two opinions about what is better, neither is taken.
      if (known) figures.set(key, { ...known, better: known.better === better ? better : null });
      else
        figures.set(key, {
          name,
          unit,
          better,
          of: (other) => (other.ownMetrics[name]?.unit === unit ? (other.scalars[name] ?? null) : null),
        });
    }
  }
  const known = [...figures.values()].filter((figure) => rows.some((row) => figure.of(row) !== null));
  const names = new Set(known.map(({ name }) => name));
  return known.map((figure) => ({ ...figure, short: shortest(figure.name, names) }));
}

/** Clients put their own name before a point. */
function shortest(name: string, names: ReadonlySet<string>): string {
  const parts = name.split('.');
  for (let from = parts.length - 1; from > 0; from--) {
    const end = parts.slice(from).join('.');
    if (end !== '' && [...names].every((other) => other === name || (other !== end && !other.endsWith(`.${end}`)))) return end;
  }
  return name;
}

/** `get_rps (req/s)`, or the name alone where there is no unit. */
export function ownHeader({ name, unit }: Pick<OwnFigure, 'name' | 'unit'>): string {
  return unit === '' ? name : `${name} (${unit})`;
}
