import { readFile, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { type DeplodockTask, parseDeplodockTasks } from '../formats/deplodock-json.ts';
import type { FileInput } from './find-inputs.ts';
import type { ForeignMeasurement } from './foreign-measurement.ts';
import { measurements } from './measurement.ts';
import { joinReads, type Read, readInput, reasonOf } from './read-file.ts';

export interface TaskListContent {
  foreign: ForeignMeasurement[];
  problems: { path: string; message: string }[];
  /** Real paths of the files that it names: they are no measurements of their own. */
  taken: Set<string>;
}

/** The measurements of a deplodock run by its list of tasks, text and JSON as one. A list that cannot be read leaves its files as they are. */
export async function readTaskList(list: FileInput, signal: AbortSignal): Promise<TaskListContent> {
  const content: TaskListContent = { foreign: [], problems: [], taken: new Set() };
  try {
    const { tasks, problems } = parseDeplodockTasks(await readFile(list.path, { encoding: 'utf8', signal }));
    for (const message of problems) content.problems.push({ path: list.path, message });
    for (const [i, task] of tasks.entries()) await addTask(task, { list, number: i + 1, content, signal });
  } catch (error) {
    signal.throwIfAborted();
    content.problems.push({ path: list.path, message: reasonOf(error) });
  }
  return content;
}

interface TaskPlace {
  list: FileInput;
  number: number;
  content: TaskListContent;
  signal: AbortSignal;
}

async function addTask(task: DeplodockTask, { list, number, content, signal }: TaskPlace): Promise<void> {
  const name = task.taskId ?? task.variant ?? `task ${number}`;
  const tell = (path: string, message: string) => content.problems.push({ path, message });
  const named = [task.jsonResultFile ?? twinName(task.resultFile), task.resultFile].filter((file) => file !== undefined);
  if (named.length === 0) tell(list.path, `${name} names no result file`);
  const reads: Read[] = [];
  for (const file of new Set(named)) {
    const path = join(dirname(list.path), file);
    if (isAbsolute(file) || normalize(file).startsWith('..')) {
      tell(list.path, `${name} names a result outside of its folder: ${file}`);
      continue;
    }
    const real = await realpath(path).catch(() => null);
    if (real === null) {
      // Older versions write no JSON, and their list does not name one.
      if (file === task.jsonResultFile || file === task.resultFile) tell(path, `missing: ${name} was not measured, or its file is gone`);
      continue;
    }
    content.taken.add(real);
    const below = list.below === null ? null : join(dirname(list.below), file);
    const read = await readInput({ path, below }, { signal, must: true });
    for (const message of read.problems) tell(path, message);
    if (read.file) reads.push(read);
  }
  const [first, second] = reads;
  if (!first?.file) return;
  const twins = second && joinReads(first, second);
  if (twins?.contradictions.length) tell(first.path, contradictionText(twins.contradictions, (second as Read).path));
  const found = twins?.found ?? { path: first.path, below: first.below, results: first.file.results, parts: first.file.parts };
  content.foreign.push(...measurements(found, task));
}

function twinName(file: string | undefined): string | undefined {
  return file?.endsWith('.txt') ? `${file.slice(0, -4)}.json` : undefined;
}

/** How many differences are named. */
const NAMED = 3;

/** What two files of one measurement say differently; the first one's figures stand. */
export function contradictionText(contradictions: readonly string[], twin: string): string {
  const more = contradictions.length - NAMED;
  return `says otherwise than ${twin}, and is taken: ${contradictions.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
