import { basename } from 'node:path';
import { EXIT, type Io, messageOf, minuteText, usd } from '@bench/core';
import { findRuns, plannedPoints } from '@bench/results';
import { withContext } from '../context.ts';
import { runsNow } from '../runs-now.ts';
import { teardownCommand } from '../run-commands.ts';
import { columns } from '../ui/columns.ts';
import { styles } from '../ui/style.ts';
import { terminalWidth } from '../ui/width.ts';

const ROOMY = 80;

/** `bench list`. */
export function list(flags: { out: string; json?: true | undefined }): Promise<number> {
  return withContext(({ io }) => show(flags, io), { stopText: null });
}

async function show(flags: { out: string; json?: true | undefined }, io: Io): Promise<number> {
  const rows = [];
  const read = runsNow(io);
  for (const dir of await findRuns(flags.out)) {
    try {
      const { view } = await read(dir);
      const points = view.tasks.flatMap((task) => task.points);
      rows.push({
        id: view.run.id,
        created: view.run.createdAt,
        status: view.status as string,
        site: view.run.asked.site,
        recipes: [...new Set(view.run.tasks.map((t) => t.recipe))],
        measured: points.filter((p) => p.result !== null).length,
        ...(view.run.asked.mode === 'deploy' ? { points: 0, atMost: false } : plannedPoints(view)),
        // What a run that goes on has up is its own business.
        costUsd: view.cost?.usd ?? null,
        up: view.status === 'running' ? [] : view.live.map(({ deployment, machineName }) => ({ deployment, machine: machineName })),
        dir,
      });
    } catch (error) {
      rows.push({
        id: basename(dir),
        created: '',
        status: 'unreadable',
        site: '',
        recipes: [messageOf(error)],
        measured: 0,
        points: 0,
        atMost: false,
        costUsd: null,
        up: [],
        dir,
      });
    }
  }
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(rows, null, 1)}\n`);
    return EXIT.ok;
  }
  if (rows.length === 0) {
    process.stdout.write(`no runs in ${flags.out}\n`);
    return EXIT.ok;
  }
  const style = styles(process.stdout);
  const width = terminalWidth(process.stdout);
  // Where there is little room, when a run began matters least: they are in that order.
  const roomy = width === undefined || width >= ROOMY;
  const spent = rows.some((r) => r.costUsd !== null);
  const table = rows.map((r) => [
    r.id,
    ...(roomy ? [minuteText(r.created)] : []),
    r.up.length > 0 ? `${r.status}, up` : r.status,
    r.site,
    r.points === 0 ? '-' : `${r.measured}/${r.atMost ? 'at most ' : ''}${r.points}`,
    ...(spent ? [r.costUsd === null ? '' : usd(r.costUsd)] : []),
    r.recipes.join(', '),
  ]);
  const header = ['RUN', ...(roomy ? ['CREATED (UTC)'] : []), 'STATUS', 'SITE', 'POINTS', ...(spent ? ['COST'] : []), 'RECIPES'];
  process.stdout.write(columns(header, table, style, { width, whole: roomy ? [0, 1, 2] : [0, 1] }));
  const up = rows.filter((r) => r.up.length > 0);
  if (up.length > 0) process.stdout.write('\n');
  for (const run of up)
    process.stdout.write(`${style.yellow('still up:')} ${run.id} on ${run.site}; end it with: ${teardownCommand(run.id, flags.out)}\n`);
  return EXIT.ok;
}
