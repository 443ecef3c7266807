import { FLAG_WORDS } from '../flags.ts';
import { listWords, plural } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import type { Problem } from '../report.ts';
import type { ReportRow } from '../rows.ts';
import { data, markup, type Markup } from './markup.ts';

/** Notes on figures that stand open; more are folded. */
const MAX_OPEN = 3;

/** What to know before believing the figures: failures, what did not run, notes of points, what could not be read or is there twice. */
export function callouts(groups: readonly TaskGroup[], rows: readonly ReportRow[], problems: readonly Problem[]): Markup | null {
  const items: Markup[] = [];
  const measured = rows.filter((row) => row.counts !== null);
  const failed = groups.filter((group) => group.rows.every((row) => row.status === 'failed'));
  const notRun = groups.filter((group) => group.rows.every((row) => row.status === 'not_run'));
  const broken = rows.filter((row) => row.status === 'failed' && !failed.some((group) => group.rows.includes(row)));
  const partial = rows.filter((row) => row.status === 'partial');
  if (measured.length === 0)
    items.push(markup`<li class="bad"><strong>Nothing was measured.</strong> The reasons are in the table below.</li>`);
  if (failed.length > 0)
    items.push(
      markup`<li class="bad"><strong>${plural(failed.length, 'task')} of ${groups.length} failed:</strong> ${names(failed)}. <a href="#failures">Why</a></li>`,
    );
  if (broken.length > 0)
    items.push(
      markup`<li class="bad"><strong>${plural(broken.length, 'point')} failed</strong> and ${broken.length === 1 ? 'has' : 'have'} no figures. <a href="#failures">Why</a></li>`,
    );
  if (partial.length > 0)
    items.push(
      markup`<li><strong>Of ${plural(partial.length, 'point')} a repeat failed;</strong> ${partial.length === 1 ? 'its figures are' : 'their figures are'} means of the others.</li>`,
    );
  if (notRun.length > 0) items.push(markup`<li><strong>${plural(notRun.length, 'task')} did not run:</strong> ${names(notRun)}.</li>`);
  const notes = flagNotes(measured);
  const folded = notes.length > MAX_OPEN ? notes.splice(MAX_OPEN) : [];
  items.push(...notes.map(({ text }) => text));
  if (folded.length > 0)
    items.push(
      markup`<li><details class="more"><summary>${plural(folded.length, 'more note')}: ${listWords(folded.map(({ title }) => title.toLowerCase()))}</summary><ul>${folded.map(({ text }) => text)}</ul></details></li>`,
    );
  const copies = problems.filter(({ kind }) => kind === 'copy').length;
  const unread = problems.length - copies;
  if (unread > 0)
    items.push(
      markup`<li><strong>${plural(unread, 'file')} could not be read whole;</strong> <a href="#problems">what is missing</a>.</li>`,
    );
  if (copies > 0)
    items.push(
      markup`<li><strong>${plural(copies, 'copy of a run', 'copies of runs')} ${copies === 1 ? 'was' : 'were'} left out,</strong> for a run counts once: <a href="#problems">which</a>.</li>`,
    );
  return items.length > 0 ? markup`<ul class="callouts" aria-label="What to know before believing the figures">${items}</ul>` : null;
}

const names = (list: readonly TaskGroup[]): Markup | null =>
  data(
    list.length > 6 ? `${listWords(list.slice(0, 5).map((g) => g.name))} and ${list.length - 5} more` : listWords(list.map((g) => g.name)),
    400,
  );

/** Doubts first, then by how many points have them. */
function flagNotes(measured: readonly ReportRow[]): { title: string; text: Markup }[] {
  const flags = new Map<ReportRow['flags'][number]['code'], number>();
  for (const row of measured) for (const flag of row.flags) flags.set(flag.code, (flags.get(flag.code) ?? 0) + 1);
  const doubted = (code: ReportRow['flags'][number]['code']) => (FLAG_WORDS[code].weight === 'doubt' ? 1 : 0);
  return [...flags]
    .sort(([a, m], [b, n]) => doubted(b) - doubted(a) || n - m)
    .map(([code, count]) => {
      const { title, meaning } = FLAG_WORDS[code];
      const where =
        count < measured.length ? ` (${plural(count, 'point')} of ${measured.length})` : measured.length === 1 ? '' : ' (all points)';
      return { title, text: markup`<li><strong>${title}</strong>${where}. ${meaning}</li>` };
    });
}
