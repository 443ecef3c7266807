import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, type PointResult, pointResultSchema, type SeriesRow, seriesRowSchema } from '@bench/core';
import { z } from 'zod';
import { decodeGaps } from './formats/gaps.ts';
import { decodeRecords, recordsLeft } from './formats/records.ts';
import { decodeTelemetry } from './formats/telemetry.ts';
import { readJournal } from './journal.ts';
import type { JournalLine } from './journal-events.ts';
import { liveDeployments } from './live-deployments.ts';
import { isLocked } from './lock.ts';
import { paths } from './paths.ts';
import { detachedUntil, queuedJobs } from './queued-jobs.ts';
import { rentedMachines } from './rented-machines.ts';
import { runCost } from './run-cost.ts';
import { runSpans } from './run-spans.ts';
import {
  type DeploymentFile,
  deploymentFileSchema,
  machineFileSchema,
  type Notes,
  notesSchema,
  type PointEntry,
  type TaskFile,
  taskFileSchema,
} from './run-file.ts';
import type { PointView, RunOutline, RunView, TaskOutline, TaskView } from './run-view.ts';
import { readRunFile } from './read-run-file.ts';

/**
 * Reads a run directory, also one that is being written or was left half-written: what cannot be read is listed in
 * `problems`.
 * @throws BenchError `BENCH_RUN_NOT_FOUND`, `BENCH_RUN_DAMAGED` or `BENCH_RUN_TOO_NEW` when `run.json` itself cannot be used.
 */
export function readRun(dir: string): Promise<RunView> {
  return readWith<TaskView>(dir, async (outline, folder, load) => {
    if (folder === null) return { ...outline, recipeText: null, points: [] };
    return {
      ...outline,
      recipeText: await readFile(join(folder, 'recipe.yaml'), 'utf8').catch(() => null),
      points: await Promise.all(outline.points.map(({ entry }) => pointView(folder, entry, load))),
    };
  });
}

/** The same without what points measured and the recipes' texts, of which a run may have thousands of files. @throws what `readRun` throws. */
export function readRunOutline(dir: string): Promise<RunOutline> {
  return readWith<TaskOutline>(dir, (outline) => Promise.resolve(outline));
}

/** @param whole a task, from its outline; its folder is null where there can be none */
async function readWith<T extends TaskOutline>(
  dir: string,
  whole: (outline: TaskOutline, folder: string | null, load: Load) => Promise<T>,
): Promise<Omit<RunOutline, 'tasks'> & { tasks: T[] }> {
  const run = await readRunFile(dir);
  const problems: RunView['problems'] = [];
  const load = reader(problems);
  const machineNames = (await list(join(dir, 'machines'))).filter((n) => /^\d+$/.test(n)).sort((a, b) => Number(a) - Number(b));
  const machines = await Promise.all(machineNames.map((n) => load(join(dir, 'machines', n, 'machine.json'), machineFileSchema)));
  const tasks: T[] = [];
  for (const planned of run.tasks) {
    const folder = folderOf(dir, planned, problems);
    if (folder === null) {
      tasks.push(await whole({ file: pending(planned), deployment: null, machine: null, points: [] }, null, load));
      continue;
    }
    const file = (await load(join(folder, 'result.json'), taskFileSchema, { optional: true })) ?? pending(planned);
    const deployment =
      file.deployment === null ? null : await load(join(paths.deployment(dir, file.deployment), 'deployment.json'), deploymentFileSchema);
    const machine = file.machine === null ? null : (machines[machineNames.indexOf(String(file.machine))] ?? null);
    const points = latest(file.points).map((entry) => ({ entry }));
    tasks.push(await whole({ file, deployment, machine, points }, folder, load));
  }
  const events = await journal(dir, problems);
  const detached = detachedUntil(events);
  const alive = run.status === 'running' && (detached !== null || (await isLocked(paths.lock(dir))));
  return {
    dir,
    run,
    notes: (await load(paths.notes(dir), notesSchema, { optional: true })) ?? ({ tags: [], remarks: [] } satisfies Notes),
    status: run.status === 'running' && !alive ? 'interrupted' : run.status,
    tasks,
    machines: machines.filter((m) => m !== null),
    live: liveDeployments(events),
    rented: rentedMachines(events),
    jobs: queuedJobs(events),
    detachedUntil: detached,
    spans: runSpans(events),
    cost: events.some(({ type }) => type === 'machine_intent') ? runCost(events) : null,
    ...budgetReached(events),
    problems,
  };
}

