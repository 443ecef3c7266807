import { oneLine } from '../text.ts';
import type { DrawnChart } from './drawn-chart.ts';

/** Characters that a task's name, or a load, takes of a file's name. */
const MAX_PART = 48;

/**
 * Names for the files of charts, by what they show, without an ending: `curve-ttft_ms`, `series-tiny-cpu-4-concurrent`. Of letters,
 * digits, `.`, `_` and `-` only, and no two alike, not even where large letters are equal to small ones: a second one ends with `-2`.
 */
export function pictureNames(charts: readonly DrawnChart[]): string[] {
  const taken = new Set<string>();
  return charts.map(({ id, names = [] }) => {
    // The numbers of an id are places in the report.
    const kind = id.replace(/-\d+(?=-|$)/g, '');
    const name = [kind, ...names.map(safePart)].filter(Boolean).join('-');
    let free = name;
    for (let n = 2; taken.has(free); n++) free = `${name}-${n}`;
    taken.add(free);
    return free;
  });
}

function safePart(text: string): string {
  return oneLine(text, 1000)
    .toLowerCase()
    .replace(/[^a-z0-9._]+/g, '-')
    .slice(0, MAX_PART)
    .replace(/^[-.]+|[-.]+$/g, '');
}
