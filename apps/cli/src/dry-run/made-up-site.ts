import { join, posix } from 'node:path';
import type { GpuVendor } from '@bench/core';
import type { SiteFacts } from '@bench/deploy';
import { BUILTIN_ENGINES } from '@bench/recipe';
import type { Asked } from '../asked.ts';

/** Stands for the id that the run will have. */
export const RUN_ID = 'rxxxxxxxxx';
/** Stands for the home folder of the host's user. */
const HOME = '/home/user';
/** The first of the ports that stand for free ones. */
export const PORT = 8000;

/**
 * A place that has what a deployment asks for, so that it can be planned without looking at the real one: the same input gives the same
 * plan everywhere.
 */
export function madeUpSite(o: {
  asked: Asked;
  /** Folder of runs. */
  out: string;
  deploymentId: string;
  gpu: string | null;
  gpuCount: number;
  vendor: GpuVendor | null;
}): SiteFacts {
  const { asked, deploymentId, gpu, gpuCount, vendor } = o;
  const models = asked.modelDir ?? '~/.cache/bench/models';
  return {
    site: asked.site,
    gpuVendor: vendor,
    gpus: gpu === null ? [] : Array.from({ length: gpuCount }, (_, id) => ({ id: String(id), name: gpu })),
    freePorts: Array.from({ length: gpuCount + 2 }, (_, i) => PORT + i),
    deploymentId,
    namePrefix: `bench-${RUN_ID}-${deploymentId}`,
    deploymentDir: join(o.out, RUN_ID, 'deployments', deploymentId),
    hostDir: posix.join(HOME, '.local/share/bench/runs', RUN_ID, deploymentId),
    modelDir: posix.resolve(HOME, models.startsWith('~/') ? models.slice(2) : models),
    expose: asked.expose ?? false,
    programs: Object.fromEntries(BUILTIN_ENGINES.flatMap((e) => (e.program ? [[e.name, { argv: e.program.argv }]] : []))),
    ...(asked.site === 'local'
      ? {}
      : {
          containers: {
            docker: ['docker'],
            dockerVersion: '28.0.0',
            compose: { argv: ['docker', 'compose'], version: '2.30.0', flavour: 'v2' },
            nvidiaRuntime: vendor === 'nvidia' ? true : null,
          },
        }),
  };
}
/** Stands for the time that a job asks for whose recipe says nothing of it: only the cluster knows. */
export const OPEN_TIME = '--time=LIMIT';
