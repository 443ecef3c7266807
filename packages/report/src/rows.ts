import {
  groupBy,
  type ClassResult,
  type ConversationsResult,
  type Distribution,
  type EngineInfo,
  type LoadSpec,
  type OwnMetric,
  type PointFlag,
  type PointResult,
  type SteadyResult,
} from '@bench/core';
import type { ForeignKind, PointView, RunView, SearchFile, TaskView } from '@bench/results';
import {
  meanClasses,
  meanConversations,
  meanDistributions,
  meanScalars,
  meanSteady,
  mergeFlags,
  sumCounts,
  sumErrors,
} from './aggregate.ts';
import type { KnownAccuracy } from './client-error.ts';
import { rowIntervals, type RowIntervals } from './intervals.ts';
import { costsOf } from './prices/costs.ts';
import type { PriceBook } from './prices/price-book.ts';
import { pricedTask } from './prices/priced-task.ts';
import { priceFacts, rowPrice, type RowPrice } from './prices/row-price.ts';
import type { AskedSlo } from './slo/ask-slo.ts';
import { type AskedShare, judgeResults } from './slo/judge-slo.ts';
import { dataLabel, type LoadAxis, loadAxis, loadLabel, machineLabel } from './labels.ts';

/** Where a row's figures were read. */
export interface RowSource {
  /** `run`: a run directory. */
  kind: 'run' | ForeignKind;
  /** Folder or file, as the user reaches it. */
  path: string;
}

/** A summary with as many members as its source gives; none is made up. */
export type RowDistribution = Partial<Distribution>;

/** One point of one task with its repeats taken together; or, with `point: null`, a task that has none. */
export interface ReportRow {
  /** Unique in its report: the place of its task, and its own in that, `3.1`. Empty: it is in none. */
  id: string;
  source: RowSource;
  /** What a reader might expect and the source does not say: metric names, `failed`, `duration`. Empty for runs: what they lack was not measured. */
  lacks: readonly string[];
  /** When its (first) measurement began, or ended where the source says only that; ISO 8601. Null: not known. */
  measuredAt: string | null;
  /** Id of the run; of another tool's file its path. */
  runId: string;
  recipe: string;
  variant: string;
  /** Equal keys: the same resolved recipe. */
  taskKey: string;
  kind: 'inference' | 'service' | 'command';
  /** The values that make the variant. */
  params: Record<string, string | number | boolean | null>;
  point: number | null;
  /** `partial`: some repeats could not be measured. `not_run`: the run ended, or stands, before it. */
  status: 'ok' | 'partial' | 'failed' | 'not_run';
  /** Why it failed, in words. */
  error: string | null;
  /** Repeats that the figures are the mean of. */
  repeats: number;
  /** Null: the recipe's own clients or command measured, or nothing did. */
  load: LoadSpec | null;
  /** What another tool’s program did: `serve` and `pooling` load a server, `throughput` and `latency` have none. Null: a row of a run. */
  program: 'serve' | 'pooling' | 'throughput' | 'latency' | null;
  /** What its point is plotted and sorted by. Null: it has no concurrency or rate. */
  axis: LoadAxis | null;
  /** `8 concurrent`, `4 req/s`. Null: no load is known. */
  loadText: string | null;
  /** `random prompts, 512 tokens in, 128 out`. Null: not known. */
  dataText: string | null;
  /** Limits of a good request, milliseconds: those that its load names, or in their place those that the report was asked for; null: none. */
  slo: LoadSpec['slo'] | null;
  /** How it stands to limits that the report was asked for. Null: `slo` is its load’s own. */
  askedSlo: AskedShare | null;
  /** Requests of all repeats; show what `requestsOf` gives, which leaves out what a source does not say. Null: nothing was measured. */
  counts: PointResult['counts'] | null;
  errors: Record<string, number>;
  /** Seconds, mean of the repeats. */
  durationS: number | null;
  /** Figures by metric name, means of the repeats; with the cost figures when the price is known. */
  scalars: Record<string, number>;
  distributions: Record<string, RowDistribution>;
  /** How sure they are. Null: not known. */
  intervals: RowIntervals | null;
  /** The steady state beside the figures above, which are of the whole run. Null: it has none. */
  steady: SteadyResult | null;
  /** Of a load with classes of requests: each by its name. Null: it has none. */
  classes: Record<string, ClassResult> | null;
  /** Of a load of conversations. Null: its requests stand alone. */
  conversations: ConversationsResult | null;
  /** Unit and direction of the scalars that clients or a command reported themselves. */
  ownMetrics: Record<string, OwnMetric>;
  flags: PointFlag[];
  /** Of a task that searched the highest load under an SLO: what it found. */
  search: SearchFile | null;
  tokenSources: PointResult['tokenSources'] | null;
  /** The client's own error. Null: bench's client did not measure it. */
  accuracy: KnownAccuracy | null;
  /** `8xH200`, or the processor. Null: not known. */
  machine: string | null;
  gpuCount: number;
  engine: Omit<EngineInfo, 'model'> | null;
  model: string | null;
  /** Of all that it ran on. Null: not known, which is not the same as free. */
  price: RowPrice | null;
  /** Its dollars an hour. Null: not known, or said in a currency to which no rate is known. */
  priceUsdPerHour: number | null;
  /** Who says so, and as of when. */
  priceSource: string | null;
}

