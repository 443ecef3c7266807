import { findGpu, globMatches, messageOf } from '@bench/core';
import { findRuns } from './find-runs.ts';
import { readRunOutline } from './read-run.ts';
import { readRunFile } from './read-run-file.ts';
import type { RunFile, RunStatus } from './run-file.ts';
import type { RunOutline } from './run-view.ts';

/** Runs read at once: enough to keep a disk busy. */
const AT_ONCE = 16;

/** Which runs are meant: what is named must all hold. Globs know `*` and `?`, and ignore case. */
export interface RunFilter {
  /** Glob of the name of one of its recipes. */
  recipe?: string | undefined;
  status?: RunStatus | undefined;
  /** Glob of the site. */
  site?: string | undefined;
  /** Glob of the model that an engine served. */
  model?: string | undefined;
  /** Glob of a GPU: its name in the catalogue (`H200`), or as its driver calls it. */
  gpu?: string | undefined;
  /** Glob of an engine's name. */
  engine?: string | undefined;
  /** One of its tags. */
  tag?: string | undefined;
  /** Begun then or later, milliseconds since the epoch. */
  since?: number | undefined;
}

/** A run that a list shows, or why it cannot be read. */
export type ListedRun = { dir: string; outline: RunOutline } | { dir: string; error: string };

/**
 * Runs directly below `root`, oldest first. With a filter those that pass it; one that cannot be read passes none. Reads of each run no more
 * than the filter needs to refuse it, and nothing that its points measured.
 * @param o.limit the newest so many
 */
export async function listRuns(
  root: string,
  o: { filter?: RunFilter; limit?: number | undefined; signal?: AbortSignal } = {},
): Promise<ListedRun[]> {
  const { filter = {}, limit = Infinity, signal } = o;
  const filtered = Object.values(filter).some((value) => value !== undefined);
  const headed = await inBatches(await findRuns(root), signal, async (dir, i) => {
    const head = await readRunFile(dir).catch(messageOf);
    return { dir, i, head };
  });
  // The file system's own dates are those of the last write, and of a copy all new.
  const began = ({ head }: (typeof headed)[number]) => (typeof head === 'string' ? '' : head.createdAt);
  const newest = headed
    .filter(({ head }) => (typeof head === 'string' ? !filtered : passesFile(head, filter)))
    .sort((a, b) => (began(a) < began(b) ? 1 : began(a) > began(b) ? -1 : b.i - a.i));
  const found: ListedRun[] = [];
  for (let at = 0; at < newest.length && found.length < limit; at += AT_ONCE) {
    const read = await inBatches(newest.slice(at, at + AT_ONCE), signal, async ({ dir, head }): Promise<ListedRun | null> => {
      if (typeof head === 'string') return { dir, error: head };
      const outline = await readRunOutline(dir).catch(messageOf);
      if (typeof outline === 'string') return filtered ? null : { dir, error: outline };
      return passes(outline, filter) ? { dir, outline } : null;
    });
    found.push(...read.filter((run) => run !== null));
  }
  return found.slice(0, limit).reverse();
}

function passesFile(run: RunFile, { recipe, site, since }: RunFilter): boolean {
  return (
    (recipe === undefined || run.tasks.some((task) => globMatches(recipe, task.recipe))) &&
    (site === undefined || globMatches(site, run.asked.site)) &&
    (since === undefined || Date.parse(run.createdAt) >= since)
  );
}

function passes(run: RunOutline, filter: RunFilter): boolean {
  const { recipe, status, model, gpu, engine, tag } = filter;
  // Of a run of several recipes, the one that is asked for must be the one that ran on it.
  const tasks = run.tasks.filter(({ file }) => recipe === undefined || globMatches(recipe, file.recipe));
  const some = (glob: string | undefined, of: (task: RunOutline['tasks'][number]) => (string | null | undefined)[]) =>
    glob === undefined || tasks.some((task) => of(task).some((text) => typeof text === 'string' && globMatches(glob, text)));
  return (
    (status === undefined || run.status === status) &&
    (tag === undefined || run.notes.tags.includes(tag)) &&
    some(model, ({ file, deployment }) => (file.kind === 'inference' ? [deployment?.engine.model] : [])) &&
    some(engine, ({ deployment }) => [deployment?.engine.name]) &&
    some(gpu, gpuNames)
  );
}

/** The GPUs that a task asks for, or has without naming them; a machine may have some that it does not use. */
function gpuNames({ file, machine }: RunOutline['tasks'][number]): (string | null)[] {
  const { name, count } = file.gpu;
  const names = name === null && count > 0 ? (machine?.system.gpus ?? []).map((gpu) => gpu.name) : [name];
  return names.flatMap((each) => (each === null ? [] : [each, findGpu(each)?.id ?? null]));
}

async function inBatches<T, R>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  each: (item: T, i: number) => Promise<R>,
): Promise<R[]> {
  const out: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    signal?.throwIfAborted();
    out.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map((item, i) => each(item, at + i)))));
  }
  return out;
}
