import { basename } from 'node:path';
import { EXIT, type Io, minuteText, usd } from '@bench/core';
import { type ListedRun, listRuns, plannedPoints, type RunFilter } from '@bench/results';
import { withContext } from '../context.ts';
import { knownNow } from '../runs-now.ts';
import { teardownCommand } from '../run-commands.ts';
import { columns } from '../ui/columns.ts';
import { styles } from '../ui/style.ts';
import { terminalWidth } from '../ui/width.ts';

const ROOMY = 80;

/** Which runs are shown. */
export interface ListFlags extends Omit<RunFilter, 'since'> {
  out: string;
  /** Milliseconds since the epoch, or so many before now. */
  since?: { at: number } | { ago: number } | undefined;
  limit?: number | undefined;
  json?: true | undefined;
}

/** `bench list`. */
export function list(flags: ListFlags): Promise<number> {
  return withContext(({ io, signal }) => show(flags, io, signal), { stopText: null });
}

async function show(flags: ListFlags, io: Io, signal: AbortSignal): Promise<number> {
  const { out, limit, json } = flags;
  const filter = filterOf(flags, io);
  const runs = await listRuns(out, { filter, limit, signal });
  const rows = await rowsOf(runs, io);
  if (json) {
    process.stdout.write(`${JSON.stringify(rows, null, 1)}\n`);
    return EXIT.ok;
  }
  if (rows.length === 0) {
    const any = Object.values(filter).every((value) => value === undefined);
    process.stdout.write(any ? `no runs in ${out}\n` : `no run in ${out} is like that\n`);
    return EXIT.ok;
  }
  const style = styles(process.stdout);
  const width = terminalWidth(process.stdout);
  // Where there is little room, when a run began matters least: they are in that order.
  const roomy = width === undefined || width >= ROOMY;
  const spent = rows.some((r) => r.costUsd !== null);
  const tagged = rows.some((r) => r.tags.length > 0);
  const table = rows.map((r) => [
    r.id,
    ...(roomy ? [minuteText(r.created)] : []),
    r.up.length > 0 ? `${r.status}, up` : r.status,
    r.site,
    r.points === 0 ? '-' : `${r.measured}/${r.atMost ? 'at most ' : ''}${r.points}`,
    ...(spent ? [r.costUsd === null ? '' : usd(r.costUsd)] : []),
    ...(tagged ? [r.tags.join(' ')] : []),
    r.recipes.join(', '),
  ]);
  const header = [
    'RUN',
    ...(roomy ? ['CREATED (UTC)'] : []),
    'STATUS',
    'SITE',
    'POINTS',
    ...(spent ? ['COST'] : []),
    ...(tagged ? ['TAGS'] : []),
    'RECIPES',
  ];
  process.stdout.write(columns(header, table, style, { width, whole: roomy ? [0, 1, 2] : [0, 1] }));
  const up = rows.filter((r) => r.up.length > 0);
  if (up.length > 0) process.stdout.write('\n');
  for (const run of up)
    process.stdout.write(`${style.yellow('still up:')} ${run.id} on ${run.site}; end it with: ${teardownCommand(run.id, out)}\n`);
  return EXIT.ok;
}

/** Of flags that name runs. */
export function filterOf({ recipe, status, site, model, gpu, engine, tag, since }: Omit<ListFlags, 'out'>, io: Pick<Io, 'now'>): RunFilter {
  const from = since === undefined ? undefined : 'at' in since ? since.at : io.now() - since.ago;
  return { recipe, status, site, model, gpu, engine, tag, since: from };
}

/** As `--json` prints them. */
async function rowsOf(runs: readonly ListedRun[], io: Io) {
  const know = knownNow(io);
  return Promise.all(
    runs.map(async (run) => {
      if ('error' in run) return { ...UNREADABLE, id: basename(run.dir), recipes: [run.error], dir: run.dir };
      const { view } = await know(run.outline);
      return {
        id: view.run.id,
        created: view.run.createdAt,
        status: view.status,
        site: view.run.asked.site,
        recipes: distinct(view.tasks.map((task) => task.file.recipe)),
        measured: view.tasks.flatMap((task) => task.points).filter(({ entry }) => entry.status === 'ok').length,
        ...(view.run.asked.mode === 'deploy' ? { points: 0, atMost: false } : plannedPoints(view)),
        // What a run that goes on has up is its own business.
        costUsd: view.cost?.usd ?? null,
        up: view.status === 'running' ? [] : view.live.map(({ deployment, machineName }) => ({ deployment, machine: machineName })),
        tags: view.notes.tags,
        remarks: view.notes.remarks.length,
        engines: distinct(view.tasks.map(({ file, deployment }) => (file.kind === 'command' ? null : deployment?.engine.name))),
        gpus: distinct(view.tasks.map(({ file }) => file.gpu.name)),
        models: distinct(view.tasks.map(({ file, deployment }) => (file.kind === 'inference' ? deployment?.engine.model : null))),
        dir: view.dir,
      };
    }),
  );
}

const UNREADABLE = {
  created: '',
  status: 'unreadable',
  site: '',
  measured: 0,
  points: 0,
  atMost: false,
  costUsd: null,
  up: [],
  tags: [] as string[],
  remarks: 0,
  engines: [],
  gpus: [],
  models: [],
};

const distinct = (texts: readonly (string | null | undefined)[]): string[] => [
  ...new Set(texts.filter((text) => typeof text === 'string')),
];
