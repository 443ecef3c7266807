import type { Report } from '../report.ts';

/** What each model of a report came to, as reports of their own, in the order in which they come. Rows without a model are together, under null. */
export function splitByModel(report: Report): { model: string | null; report: Report }[] {
  const models = [...new Set(report.rows.map((row) => row.model))];
  return models.map((model) => {
    const rows = report.rows.filter((row) => row.model === model);
    const paths = new Set(rows.map((row) => row.source.path));
    const tasks = new Set(rows.map((row) => `${row.runId}\n${row.taskKey}\n${row.variant}`));
    const runs = report.runs
      .map((view) => ({ ...view, tasks: view.tasks.filter(({ file }) => tasks.has(`${view.run.id}\n${file.key}\n${file.variant}`)) }))
      .filter(({ run }) => rows.some((row) => row.runId === run.id));
    return { model, report: { ...report, rows, runs, foreign: report.foreign.filter(({ source }) => paths.has(source.path)) } };
  });
}

const MAX_NAME = 80;

/** Names of models as parts of file names, told apart: letters, digits, `.`, `_` and `-` alone. */
export function modelFileNames(models: readonly (string | null)[]): string[] {
  const taken = new Set<string>();
  return models.map((model) => {
    const safe =
      (model ?? 'no-model')
        .replace(/[^\w.-]+/g, '-')
        .replace(/^[.-]+|[.-]+$/g, '')
        .slice(0, MAX_NAME) || 'model';
    let name = safe;
    // File systems that know no difference between a and A are common.
    for (let i = 2; taken.has(name.toLowerCase()); i++) name = `${safe}-${i}`;
    taken.add(name.toLowerCase());
    return name;
  });
}
