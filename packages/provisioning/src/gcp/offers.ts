import { findGpus, GPUS, messageOf } from '@bench/core';
import type { CallOptions, ProviderContext } from '../contract/provider.ts';
import type { Market, Offer, OfferQuery } from '../contract/offer.ts';
import { countryOf } from './country.ts';
import { type Api, pages } from './api.ts';
import type { GcpOfferData } from './insert-body.ts';
import { type GcpMachineType, MACHINE_TYPES, PREFERRED_ZONES, regionOf } from './machine-types.ts';
import { priceOf } from './prices.ts';
import { type Quotas, quotasOf } from './quotas.ts';
import { projectPath } from './refs.ts';
import type { GcpSettings } from './settings.ts';
import { acceleratorTypeSchema, aggregatedSchema, lastPart, machineTypeSchema } from './wire.ts';
import { unknownZone } from './zones.ts';

const typesPage = aggregatedSchema('machineTypes', machineTypeSchema);
const acceleratorsPage = aggregatedSchema('acceleratorTypes', acceleratorTypeSchema);

/** Everything that fits, zone by zone in the order in which they are tried, then type by type. */
export async function* offersOf(
  o: { api: Api; context: ProviderContext; settings: GcpSettings; project: string },
  query: OfferQuery,
  options: CallOptions,
): AsyncIterable<Offer> {
  const types = wantedTypes(query);
  if (types.length === 0) return;
  let unread: unknown;
  const [zones, accelerators, quotas] = await Promise.all([
    typesByZone(o, types, options),
    types.some((t) => t.gpu?.attached) ? acceleratorsByZone(o, types, options) : new Map<string, Set<string>>(),
    quotasOf(o, options).catch((error: unknown): Quotas => {
      options.signal?.throwIfAborted();
      unread = error;
      return { room: () => null, regions: [] };
    }),
  ]);
  // Where nothing can be read, that is the error.
  if (unread !== undefined) o.context.logger.log('warn', `gcp: quotas could not be read: ${messageOf(unread)}`);
  const wrong = unknownZone(o.settings, quotas.regions);
  if (wrong !== null) throw wrong;
  let preference = 0;
  for (const gpu of new Set(types.map((t) => t.gpu?.id ?? null))) {
    const fitting = types.filter((t) => (t.gpu?.id ?? null) === gpu);
    for (const zone of orderedZones(gpu, [...zones.keys()], o.settings)) {
      if (query.regions.length > 0 && !query.regions.includes(zone) && !query.regions.includes(regionOf(zone))) continue;
      for (const type of fitting) {
        const there = zones.get(zone)?.get(type.name);
        if (there === undefined || (type.gpu?.attached && !accelerators.get(zone)?.has(type.gpu.accelerator))) continue;
        for (const market of type.markets)
          if (query.markets.includes(market))
            yield offerOf({ ...o, preference: preference++, type, zone, market, diskGb: query.diskGb, ...there, quotas });
      }
    }
  }
}

function wantedTypes(query: OfferQuery): GcpMachineType[] {
  if (query.workload !== 'vm') return [];
  const ids = query.gpu === null ? null : new Set(GPUS.filter((g) => g.id === query.gpu || g.family === query.gpu).map((g) => g.id));
  // A name that is neither id nor family may still mean one.
  if (ids?.size === 0 && query.gpu !== null) for (const found of findGpus(query.gpu)) ids.add(found.id);
  return MACHINE_TYPES.filter(
    (t) =>
      (ids === null || (t.gpu !== null && ids.has(t.gpu.id))) &&
      (query.count === null || (t.gpu?.count ?? 0) === query.count) &&
      t.markets.some((market) => query.markets.includes(market)),
  );
}

/** The settings' zones of a GPU; else those preferred for it, then all others by name. */
function orderedZones(gpu: string | null, zones: readonly string[], settings: GcpSettings): readonly string[] {
  const family = GPUS.find((g) => g.id === gpu)?.family;
  const names = [gpu, family, 'default'].filter((name): name is string => typeof name === 'string');
  const own = names.map((name) => settings.zones[name]).find((list) => list !== undefined);
  if (own) return own;
  const preferred = PREFERRED_ZONES[gpu ?? ''] ?? [];
  return [...preferred, ...zones.filter((zone) => !preferred.includes(zone)).sort()];
}

interface InZone {
  cpus: number | null;
  memoryGb: number | null;
}

