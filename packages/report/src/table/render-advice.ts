import { adviceOf, notJudgedText } from '../advice/advice.ts';
import { plural } from '../format.ts';
import { taskGroups } from '../groups.ts';
import type { ReportRow } from '../rows.ts';
import { oneLine } from '../text.ts';
import { painter, toAscii } from './paint.ts';
import type { TableOptions } from './render-table.ts';
import { wrap } from './width.ts';

/** Tasks that are told of; the page has all. */
const MAX_TASKS = 4;

/** What the figures say: the load to run at, how sure that is, and what seems to limit it. Empty: nothing can be said. */
export function renderAdvice(rows: readonly ReportRow[], { width, color, unicode }: TableOptions): string {
  const paint = painter(color);
  const all = adviceOf(taskGroups(rows)).filter(({ saturation, recommendation, hints }) => saturation ?? recommendation ?? hints[0]);
  const indented = (text: string) => wrap(oneLine(text, 1000), width - 4).map((line, i) => (i === 0 ? `  ${line}` : `    ${line}`));
  const lines = all.slice(0, MAX_TASKS).flatMap((advice) => {
    const { group, saturation, recommendation, hints } = advice;
    const said = (text: string, style = (line: string) => line) => indented(text).map(style);
    const unjudged = notJudgedText(advice);
    return [
      ...(all.length > 1 ? [paint.bold(oneLine(group.name, width))] : []),
      ...(recommendation ? [...said(recommendation.words, paint.bold), ...said(recommendation.confidence.words, paint.dim)] : []),
      ...(saturation ? [...said(saturation.words), ...said(saturation.intervalWords, paint.dim)] : []),
      ...hints.flatMap(({ title, words, suggestion }) => [
        ...said(`${title}: ${words}`, paint.yellow),
        ...said(`Try: ${suggestion}.`, paint.dim),
      ]),
      ...(unjudged ? said(unjudged, paint.dim) : []),
    ];
  });
  if (lines.length === 0) return '';
  const more = all.length > MAX_TASKS ? [paint.dim(`${plural(all.length - MAX_TASKS, 'more task')}: see the page.`)] : [];
  const text = [paint.bold('What it says'), ...lines, ...more];
  return (unicode ? text : text.map(toAscii)).join('\n');
}
