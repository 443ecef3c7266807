import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, sep } from 'node:path';
import type { Host } from '@bench/core';

/** Name of the snapshot's folder in the run's folder on the cluster. */
export const RUN_FILES = 'run';

/**
 * Puts what another machine needs to go on with a run beside its jobs on the cluster: `run.json`, the journal, tasks and deployments as they
 * stand, without points and logs. What was there before is replaced.
 */
export async function putSnapshot(o: { dir: string; host: Host; runFolder: string; signal: AbortSignal }): Promise<void> {
  const { dir, host, runFolder, signal } = o;
  const temporary = await mkdtemp(join(tmpdir(), 'bench-run-'));
  try {
    const copy = join(temporary, RUN_FILES);
    await cp(dir, copy, { recursive: true, filter: (source) => isKept(relative(dir, source)) });
    await host.put(copy, `${runFolder}/${RUN_FILES}`, { signal });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

const FILES = new Set(['run.json', 'journal.jsonl', 'known_hosts', 'recipe.yaml', 'result.json', 'deployment.json', 'machine.json']);
const FOLDERS = new Set(['tasks', 'deployments', 'machines']);

/** Folders down to a task's and a deployment's own, and the files in them that are known. */
function isKept(path: string): boolean {
  if (path === '') return true;
  const parts = path.split(sep);
  if (parts.length > 1 && !FOLDERS.has(parts[0] as string)) return false;
  if (FILES.has(basename(path))) return true;
  return FOLDERS.has(parts[0] as string) && parts.length <= (parts[0] === 'tasks' ? 3 : 2);
}
