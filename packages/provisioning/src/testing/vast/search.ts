import type { FakeAsk } from './asks.ts';

/** Keys of a search that are no fields. */
const SETTINGS = new Set(['order', 'type', 'limit', 'allocated_storage']);
const HOURS_A_MONTH = 720;
/** What the site assumes when a search does not say. */
const USUAL_DISK_GB = 8;
const USUAL_LIMIT = 64;

export interface Search {
  type: 'on-demand' | 'bid' | 'reserved';
  diskGb: number;
}

/** `POST /api/v0/bundles/` on the asks that are free. @throws for a field or an operation that the API does not have. */
export function search(body: Record<string, unknown>, asks: readonly FakeAsk[]): Record<string, unknown>[] {
  const diskGb = typeof body['allocated_storage'] === 'number' ? body['allocated_storage'] : USUAL_DISK_GB;
  const type = (body['type'] ?? 'on-demand') as Search['type'];
  const conditions = Object.entries(body).filter(([key]) => !SETTINGS.has(key));
  const found = asks
    .map((ask) => shown(ask, { type, diskGb }))
    .filter((ask) => conditions.every(([field, condition]) => fits(ask, field, condition as Record<string, unknown>)));
  const [field, direction] = ((body['order'] as [string, string][] | undefined) ?? [])[0] ?? ['dph_total', 'asc'];
  const sign = direction === 'desc' ? -1 : 1;
  found.sort((a, b) => sign * (Number(a[field]) - Number(b[field])));
  return found.slice(0, typeof body['limit'] === 'number' ? body['limit'] : USUAL_LIMIT);
}

/** An ask with its disk in the price. */
function shown(ask: FakeAsk, { type, diskGb }: Search): Record<string, unknown> {
  const gpus = type === 'bid' ? ask.min_bid : ask.dph_base;
  const disk = (ask.storage_cost * diskGb) / HOURS_A_MONTH;
  return { ...ask, dph_base: gpus, dph_total: gpus + disk, gpu_total_ram: ask.gpu_ram * ask.num_gpus, is_bid: type === 'bid' };
}

function fits(ask: Record<string, unknown>, field: string, condition: Record<string, unknown>): boolean {
  const value = valueOf(ask, field);
  return Object.entries(condition).every(([operation, wanted]) => {
    switch (operation) {
      case 'eq':
        return value === wanted;
      case 'neq':
        return value !== wanted;
      // What is null fits nothing.
      case 'gte':
        return value !== null && Number(value) >= Number(wanted);
      case 'gt':
        return value !== null && Number(value) > Number(wanted);
      case 'lte':
        return value !== null && Number(value) <= Number(wanted);
      case 'lt':
        return value !== null && Number(value) < Number(wanted);
      case 'in':
        return (wanted as unknown[]).includes(value);
      case 'notin':
        return !(wanted as unknown[]).includes(value);
      default:
        throw new Error(`a search knows no operation "${operation}"`);
    }
  });
}

function valueOf(ask: Record<string, unknown>, field: string): unknown {
  switch (field) {
    case 'verified':
      return ask['verification'] === 'verified';
    case 'rented':
      return false;
    // Compared by the code at its end.
    case 'geolocation':
      return /([A-Z]{2})$/.exec(String(ask['geolocation']))?.[1] ?? '';
    default:
      if (!Object.hasOwn(ask, field)) throw new Error(`a search knows no field "${field}"`);
      return ask[field];
  }
}