/** What rows are made with beside what was measured. */
export interface RowOptions {
  /** Prices beside those that the runs recorded. */
  prices?: PriceBook | undefined;
  /** Limits in place of those that the loads name. */
  slo?: AskedSlo | undefined;
}

/** Rows of all runs: tasks in the order of the plan, points in theirs. Pure. */
export function reportRows(runs: readonly RunView[], options: RowOptions = {}): ReportRow[] {
  return runs.flatMap((view) => {
    const rows = view.tasks.flatMap((task) => taskRows(view, task, options));
    const seen = new Set(view.tasks.map((task) => task.file.key));
    const missing = view.run.tasks
      .filter((planned) => !seen.has(planned.key))
      .map((planned) => ({ ...runRow(view), recipe: planned.recipe, variant: planned.variant, taskKey: planned.key }));
    const order = new Map(view.run.tasks.map((planned, i) => [planned.key, i]));
    const place = (row: ReportRow) => order.get(row.taskKey) ?? order.size;
    return [...rows, ...missing].sort((a, b) => place(a) - place(b));
  });
}

/** Counts of requests, those that are known; null: nothing that was measured is a request, or its source counts none. */
export function requestsOf({ counts, loadText, source, lacks }: ReportRow): Partial<NonNullable<ReportRow['counts']>> | null {
  if (counts === null || (counts.sent === 0 && (loadText === null || source.kind !== 'run'))) return null;
  return lacks.includes('failed') ? { ok: counts.ok } : counts;
}

function taskRows(view: RunView, task: TaskView, { prices, slo }: RowOptions): ReportRow[] {
  const base = taskRow(view, task, prices);
  const points = groupBy(task.points, ({ entry }) => entry.point);
  if (points.size === 0) {
    const { error, status } = task.file;
    const failed = status === 'failed' || error !== null;
    return [{ ...base, status: failed ? 'failed' : 'not_run', error: error?.message ?? task.deployment?.error?.message ?? null }];
  }
  const found = [...points].sort(([a], [b]) => a - b).map(([point, views]) => pointRow(base, { point, views, slo }));
  const { atMost } = view.run.tasks.find(({ key }) => key === task.file.key) ?? {};
  // Points that follow from one another jump to and fro.
  return atMost ? found.sort((a, b) => (a.axis?.value ?? 0) - (b.axis?.value ?? 0)) : found;
}

interface PointOf {
  point: number;
  views: readonly PointView[];
  slo: AskedSlo | undefined;
}

