import type { TaskGroup } from '../groups.ts';
import { pointLabel } from '../labels.ts';
import type { ReportRow } from '../rows.ts';
import { oneLine } from '../text.ts';
import { type BottleneckKind, type Check, CHECKS } from './checks.ts';
import type { Evidence } from './evidence.ts';

/** Something that seems to hold a load back, and by which figures. */
export interface BottleneckHint {
  kind: BottleneckKind;
  title: string;
  /** A sentence, with the load from which on it was seen. */
  words: string;
  /** The lowest load at which it was seen; the evidence is of that. */
  row: ReportRow;
  /** Loads at which it was seen, of those that were measured. */
  seen: number;
  of: number;
  evidence: Evidence[];
  /** From when on it is said. */
  threshold: string;
  suggestion: string;
}

export interface Bottlenecks {
  hints: BottleneckHint[];
  /** What could not be judged at any load, and why. */
  notJudged: { title: string; why: string }[];
}

/** What the figures of a task say about what limits it. Nothing is said of what nobody looked at; that is listed beside. Pure. */
export function bottlenecks(group: TaskGroup): Bottlenecks {
  const rows = group.measured;
  const hints = CHECKS.flatMap((check) => hintOf(check, rows) ?? []);
  const applies = ({ kind }: Check) => (kind !== 'idle_gpu' && kind !== 'throttling') || rows.some(({ gpuCount }) => gpuCount > 0);
  const notJudged = CHECKS.filter(applies).flatMap(({ title, unknown }) => {
    const why = rows.map(unknown);
    const [first] = why;
    return first && why.every((each) => each !== null) ? [{ title, why: first }] : [];
  });
  return { hints, notJudged };
}

function hintOf(check: Check, rows: readonly ReportRow[]): BottleneckHint | null {
  const [lowest] = rows;
  if (!lowest) return null;
  // A low load need not keep a GPU busy.
  const judged = check.kind === 'idle_gpu' ? rows.slice(-1) : rows;
  const found = judged.flatMap((row) => {
    const finding = check.find(row, lowest);
    return finding ? [{ row, finding }] : [];
  });
  const [first] = found;
  if (!first) return null;
  const { kind, title, threshold, suggestion } = check;
  const onwards = found.length > 1 && judged.slice(judged.indexOf(first.row)).length === found.length;
  const where = onwards
    ? `From ${pointLabel(first.row)} on`
    : found.length > 1
      ? `At ${found.length} of ${rows.length} loads, the lowest of them ${pointLabel(first.row)}`
      : `At ${pointLabel(first.row)}`;
  const words = `${where}, ${oneLine(first.finding.words, 500).replace(/\.$/, '')}.`;
  return {
    kind,
    title,
    words,
    row: first.row,
    seen: found.length,
    of: rows.length,
    evidence: first.finding.evidence,
    threshold,
    suggestion,
  };
}
