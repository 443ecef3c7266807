import type { JobMetrics } from '@bench/benchmark';
import { EXIT, minuteText, printable } from '@bench/core';
import { isOver, type LedgerEntry } from '@bench/provisioning';
import { plannedPoints, type RentedMachineView, resolveRun, type RunView, type TaskView } from '@bench/results';
import { withContext } from '../context.ts';
import { costLines } from '../ui/cost-lines.ts';
import { usdPerHour } from '../ui/money.ts';
import { onlyTheRecipeFailed } from '../advice.ts';
import { outFlag, teardownCommand } from '../run-commands.ts';
import { type RunNow, runsNow } from '../runs-now.ts';
import { jobLines } from '../ui/job-lines.ts';
import { metricLines } from '../ui/metric-lines.ts';
import { noteLines } from '../ui/note-lines.ts';
import { metricsNow } from '../metrics-now.ts';
import { columns, folded, labelled, wrap } from '../ui/columns.ts';
import { stateText } from '../ui/entry-text.ts';
import { type Styles, styles } from '../ui/style.ts';
import { terminalWidth } from '../ui/width.ts';

/** Lines of an error that are shown; the rest is one command away. */
const ERROR_LINES = 4;
const HINT_LINES = 3;

/** `bench status`. */
export function status(run: string, flags: { out: string; config?: string | undefined; json?: true | undefined }): Promise<number> {
  return withContext(
    async ({ io }) => {
      const dir = await resolveRun(run, flags.out);
      const known = await runsNow(io)(dir);
      const metrics = await metricsNow(dir, known.view, flags);
      const shown = { out: flags.out, now: io.now(), style: styles(process.stdout), width: terminalWidth(process.stdout) };
      const text = flags.json ? JSON.stringify(summary(known, metrics), null, 1) : statusLines(known, shown, metrics).join('\n');
      process.stdout.write(`${text}\n`);
      return EXIT.ok;
    },
    { stopText: null },
  );
}

interface Shown {
  out: string;
  now: number;
  style: Styles;
  width: number | undefined;
}

/** What `bench status` prints. */
export function statusLines(known: RunNow, shown: Shown, metrics: readonly JobMetrics[] = []): string[] {
  const { view } = known;
  const { out, style, width } = shown;
  const { run: file } = view;
  const deployOnly = file.asked.mode === 'deploy';
  const table = columns(
    ['TASK', 'STATUS', ...(deployOnly ? [] : ['MEASURED']), 'ENGINE'],
    view.tasks.map((task) => [name(task), taskStatus(task, view), ...(deployOnly ? [] : [measured(task, view)]), engine(task, view)]),
    style,
    { width },
  );
  return [
    `${style.bold(file.id)}  ${view.status}  on ${file.asked.site}`,
    `${deployOnly ? 'deployed' : 'since'} ${file.createdAt}${file.endedAt === null ? '' : `  ended ${file.endedAt}`}`,
    style.dim(view.dir),
    ...noteLines(view.notes).flatMap((line) => folded(line, { width, indent: '' }, style)),
    '',
    table.trimEnd(),
    ...errorLines(view, out, style, width),
    ...view.problems.map((problem) => `left out: ${problem.path}: ${problem.message}`),
    ...rentedLines(known, shown),
    ...jobLines(view, { style, width, watch: `bench watch ${file.id}${outFlag(out)}` }),
    ...metricLines(metrics, { style, width }),
    ...(view.budgetReached === undefined ? [] : labelled('stopped:', view.budgetReached, { width, paint: style.yellow }, style)),
    ...upLines(view, out, style),
    ...goOnLines(view, out),
  ];
}

/** What went wrong, below the table: there is room for it there. */
function errorLines(view: RunView, out: string, style: Styles, width: number | undefined): string[] {
  const lines: string[] = [];
  let shortened = false;
  const show = (text: string, most: number): string[] => {
    const all = text.split('\n').map(printable);
    // In a file or a pipe a line is as long as it is.
    const shown = all.flatMap((line) => wrap(line, { width: width ?? Infinity, lines: most, indent: '  ', style })).slice(0, most);
    shortened ||= shown.join(' ').replaceAll(/\s+/g, ' ').trim() !== all.join(' ').replaceAll(/\s+/g, ' ').trim();
    return shown;
  };
  for (const task of view.tasks) {
    const error = task.file.error?.message ?? task.points.find((p) => p.entry.error !== null)?.entry.error;
    if (error === undefined || error === null || error === '') continue;
    const hint = task.file.error?.hint;
    lines.push('', `${style.red(style.unicode ? '✖' : 'failed')} ${name(task)}`, ...show(error, ERROR_LINES));
    if (hint !== undefined) lines.push(...show(`hint: ${hint}`, HINT_LINES).map(style.dim));
  }
  if (shortened) lines.push('', `all of it: bench status ${view.run.id}${outFlag(out)} --json`);
  if (lines.length > 0) lines.push(...(shortened ? [] : ['']), `what the engines wrote: bench logs ${view.run.id}${outFlag(out)}`);
  return lines;
}

