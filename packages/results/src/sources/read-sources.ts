import { dirname, extname, isAbsolute, relative, sep } from 'node:path';
import { BenchError, groupBy, maskSecrets } from '@bench/core';
import { readRun } from '../read-run.ts';
import type { RunView } from '../run-view.ts';
import { type FileInput, findInputs, type Inputs } from './find-inputs.ts';
import type { ForeignMeasurement } from './foreign-measurement.ts';
import { measurements } from './measurement.ts';
import { joinReads, type Read, readInput, reasonOf } from './read-file.ts';
import { contradictionText, readTaskList } from './read-task-list.ts';

/** What a report is made of. */
export interface Sources {
  runs: RunView[];
  /** What other tools measured: of each file in the order of its results. */
  foreign: ForeignMeasurement[];
  /** What was left out or reads oddly, and why. What is in a run directory is told by its own `problems`. */
  problems: { path: string; message: string }[];
}

/**
 * Opens what a report is asked of: run directories, their ids, `latest`, folders of them, recipes (their runs in `out`), folders and files
 * of other tools (told apart by content). What leads to the same place twice is taken once; what cannot be read is in `problems`.
 * @throws BenchError when nothing at all can be read: the error of the only path, `BENCH_NOTHING_READ` of several.
 */
export async function readSources(
  paths: readonly string[],
  { signal, out = 'runs' }: { signal: AbortSignal; out?: string },
): Promise<Sources> {
  const inputs = await findInputs(paths, { out, signal });
  const { failures } = inputs;
  const runs = await readRuns(inputs, signal);
  const { foreign, problems } = await readForeign(inputs, signal);
  const told = [
    ...runs.map(({ dir }) => dir),
    ...foreign.map(({ source }) => source.path),
    ...[...problems, ...failures].map(({ path }) => path),
  ];
  for (const folder of inputs.folders)
    if (!told.some((path) => isBelow(path, folder)))
      problems.push({ path: folder, message: 'nothing in this folder can be read as a result' });
  if (runs.length === 0 && foreign.length === 0) throw nothingRead(paths, failures, problems);
  const all = [...failures.map(({ path, error }) => ({ path, message: reasonOf(error) })), ...problems];
  // They may repeat what stands in a file.
  return { runs, foreign, problems: all.map(({ path, message }) => ({ path, message: maskSecrets(message) })) };
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return !isAbsolute(way) && way.split(sep)[0] !== '..';
}

/** In the order of the paths; those of one folder, whose names are ids, oldest first. */
async function readRuns({ runs, failures }: Inputs, signal: AbortSignal): Promise<RunView[]> {
  const views: { named: number; view: RunView }[] = [];
  for (const { dir, named } of runs.values()) {
    signal.throwIfAborted();
    try {
      views.push({ named, view: await readRun(dir) });
    } catch (error) {
      failures.push({ path: dir, error });
    }
  }
  const at = ({ view }: (typeof views)[0]) => Date.parse(view.run.createdAt) || 0;
  return views.sort((a, b) => a.named - b.named || at(a) - at(b)).map(({ view }) => view);
}

async function readForeign({ lists, files }: Inputs, signal: AbortSignal): Promise<Pick<Sources, 'foreign' | 'problems'>> {
  const foreign: ForeignMeasurement[] = [];
  const problems: Sources['problems'] = [];
  const taken = new Set<string>();
  for (const list of lists.values()) {
    const content = await readTaskList(list, signal);
    foreign.push(...content.foreign);
    problems.push(...content.problems);
    for (const file of content.taken) taken.add(file);
  }
  const loose = [...files].flatMap(([real, file]) => (taken.has(real) ? [] : [file]));
  const readFolders = new Set(foreign.map(({ source }) => dirname(source.path)));
  const reads: Read[] = [];
  for (const input of loose) reads.push(await readInput(input, { signal }));
  for (const read of reads) if (read.file) readFolders.add(dirname(read.path));
  for (const read of reads) {
    if (!read.file && isBeside(read, readFolders)) continue;
    for (const message of read.problems) problems.push({ path: read.path, message });
  }
  foreign.push(...pairs(reads, problems));
  return { foreign, problems };
}

/** Endings of what people keep beside results, and a glob over their folder takes along. */
const KEPT_BESIDE = new Set(['.csv', '.xlsx', '.html', '.md', '.yaml', '.yml', '.png', '.svg', '.pdf', '.sh', '.py']);

function isBeside({ path }: FileInput, readFolders: ReadonlySet<string>): boolean {
  return KEPT_BESIDE.has(extname(path).toLowerCase()) && readFolders.has(dirname(path));
}

/** A text and a JSON file of one name and one tool are one measurement. */
function pairs(reads: readonly Read[], problems: Sources['problems']): ForeignMeasurement[] {
  const byStem = groupBy(reads, ({ file, path }) => (file ? path.slice(0, path.length - extname(path).length) : null));
  return [...byStem.values()].flatMap((same) => {
    const [first, second] = same;
    const twins = same.length === 2 && first && second ? (joinReads(first, second) ?? joinReads(second, first)) : null;
    if (!twins) return same.flatMap(({ path, below, file }) => (file ? measurements({ path, below, ...file }) : []));
    const other = same.find(({ path }) => path !== twins.found.path) as Read;
    if (twins.contradictions.length > 0)
      problems.push({ path: twins.found.path, message: contradictionText(twins.contradictions, other.path) });
    return measurements(twins.found);
  });
}

function nothingRead(paths: readonly string[], failures: Inputs['failures'], problems: Sources['problems']): unknown {
  const [failure] = failures;
  if (failures.length === 1 && problems.length === 0 && failure) return failure.error;
  const all = [
    ...failures.map(({ path, error }) => `${path}: ${reasonOf(error)}`),
    ...problems.map(({ path, message }) => `${path}: ${message}`),
  ];
  return new BenchError({
    code: 'BENCH_NOTHING_READ',
    message: [`nothing can be read of ${paths.join(', ')}`, ...all.slice(0, 20)].join('\n'),
    hint: 'bench report takes run directories, ids of runs, folders of results, and result files of other tools',
    exitCode: 2,
  });
}
