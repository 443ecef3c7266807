import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Finished, type Running, start } from './cli.ts';
import { type ClusterSite, type Hold, onlyRun, type QueuedJob, type RecipeOptions } from './slurm.ts';

/** Runs of a cluster's tests by name: each has a recipe and a folder of runs of its own. */
export function runsOf(on: () => ClusterSite) {
  const outOf = (name: string) => join(on().root, 'runs', name);
  /** Starts a run of a recipe, named as the test. */
  const begin = async (name: string, options?: RecipeOptions): Promise<Running> =>
    start(['run', await on().recipe(name, options), ...on().site, '--out', outOf(name)], { env: on().env });
  const run = async (name: string, options?: RecipeOptions): Promise<Finished> => (await begin(name, options)).finished;
  const idOf = async (name: string) => (await onlyRun(outOf(name))).id;
  /** The job of a run's service, once its engine answers and its load goes on. */
  async function served(name: string, running: Running, hold: Hold): Promise<QueuedJob> {
    await Promise.all([running.saw(/is up and answers/), hold.held(running)]);
    const [service] = await on().jobs(await idOf(name));
    if (service === undefined) throw new Error('its job is not in the queue');
    return service;
  }
  return {
    outOf,
    idOf,
    begin,
    run,
    served,
    /** Starts a run whose load goes on until something happens to it; what happens, happens in its midst. */
    async midst(name: string, { after = 0, ...options }: RecipeOptions & { after?: number } = {}) {
      const hold = await on().hold(name, { after });
      const running = await begin(name, { clients: 2, ...options, hold });
      return { running, service: await served(name, running, hold), hold };
    },
    /** What a run says of its task in the end, with nothing left of it anywhere. */
    async ended(name: string) {
      const { id, view } = await onlyRun(outOf(name));
      expect(await on().left(id)).toEqual([]);
      return { id, view, errors: view.tasks.map(({ file }) => file.error?.message ?? null) };
    },
    async engineLog(name: string) {
      const folder = join(outOf(name), await idOf(name), 'deployments');
      const [deployment = ''] = await readdir(folder);
      return readFile(join(folder, deployment, 'engine.log'), 'utf8');
    },
  };
}