/** Machines that were rented, how each stands, and what they cost so far. */
function rentedLines(known: RunNow, { now, style, width }: Shown): string[] {
  const { view, ledger, goneSince } = known;
  if (view.rented.length === 0) return [];
  const rows = view.rented.map((m) => [m.name, machineState(m, known, now), m.provider, m.offer, usdPerHour(m.priceUsdPerHour)]);
  const table = columns(['MACHINE', 'STATE', 'PROVIDER', 'OFFER', 'PRICE'], rows, style, { width, whole: [0, 1] });
  const gone = goneSince.map(({ name, endedAt, note }) => {
    const when = endedAt === null ? '' : ` since ${minuteText(endedAt)} UTC`;
    return `${name} is gone${when}${note === null ? '' : ` (${printable(note)})`}`;
  });
  const left = view.status === 'running' ? [] : view.rented.filter((m) => mayCost(m, ledger.get(m.name), now));
  return [
    '',
    table.trimEnd(),
    ...gone.flatMap((line) => folded(line, { width, indent: '' }, style)),
    ...(view.cost === null ? [] : costLines(view.cost, style, { width })),
    ...left.flatMap(({ name }) => {
      const until = ledger.get(name)?.expiresAt ?? null;
      const past = until !== null && Date.parse(until) < now;
      const more = past ? ` (its provider was to end it at ${minuteText(until)} UTC; bench vm list looks)` : '';
      return labelled('may cost money:', `${name}${more}; end it with: bench gc`, { width, paint: style.red }, style);
    }),
  ];
}

/** What the ledger knows counts: the journal's words end with its writer. */
function machineState({ name, state, keptUntil }: RentedMachineView, { ledger }: RunNow, now: number): string {
  const entry = ledger.get(name);
  if (entry && isOver(entry)) return stateText(entry);
  if (state === 'kept' && keptUntil !== null) return `kept until ${minuteText(keptUntil)}${Date.parse(keptUntil) < now ? ', past' : ''}`;
  return entry && entry.state !== 'created' ? stateText(entry) : state;
}

/** Nobody works with it, and it was not left up on purpose. */
function mayCost({ state, keptUntil }: RentedMachineView, entry: LedgerEntry | undefined, now: number): boolean {
  const kept = state === 'kept' && keptUntil !== null && Date.parse(keptUntil) > now;
  if (entry) return !isOver(entry) && !kept;
  return !kept && !['gone', 'failed', 'intent'].includes(state);
}

function upLines(view: RunView, out: string, style: Styles): string[] {
  if (view.live.length === 0 || view.status === 'running') return [];
  const what = view.live.map((left) => `${style.yellow('still up:')} ${left.deployment} on ${left.machineName}`);
  return ['', ...what, `end it with: ${teardownCommand(view.run.id, out)}`];
}

function goOnLines(view: RunView, out: string): string[] {
  if (view.status !== 'interrupted' && view.status !== 'failed') return [];
  if (view.status === 'failed' && onlyTheRecipeFailed(view))
    return ['', `mend the recipe, then begin anew with: bench rerun ${view.run.id}${outFlag(out)}`];
  return ['', `go on with: bench run --resume ${view.run.id}${outFlag(out)}`];
}

function summary({ view, ledger }: RunNow, metrics: readonly JobMetrics[]) {
  return {
    id: view.run.id,
    dir: view.dir,
    status: view.status,
    exitCode: view.run.exitCode,
    createdAt: view.run.createdAt,
    endedAt: view.run.endedAt,
    notes: view.notes,
    tasks: view.tasks.map((task) => ({
      recipe: task.file.recipe,
      variant: task.file.variant,
      key: task.file.key,
      status: taskStatus(task, view),
      deployment: task.deployment?.id ?? null,
      machine: task.machine?.name ?? null,
      points: task.points.map((p) => p.entry),
      ...(task.file.search ? { search: task.file.search } : {}),
      error: task.file.error,
    })),
    // `ledger`: how it stands there now; null: that does not know it.
    rented: view.rented.map((machine) => ({ ...machine, ledger: ledger.get(machine.name)?.state ?? null })),
    jobs: view.jobs,
    // Of engines and services in a queue that run now, as far as their nodes told.
    metrics,
    detachedUntil: view.detachedUntil,
    cost: view.cost,
    budgetReached: view.budgetReached ?? null,
    up: view.status === 'running' ? [] : view.live.map(({ deployment, machineName }) => ({ deployment, machine: machineName })),
    problems: view.problems,
  };
}

/** A task cannot be running in a run that nobody writes, and one that was only deployed is up or not. */
function taskStatus(task: TaskView, view: RunView): string {
  const written = task.file.status;
  if (view.run.asked.mode === 'deploy' && written === 'pending' && view.status !== 'running') return liveOf(task, view) ? 'up' : 'not up';
  return written === 'running' && view.status !== 'running' ? 'interrupted' : written;
}

/** The deployment that is up for a task that was only deployed. */
function liveOf(task: TaskView, view: RunView): { engine: { name: string; version?: string } } | null {
  const key = view.run.tasks.find((planned) => planned.key === task.file.key)?.deploymentKey;
  const records = view.live.map((left) => left.record as { key?: string; engine: { name: string; version?: string } });
  return records.find((record) => record.key === key) ?? null;
}

function measured(task: TaskView, view: RunView): string {
  const own = view.run.tasks.filter((t) => t.recipe === task.file.recipe && t.variant === task.file.variant);
  const { points, atMost } = plannedPoints({ run: { ...view.run, tasks: own }, tasks: [task] });
  return `${task.points.filter((p) => p.entry.status === 'ok').length}/${atMost ? 'at most ' : ''}${points}`;
}

const name = (task: TaskView) => `${task.file.recipe}/${task.file.variant}`;
function engine(task: TaskView, view: RunView): string {
  const found = task.deployment?.engine ?? liveOf(task, view)?.engine;
  return found ? [found.name, found.version].filter(Boolean).join(' ') : '';
}
