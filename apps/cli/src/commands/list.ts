import { basename } from 'node:path';
import { EXIT, messageOf } from '@bench/core';
import { findRuns, readRun } from '@bench/results';
import { columns } from '../ui/columns.ts';
import { styles } from '../ui/style.ts';

/** `bench list`. */
export async function list(flags: { out: string; json?: true | undefined }): Promise<number> {
  const rows = [];
  for (const dir of await findRuns(flags.out)) {
    try {
      const view = await readRun(dir);
      const points = view.tasks.flatMap((task) => task.points);
      rows.push({
        id: view.run.id,
        created: view.run.createdAt,
        status: view.status as string,
        site: view.run.asked.site,
        recipes: [...new Set(view.run.tasks.map((t) => t.recipe))],
        measured: points.filter((p) => p.result !== null).length,
        points: view.run.tasks.reduce((sum, t) => sum + t.points * t.repeats, 0),
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
  const table = rows.map((r) => [
    r.id,
    r.created.replace('T', ' ').slice(0, 16),
    r.status,
    r.site,
    `${r.measured}/${r.points}`,
    r.recipes.join(', '),
  ]);
  process.stdout.write(columns(['RUN', 'CREATED (UTC)', 'STATUS', 'SITE', 'POINTS', 'RECIPES'], table, styles(process.stdout)));
  return EXIT.ok;
}
