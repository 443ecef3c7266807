import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BenchError, EXIT, type Host, makeFolder, writeAtomic } from '@bench/core';
import { batchRunFolder } from '@bench/deploy';
import { isRunId, readRunFile, runPaths } from '@bench/results';
import { RUN_FILES } from './run-snapshot.ts';

/**
 * Makes the directory of a run that is in a cluster's queue from what lies beside its jobs there, for a machine that did not submit it. The
 * answer is its folder.
 * @throws BenchError `BENCH_RUN_NOT_FOUND` when the cluster does not have it, `BENCH_RUN_EXISTS` when it is here already; exit code 2
 */
export async function attachRun(o: {
  id: string;
  /** Login host. */
  host: Host;
  /** Absolute folder of runs on the cluster. */
  remoteDir: string;
  /** Folder of runs on this machine. */
  root: string;
  /** How this machine calls the cluster. */
  site: string;
  login: string;
  signal: AbortSignal;
}): Promise<string> {
  const { id, host, root, site, login, signal } = o;
  const missing = (cause?: unknown) =>
    new BenchError({
      code: 'BENCH_RUN_NOT_FOUND',
      message: `${host.name} has no run ${id} below ${o.remoteDir}`,
      hint: 'a run that is over and was collected is on the machine that did so',
      exitCode: EXIT.usage,
      cause,
    });
  if (!isRunId(id)) throw missing();
  const dir = join(resolve(root), id);
  if (await stat(runPaths.run(dir)).catch(() => null))
    throw new BenchError({
      code: 'BENCH_RUN_EXISTS',
      message: `run ${id} is here already: ${dir}`,
      hint: `bench watch ${id} goes on with it`,
      exitCode: EXIT.usage,
    });
  const from = `${batchRunFolder(o.remoteDir, id)}/${RUN_FILES}`;
  const { code } = await host.exec({ argv: ['test', '-f', `${from}/run.json`] }, { timeoutMs: 60_000, repeatable: true, signal });
  if (code !== 0) throw missing();
  await makeFolder(resolve(root));
  const temporary = await mkdtemp(join(resolve(root), '.attach-'));
  try {
    await host.get(from, join(temporary, id), { signal });
    const run = await readRunFile(join(temporary, id));
    if (run.id !== id) throw missing();
    const batch = run.asked.batch && { ...run.asked.batch, login };
    await writeAtomic(
      runPaths.run(join(temporary, id)),
      `${JSON.stringify({ ...run, asked: { ...run.asked, site, ...(batch ? { batch } : {}) } }, null, 1)}\n`,
    );
    await rename(join(temporary, id), dir);
    return dir;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
