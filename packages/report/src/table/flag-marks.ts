import type { PointFlag } from '@bench/core';
import type { ReportRow } from '../rows.ts';

type Code = PointFlag['code'];

/** Letters for flags, in order of appearance; a flag that every measured row has needs none. */
export function flagMarks(rows: readonly ReportRow[]): { everywhere: Code[]; marks: Map<Code, string>; of(row: ReportRow): string } {
  const measured = rows.filter((row) => row.counts !== null);
  const counts = new Map<Code, number>();
  for (const row of measured) for (const flag of row.flags) counts.set(flag.code, (counts.get(flag.code) ?? 0) + 1);
  const everywhere: Code[] = [];
  const marks = new Map<Code, string>();
  for (const [code, count] of counts) {
    if (count === measured.length) everywhere.push(code);
    else marks.set(code, String.fromCharCode(97 + marks.size));
  }
  return {
    everywhere,
    marks,
    of: (row) =>
      row.flags
        .flatMap((flag) => marks.get(flag.code) ?? [])
        .sort()
        .join(' '),
  };
}