function pointRow(base: ReportRow, { point, views, slo: asked }: PointOf): ReportRow {
  const kept = views.flatMap((view) => (view.entry.status === 'ok' && view.result ? [view.result] : []));
  const bad = views.filter((view) => view.entry.status !== 'ok' || !view.result);
  const error = bad.map((view) => view.entry.error ?? 'its result file is missing or damaged').find(Boolean) ?? null;
  const load = (kept[0] ?? views.find((view) => view.result)?.result)?.load ?? null;
  const judged = asked && load && kept.length > 0 ? judgeResults(kept, asked) : null;
  const results = judged?.results ?? kept;
  const of = { point, load, ...loadFacts(load), ...(judged && { slo: asked?.limits ?? null, askedSlo: judged.share }) };
  if (results.length === 0) return { ...base, ...of, status: 'failed', error };
  const scalars = meanScalars(results.map((r) => r.scalars));
  const ownMetrics = Object.assign({}, ...results.map((r) => r.ownMetrics ?? {})) as Record<string, OwnMetric>;
  return {
    ...base,
    ...of,
    measuredAt: results[0]?.startedAt ?? null,
    status: bad.length === 0 ? 'ok' : 'partial',
    error,
    repeats: results.length,
    counts: sumCounts(results),
    errors: sumErrors(results),
    durationS: results.reduce((sum, r) => sum + r.durationS, 0) / results.length,
    scalars: { ...scalars, ...costs(scalars, base.priceUsdPerHour, ownMetrics) },
    distributions: meanDistributions(results),
    intervals: rowIntervals(results),
    steady: meanSteady(results),
    classes: meanClasses(results),
    conversations: meanConversations(results),
    ownMetrics,
    flags: mergeFlags(results.map((r) => r.flags)),
    tokenSources: results[0]?.tokenSources ?? null,
    accuracy: accuracyOf(results),
  };
}

/** Of repeats that were sent from several machines, one that was checked. */
function accuracyOf(results: readonly PointResult[]): KnownAccuracy | null {
  const clients = results.flatMap(({ client }) => client ?? []);
  if (clients.length === 0) return null;
  return clients.find(({ accuracy }) => accuracy)?.accuracy ?? 'not checked';
}

/** What a recipe itself reports by the name of a cost is its own figure, and stays. */
function costs(scalars: Record<string, number>, price: number | null, own: Record<string, OwnMetric>): Record<string, number> {
  if (price === null) return {};
  return Object.fromEntries(Object.entries(costsOf(scalars, price)).filter(([name]) => own[name] === undefined));
}

function taskRow(view: RunView, task: TaskView, prices: PriceBook | undefined): ReportRow {
  const { file, deployment, machine } = task;
  return {
    ...runRow(view),
    recipe: file.recipe,
    variant: file.variant,
    taskKey: file.key,
    kind: file.kind,
    params: file.params,
    search: file.search ?? null,
    machine: machineLabel(file, machine),
    gpuCount: file.gpu.count,
    // A command has no server, and a service no model: what stands there names the recipe's kind only.
    engine: file.kind === 'command' ? null : (deployment?.engine ?? null),
    model: file.kind === 'inference' ? (deployment?.engine.model ?? null) : null,
    ...priceFacts(rowPrice(pricedTask(view, task), prices)),
  };
}

function loadFacts(load: LoadSpec | null): Pick<ReportRow, 'axis' | 'loadText' | 'dataText' | 'slo'> {
  if (!load) return { axis: null, loadText: null, dataText: null, slo: null };
  const slo = Object.keys(load.slo).length > 0 ? load.slo : null;
  return { axis: loadAxis(load), loadText: loadLabel(load), dataText: dataLabel(load), slo };
}

function runRow(view: RunView): ReportRow {
  return { ...emptyRow(view.run.id), source: { kind: 'run', path: view.dir } };
}

/** A row of which nothing is known. */
export function emptyRow(runId: string): ReportRow {
  return {
    id: '',
    source: { kind: 'run', path: '' },
    lacks: [],
    measuredAt: null,
    runId,
    recipe: '',
    variant: '',
    taskKey: '',
    kind: 'inference',
    params: {},
    point: null,
    status: 'not_run',
    error: null,
    repeats: 0,
    load: null,
    program: null,
    axis: null,
    loadText: null,
    dataText: null,
    slo: null,
    askedSlo: null,
    counts: null,
    errors: {},
    durationS: null,
    scalars: {},
    distributions: {},
    intervals: null,
    classes: null,
    steady: null,
    conversations: null,
    ownMetrics: {},
    flags: [],
    search: null,
    tokenSources: null,
    accuracy: null,
    machine: null,
    gpuCount: 0,
    engine: null,
    model: null,
    price: null,
    priceUsdPerHour: null,
    priceSource: null,
  };
}
