import { EXIT } from '@bench/core';
import { readRun, resolveRun, type RunView, type TaskView } from '@bench/results';
import { columns } from '../ui/columns.ts';
import { styles } from '../ui/style.ts';

/** `bench status`. */
export async function status(run: string, flags: { out: string; json?: true | undefined }): Promise<number> {
  const view = await readRun(await resolveRun(run, flags.out));
  const style = styles(process.stdout);
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(summary(view), null, 1)}\n`);
    return EXIT.ok;
  }
  const { run: file } = view;
  process.stdout.write(
    `${style.bold(file.id)}  ${view.status}  on ${file.asked.site}  since ${file.createdAt}${file.endedAt === null ? '' : `  ended ${file.endedAt}`}\n${style.dim(view.dir)}\n\n`,
  );
  process.stdout.write(
    columns(
      ['TASK', 'STATUS', 'MEASURED', 'ENGINE', 'ERROR'],
      view.tasks.map((task) => [
        name(task),
        taskStatus(task, view),
        measured(task, view),
        engine(task),
        firstLine(task.file.error?.message ?? pointError(task)),
      ]),
      style,
    ),
  );
  for (const problem of view.problems) process.stdout.write(`left out: ${problem.path}: ${problem.message}\n`);
  if (view.status === 'interrupted' || view.status === 'failed')
    process.stdout.write(`\ngo on with: bench run --resume ${file.id}${flags.out === 'runs' ? '' : ` --out ${flags.out}`}\n`);
  return EXIT.ok;
}

function summary(view: RunView) {
  return {
    id: view.run.id,
    dir: view.dir,
    status: view.status,
    exitCode: view.run.exitCode,
    createdAt: view.run.createdAt,
    endedAt: view.run.endedAt,
    tasks: view.tasks.map((task) => ({
      recipe: task.file.recipe,
      variant: task.file.variant,
      key: task.file.key,
      status: taskStatus(task, view),
      deployment: task.deployment?.id ?? null,
      points: task.points.map((p) => p.entry),
      error: task.file.error,
    })),
    problems: view.problems,
  };
}

/** A task cannot be running in a run that nobody writes. */
function taskStatus(task: TaskView, view: RunView): string {
  return task.file.status === 'running' && view.status !== 'running' ? 'interrupted' : task.file.status;
}

function measured(task: TaskView, view: RunView): string {
  const planned = view.run.tasks.find((t) => t.recipe === task.file.recipe && t.variant === task.file.variant);
  return `${task.points.filter((p) => p.entry.status === 'ok').length}/${(planned?.points ?? 0) * (planned?.repeats ?? 1)}`;
}

const name = (task: TaskView) => `${task.file.recipe}/${task.file.variant}`;
const engine = (task: TaskView) =>
  task.deployment ? [task.deployment.engine.name, task.deployment.engine.version].filter(Boolean).join(' ') : '';
const pointError = (task: TaskView) => task.points.find((p) => p.entry.error !== null)?.entry.error ?? '';
const firstLine = (text: string) => text.split('\n')[0] ?? '';
