import type { CallOptions } from '../contract/provider.ts';
import type { Market } from '../contract/offer.ts';
import { type Api, pages } from './api.ts';
import { quotaMetric } from './machine-types.ts';
import { projectPath } from './refs.ts';
import { type GcpRegion, listSchema, projectSchema, regionSchema } from './wire.ts';

const regionsPage = listSchema(regionSchema);
/** The quota over all regions. */
export const GLOBAL_QUOTA = 'GPUS_ALL_REGIONS';

export interface Quotas {
  /** How many more GPUs the project may have there; null: no quota says. */
  room(o: { accelerator: string; region: string; market: Market }): number | null;
  /** Where they are from. */
  regions: readonly GcpRegion[];
}

export async function regionsOf(o: { api: Api; project: string }, { signal }: CallOptions): Promise<GcpRegion[]> {
  const regions: GcpRegion[] = [];
  const path = `${projectPath(o.project)}/regions`;
  await pages({
    api: o.api,
    call: { kind: 'list', path, query: { maxResults: '500' }, answer: regionsPage, signal },
    take: (page) => regions.push(...(page.items ?? [])),
  });
  return regions;
}

/** What is left of the quotas of a project and its regions. */
export async function quotasOf(o: { api: Api; project: string }, options: CallOptions): Promise<Quotas> {
  const [regions, project] = await Promise.all([
    regionsOf(o, options),
    o.api.call({ kind: 'get', path: projectPath(o.project), answer: projectSchema, signal: options.signal }),
  ]);
  const left = (quotas: GcpRegion['quotas'], metric: string): { limit: number; room: number } | null => {
    const found = quotas?.find((q) => q.metric === metric);
    return found === undefined ? null : { limit: found.limit, room: found.limit - found.usage };
  };
  const everywhere = left(project.quotas, GLOBAL_QUOTA)?.room ?? null;
  return {
    regions,
    room({ accelerator, region, market }) {
      const quotas = regions.find((r) => r.name === region)?.quotas;
      const { metric, fallback } = quotaMetric(accelerator, market);
      const own = left(quotas, metric);
      // Without a preemptible quota of its own, a project's preemptible GPUs count against the standard one.
      const regional = fallback !== null && (own === null || own.limit === 0) ? (left(quotas, fallback) ?? own) : own;
      if (regional === null) return everywhere;
      return everywhere === null ? regional.room : Math.min(everywhere, regional.room);
    },
  };
}
