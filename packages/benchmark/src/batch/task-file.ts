import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PointEntry, runPaths, type RunWriter, type TaskFile, taskFileSchema } from '@bench/results';

type TaskName = { recipe: string; variant: string };

/** Adds a point to a task's `result.json`, which another process may have made. One that it has already is replaced. */
export async function addPoint(writer: RunWriter, task: TaskName, entry: PointEntry): Promise<void> {
  await change(writer, task, (file) => ({ points: [...file.points.filter((known) => !isSame(known, entry)), entry] }));
}

/** Ends a task, in its file and in the journal. */
export async function endTask(
  writer: RunWriter,
  task: TaskName & { key: string },
  o: { status: 'done' | 'failed' | 'interrupted'; error: TaskFile['error'] },
): Promise<void> {
  const { recipe, variant, key } = task;
  await writer.event({ type: 'task_finished', recipe, variant, key, status: o.status });
  await change(writer, task, () => o);
}

async function change(writer: RunWriter, { recipe, variant }: TaskName, to: (file: TaskFile) => Partial<TaskFile>): Promise<void> {
  const text = await readFile(join(runPaths.task(writer.dir, recipe, variant), 'result.json'), 'utf8');
  const file = taskFileSchema.parse(JSON.parse(text));
  await writer.task({ ...file, ...to(file) });
}

function isSame(a: PointEntry, b: PointEntry): boolean {
  return a.attempt === b.attempt && a.point === b.point && a.repeat === b.repeat;
}
