import { groupBy } from '@bench/core';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type RunView, runPaths, type TaskView } from '@bench/results';
import { oneLine } from '../text.ts';
import { LogReader, type LogIssue } from './analyse-log.ts';
import { lineMasker } from './mask-line.ts';

/** A log of something that failed. */
export interface FailureLog {
  runId: string;
  /** Tasks that it failed. */
  tasks: { recipe: string; variant: string }[];
  /** Below the run directory: `deployments/d1-8b9a0a30/engine.log`. */
  path: string;
  /** What its lines tell of, causes first. Empty: no line tells of trouble. */
  issues: LogIssue[];
  /** How it ends; at most {@link LAST_LINES}. */
  lastLines: string[];
  /** Bytes at its beginning that were not looked at; 0: all of it was. */
  skippedBytes: number;
}

export const LAST_LINES = 20;
/** Of a longer log the end counts: what went wrong last. */
const MAX_BYTES = 32_000_000;
/** Logs of one folder. */
const MAX_FILES = 32;

/**
 * Logs of what failed in a run: of deployments that did not come up or died, and where a task failed without one, of its own clients and commands. Empty
 * logs are left out, and what cannot be read.
 */
export async function failureLogs(view: RunView, signal?: AbortSignal): Promise<FailureLog[]> {
  const failed = view.tasks.filter(({ file, deployment }) => file.status === 'failed' || deployment?.status === 'failed');
  const folders = groupBy(failed, (task) => (task.deployment ? runPaths.deployment(view.dir, task.deployment.id) : ownFolder(view, task)));
  const out: FailureLog[] = [];
  for (const [folder, tasks] of folders) {
    const own = tasks.map(({ file: { recipe, variant } }) => ({ recipe, variant }));
    for (const name of await logsIn(folder)) {
      signal?.throwIfAborted();
      const read = await readLog(join(folder, name));
      const path = `${folder.slice(view.dir.length).replace(/^[\\/]+/, '')}/${name}`.replaceAll('\\', '/');
      if (read && read.lastLines.length > 0) out.push({ runId: view.run.id, tasks: own, path, ...read });
    }
  }
  return out;
}

function ownFolder(view: RunView, { file: { recipe, variant } }: TaskView): string | null {
  try {
    return runPaths.task(view.dir, recipe, variant);
  } catch {
    return null; // a name that no folder can have: nothing was written there
  }
}

async function logsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names
    .filter((name) => /\.(?:log|out|err)$/.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .slice(0, MAX_FILES);
}

async function readLog(path: string): Promise<Pick<FailureLog, 'issues' | 'lastLines' | 'skippedBytes'> | null> {
  try {
    const { size } = await stat(path);
    const skippedBytes = Math.max(0, size - MAX_BYTES);
    const reader = new LogReader();
    const maskLine = lineMasker();
    const lastLines: string[] = [];
    const input = createReadStream(path, { encoding: 'utf8', start: skippedBytes });
    for await (const read of createInterface({ input, crlfDelay: Infinity })) {
      const line = maskLine(read);
      reader.line(line);
      if (line.trim() === '') continue;
      lastLines.push(oneLine(line));
      if (lastLines.length > LAST_LINES) lastLines.shift();
    }
    return { issues: reader.issues(), lastLines, skippedBytes };
  } catch {
    return null;
  }
}