async function typesByZone(
  o: { api: Api; project: string },
  types: readonly GcpMachineType[],
  options: CallOptions,
): Promise<Map<string, Map<string, InZone>>> {
  const zones = new Map<string, Map<string, InZone>>();
  await eachItem({
    ...o,
    key: 'machineTypes',
    filter: `name eq '${[...new Set(types.map((t) => t.name))].join('|')}'`,
    page: typesPage,
    options,
    take: (zone, item) => {
      const found = machineTypeSchema.parse(item);
      const here = zones.get(zone) ?? new Map<string, InZone>();
      here.set(found.name, { cpus: found.guestCpus ?? null, memoryGb: found.memoryMb === undefined ? null : found.memoryMb / 1024 });
      zones.set(zone, here);
    },
  });
  return zones;
}

async function acceleratorsByZone(
  o: { api: Api; project: string },
  types: readonly GcpMachineType[],
  options: CallOptions,
): Promise<Map<string, Set<string>>> {
  const zones = new Map<string, Set<string>>();
  const names = new Set(types.flatMap((t) => (t.gpu?.attached ? [t.gpu.accelerator] : [])));
  await eachItem({
    ...o,
    key: 'acceleratorTypes',
    filter: `name eq '${[...names].join('|')}'`,
    page: acceleratorsPage,
    options,
    take: (zone, item) => void zones.set(zone, (zones.get(zone) ?? new Set<string>()).add(acceleratorTypeSchema.parse(item).name)),
  });
  return zones;
}

async function eachItem(o: {
  api: Api;
  project: string;
  key: 'machineTypes' | 'acceleratorTypes';
  filter: string;
  page: typeof typesPage;
  options: CallOptions;
  take: (zone: string, item: unknown) => void;
}): Promise<void> {
  const { api, key } = o;
  await pages({
    api,
    call: {
      kind: 'list',
      path: `${projectPath(o.project)}/aggregated/${key}`,
      query: { filter: o.filter, maxResults: '500', returnPartialSuccess: 'true' },
      answer: o.page,
      signal: o.options.signal,
    },
    take: (page) => {
      for (const [scope, found] of Object.entries(page.items ?? {})) {
        const items = (found as Record<string, unknown>)[key];
        if (scope.startsWith('zones/') && Array.isArray(items)) for (const item of items) o.take(lastPart(scope), item);
      }
    },
  });
}

function offerOf(
  o: InZone & {
    context: ProviderContext;
    settings: GcpSettings;
    type: GcpMachineType;
    zone: string;
    market: Market;
    diskGb: number;
    quotas: Quotas;
    preference: number;
  },
): Offer {
  const { type, zone, market, settings } = o;
  const region = regionOf(zone);
  const { gpu } = type;
  const known = GPUS.find((g) => g.id === gpu?.id);
  const price = priceOf({
    settings,
    machineType: type.name,
    region,
    market,
    accelerator: gpu?.accelerator ?? null,
    now: new Date(o.context.now()).toISOString(),
  });
  const room = gpu === null ? null : o.quotas.room({ accelerator: gpu.accelerator, region, market });
  const data: GcpOfferData = {
    machineType: type.name,
    diskType: type.diskType,
    attach: gpu?.attached ? { accelerator: gpu.accelerator, count: gpu.count } : null,
  };
  return {
    id: [zone, type.name, ...(gpu?.attached ? [gpu.accelerator] : []), market].join('/'),
    provider: 'gcp',
    instanceType: type.name,
    region,
    zone,
    country: countryOf(region),
    gpu:
      gpu === null || known === undefined
        ? null
        : {
            id: gpu.id,
            name: gpu.accelerator,
            vendor: 'nvidia',
            count: gpu.count,
            memoryGb: known.memoryGb,
            formFactor: known.formFactor,
          },
    cpus: o.cpus,
    memoryGb: o.memoryGb,
    diskGb: o.diskGb,
    priceUsdPerHour: price.usdPerHour,
    diskInPrice: false,
    storageUsdPerGbMonth: settings.disk_usd_per_gb_month ?? null,
    egressUsdPerGb: null,
    priceSource: price.source,
    market,
    availability: room !== null && gpu !== null && room < gpu.count ? 'no-quota' : type.rare.includes(market) ? 'low' : 'unknown',
    workloads: ['vm'],
    reliability: null,
    verified: true,
    downMbps: null,
    upMbps: null,
    cudaVersion: null,
    driverVersion: null,
    publicIp: 'direct',
    rentableUntil: null,
    preference: o.preference,
    data,
  };
}
