import { groupBy } from '@bench/core';
import { listWords, plural } from '../format.ts';
import { taskGroups } from '../groups.ts';
import { pointLabel } from '../labels.ts';
import type { ReportRow } from '../rows.ts';
import { oneLine } from '../text.ts';
import { sloText } from '../verdicts/questions.ts';

/** Points that are named. */
const MAX_NAMES = 4;

/** What a reader must know of limits that the report was asked for, a sentence each; empty: none were. */
export function askedSloNotes(rows: readonly ReportRow[]): string[] {
  const asked = rows.filter((row) => row.askedSlo);
  const limits = sloText(asked[0]?.slo ?? null);
  if (limits === null) return [];
  const of = (from: NonNullable<ReportRow['askedSlo']>['from']) => asked.filter(({ askedSlo }) => askedSlo?.from === from);
  const [counted, bounded, unknown] = [of('requests'), of('percentiles'), of(null)];
  const names = namesOf(rows);
  return [
    `SLO asked for at report time: ${limits}. It is not what a recipe promised, and stands in place of that.`,
    counted.length > 0 ? `Each request of ${plural(counted.length, 'point')} was judged.` : null,
    bounded.length > 0
      ? `Of ${plural(bounded.length, 'point')} percentiles alone say between which values the share of good requests lies: ${told(bounded, names)}.`
      : null,
    unknown.length > 0 ? `Of ${plural(unknown.length, 'point')} that share is not known: ${told(unknown, names)}.` : null,
  ].filter((sentence) => sentence !== null);
}

/** The share of good requests in per cent as a table shows it: `97.3`, of one that is bounded `≥ 98`, `≤ 50` or `50–98`; never said to be more than is known. Null: nothing was asked. */
export function askedShareText({ askedSlo, counts }: ReportRow): string | null {
  if (!askedSlo || counts === null) return null;
  if (!askedSlo.share) return '–';
  const low = percent(Math.floor, askedSlo.share.low);
  const high = percent(Math.ceil, askedSlo.share.high);
  if (askedSlo.share.low === askedSlo.share.high) return low;
  if (askedSlo.share.high === 1) return `≥ ${low}`;
  return askedSlo.share.low === 0 ? `≤ ${high}` : `${low}–${high}`;
}

/** Tenths of a per cent; what a floating-point product is off by counts for nothing. */
function percent(cut: (value: number) => number, share: number): string {
  const tenths = share * 1000;
  const whole = Math.round(tenths);
  return ((Math.abs(tenths - whole) < 1e-6 ? whole : cut(tenths)) / 10).toFixed(1);
}

function told(rows: readonly ReportRow[], names: ReadonlyMap<ReportRow, string>): string {
  const byWhy = groupBy(rows, ({ askedSlo }) => askedSlo?.why ?? '');
  return [...byWhy]
    .map(([why, own]) => {
      const more = own.length - MAX_NAMES;
      const shown = own.slice(0, MAX_NAMES).map((row) => names.get(row) ?? row.recipe);
      return `${listWords(more > 0 ? [...shown, `${more} more`] : shown)} (${oneLine(why, 120)})`;
    })
    .join('; ');
}

function namesOf(rows: readonly ReportRow[]): Map<ReportRow, string> {
  const groups = taskGroups(rows);
  return new Map(
    groups.flatMap((group) =>
      group.rows.map(
        (row) => [row, [groups.length > 1 ? oneLine(group.name, 60) : null, pointLabel(row)].filter(Boolean).join(', ')] as const,
      ),
    ),
  );
}