/** `deployments/<id>/deployment.json` of a run. @throws what reading it throws, and ZodError when it is damaged. */
export async function readDeployment(dir: string, id: string): Promise<DeploymentFile> {
  return deploymentFileSchema.parse(JSON.parse(await readFile(join(paths.deployment(dir, id), 'deployment.json'), 'utf8')));
}

function budgetReached(events: readonly JournalLine[]): Pick<RunView, 'budgetReached'> {
  const last = events.findLast(({ type }) => type === 'budget_reached' || type === 'run_started');
  return last?.type === 'budget_reached' ? { budgetReached: last.message } : {};
}

/** A journal that cannot be read is told as a problem: what it says is up cannot be known then. */
async function journal(dir: string, problems: RunView['problems']): Promise<JournalLine[]> {
  const path = paths.journal(dir);
  try {
    return (await readJournal(path, { missing: 'empty' })).events;
  } catch (error) {
    problems.push({ path, message: messageOf(error) });
    return [];
  }
}

/** Null: the name in `run.json` is none that a run directory can hold, so nothing was written under it. */
function folderOf(dir: string, planned: { recipe: string; variant: string }, problems: RunView['problems']): string | null {
  try {
    return paths.task(dir, planned.recipe, planned.variant);
  } catch (error) {
    problems.push({ path: join(dir, 'run.json'), message: `task ${planned.recipe}/${planned.variant}: ${messageOf(error)}` });
    return null;
  }
}

type Load = <T>(path: string, schema: z.ZodType<T>, options?: { optional?: boolean }) => Promise<T | null>;

function reader(problems: RunView['problems']): Load {
  return async (path, schema, options = {}) => {
    try {
      return schema.parse(JSON.parse(await readFile(path, 'utf8')));
    } catch (error) {
      const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (absent && options.optional) return null;
      const message = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
      problems.push({ path, message: absent ? 'missing' : message });
      return null;
    }
  };
}

/** The newest attempt of each point and repeat. */
function latest(entries: PointEntry[]): PointEntry[] {
  const newest = new Map<string, PointEntry>();
  for (const entry of entries) {
    const key = `${entry.point}/${entry.repeat}`;
    const known = newest.get(key);
    if (!known || known.attempt <= entry.attempt) newest.set(key, entry);
  }
  return [...newest.values()].sort((a, b) => a.point - b.point || a.repeat - b.repeat);
}

async function pointView(folder: string, entry: PointEntry, load: Load): Promise<PointView> {
  const dir = join(folder, entry.path);
  const result: PointResult | null = entry.status === 'ok' ? await load(join(dir, 'result.json'), pointResultSchema) : null;
  return {
    entry,
    result,
    series: async (): Promise<SeriesRow[]> => z.array(seriesRowSchema).parse(JSON.parse(await readFile(join(dir, 'series.json'), 'utf8'))),
    requests: async (tell) => {
      const { records, truncated, problems } = decodeRecords(await readFile(join(dir, 'requests.jsonl.gz')));
      if (truncated) tell?.(cutText(records.length));
      const [first] = problems;
      if (first) tell?.(`requests.jsonl.gz has lines that are no requests, the first is ${first.line}: ${first.message}`);
      return records;
    },
    requestsLost: async () => {
      const left = recordsLeft(await readFile(join(dir, 'requests.jsonl.gz')));
      return left === null ? null : cutText(left);
    },
    gaps: async () => decodeGaps(await readFile(join(dir, 'gaps.bin.gz'))).lists,
    telemetry: async () => {
      const content = await readFile(join(dir, 'telemetry.jsonl.gz')).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      });
      return content === null ? [] : decodeTelemetry(content);
    },
  };
}

const cutText = (left: number) => `requests.jsonl.gz is cut: ${left === 1 ? '1 request is' : `${left} requests are`} left of it`;

function pending(planned: { recipe: string; variant: string; key: string }): TaskFile {
  return {
    schemaVersion: 1,
    recipe: planned.recipe,
    variant: planned.variant,
    key: planned.key,
    kind: 'inference',
    params: {},
    gpu: { name: null, count: 0 },
    status: 'pending',
    deployment: null,
    machine: null,
    points: [],
    error: null,
  };
}

async function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
