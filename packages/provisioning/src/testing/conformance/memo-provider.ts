import { z } from 'zod';
import { providerError } from '../../contract/error.ts';
import type { Machine, MachineRef, MachineSpec } from '../../contract/machine.ts';
import type { Market, Offer, OfferQuery, WorkloadKind } from '../../contract/offer.ts';
import type { Capabilities, Provider, ProviderAnswer, ProviderContext, ProviderFactory, ProviderRequest } from '../../contract/provider.ts';
import { maskSecrets } from '../../core/secrets.ts';
import { MEMO, type MemoMachine } from './memo-cloud.ts';

type Seen = MemoMachine & { state: 'ENDING' | 'STOPPED' | 'RUNNING' | 'BOOTING'; host: string | null; port: number | null };
type Settings = { key: string };
const BASE = 'http://memo.test';
const STATES = { ENDING: 'stopping', STOPPED: 'stopped', RUNNING: 'running', BOOTING: 'provisioning' } as const;

export const MEMO_CAPABILITIES: Capabilities = {
  workloads: ['vm', 'container'],
  markets: ['on-demand', 'spot'],
  idempotentCreate: false,
  labels: true,
  nativeTtl: false,
  shutdownEndsBilling: false,
  stopStart: true,
  livePrices: true,
  logs: false,
  visibleWithinMs: MEMO.visibleMs,
};

/** What a test breaks. `inner`: the provider as it should be. */
export type Break = (inner: Provider, parts: MemoParts) => Partial<Provider>;
export interface MemoParts {
  context: ProviderContext;
  key: string;
  call: (request: Omit<ProviderRequest, 'url' | 'headers'> & { path: string }) => Promise<ProviderAnswer>;
  list: (signal?: AbortSignal) => Promise<Seen[]>;
  machineOf: (seen: Seen) => Machine;
}

/** A provider of {@link memoCloud} that keeps the contract; with what a test changes about it. */
export function memoFactory(breaks: Break = () => ({}), more: Partial<ProviderFactory> = {}): ProviderFactory {
  const factory: ProviderFactory = {
    contractVersion: 1,
    name: 'memo',
    title: 'Memo',
    capabilities: MEMO_CAPABILITIES,
    limits: { create: { minIntervalMs: 100 } },
    settings: z.strictObject({ key: z.string() }),
    configured: async () => null,
    open: async (settings, context) => {
      const { provider, parts } = memoProvider(settings as Settings, context);
      return { ...provider, ...breaks(provider, parts) };
    },
    ...more,
  };
  return factory;
}

function memoProvider({ key }: Settings, context: ProviderContext): { provider: Provider; parts: MemoParts } {
  context.secrets.mask(key);
  const fail = (op: string, answer: ProviderAnswer): Error | undefined => {
    const said = (kind: 'capacity' | 'quota') =>
      providerError({ kind, provider: 'memo', op, message: `${op} was refused: ${kind}`, httpStatus: answer.status });
    return answer.status === 409 ? said('capacity') : answer.status === 422 ? said('quota') : undefined;
  };
  const call: MemoParts['call'] = ({ path, ...request }) =>
    context.http({
      explain: (answer) => fail(request.kind, answer),
      ...request,
      url: BASE + path,
      headers: { authorization: `Bearer ${key}` },
    });
  const list = async (signal?: AbortSignal): Promise<Seen[]> => {
    const all: Seen[] = [];
    for (let from: number | null = 0; from !== null;) {
      const page = (await call({ kind: 'list', method: 'GET', path: `/machines?from=${from}`, repeatable: true, signal })).json();
      const { machines, next } = page as { machines: Seen[]; next: number | null };
      all.push(...machines);
      from = next;
    }
    return all;
  };
  const machineOf = (seen: Seen): Machine => ({
    ref: { provider: 'memo', id: seen.id, name: seen.name, region: null, zone: null },
    state: STATES[seen.state],
    rawState: seen.state,
    stateReason: null,
    connection: seen.host === null || seen.port === null ? null : { host: seen.host, port: seen.port, user: 'me' },
    published: seen.port === null ? [] : [{ port: 8000, host: '192.0.2.7', publicPort: 30_000 }],
    priceUsdPerHour: 2,
    priceSource: null,
    createdAt: new Date(seen.madeAt).toISOString(),
    preempted: seen.preempted,
    failure: null,
    owner: seen.owner,
    run: seen.run,
    expiresAt: seen.expires,
    market: seen.market as Market,
    workload: seen.kind as WorkloadKind,
  });
  const bodyOf = (spec: MachineSpec) => ({
    name: spec.name,
    owner: spec.owner,
    run: spec.run,
    expires: spec.expiresAt,
    kind: spec.workload.kind,
    market: spec.market,
    offer: spec.offer.id,
    keys: spec.sshPublicKeys,
    ...(spec.workload.kind === 'container' ? { image: spec.workload.image, env: spec.workload.env } : {}),
  });

  const provider: Provider = {
    async check(options) {
      try {
        const { email } = (
          await call({ kind: 'account', method: 'GET', path: '/account', repeatable: true, signal: options?.signal })
        ).json() as { email: string };
        return { items: [{ name: 'credentials', state: 'ok', text: email }] };
      } catch (error) {
        return { items: [{ name: 'credentials', state: 'failed', text: (error as Error).message, fix: 'set providers.memo.key' }] };
      }
    },
    async *offers(query, options) {
      const all = (await call({ kind: 'offers', method: 'GET', path: '/offers', repeatable: true, signal: options?.signal })).json();
      for (const one of all as MemoOffer[]) if (wanted(one, query)) yield offerOf(one, query);
    },
    plan: (spec) => [
      {
        kind: 'http',
        description: 'create the machine',
        method: 'POST',
        url: `${BASE}/machines`,
        body: maskSecrets(bodyOf(spec), spec.secrets),
      },
    ],
    async create(spec, options) {
      const answer = await call({
        kind: 'create',
        method: 'POST',
        path: '/machines',
        body: bodyOf(spec),
        repeatable: false,
        signal: options.signal,
      });
      return machineOf(answer.json() as Seen);
    },
    async observe(refs, options) {
      if (refs.length === 0) return new Map();
      const all = await list(options?.signal);
      return new Map(
        refs.map(({ id }) => {
          const seen = all.find((one) => one.id === id);
          return [id, seen === undefined ? null : machineOf(seen)];
        }),
      );
    },
    async find(name, options) {
      const seen = (await list(options?.signal)).find((one) => one.name === name);
      return seen === undefined ? null : machineOf(seen);
    },
    async terminate(ref: MachineRef, options) {
      const { status } = await call({
        kind: 'end',
        method: 'DELETE',
        path: `/machines/${ref.id}`,
        repeatable: true,
        accept: (s) => s === 200 || s === 404,
        signal: options?.signal,
      });
      return status === 404 ? 'gone' : 'accepted';
    },
    async *owned({ owner, run }, options) {
      for (const seen of await list(options?.signal)) {
        if (seen.owner === null || (owner !== undefined && seen.owner !== owner) || (run !== undefined && seen.run !== run)) continue;
        yield machineOf(seen);
      }
    },
    async start(ref) {
      await call({ kind: 'start', method: 'POST', path: `/machines/${ref.id}/start`, repeatable: true });
    },
    async stop(ref) {
      await call({ kind: 'stop', method: 'POST', path: `/machines/${ref.id}/stop`, repeatable: true });
    },
    close: async () => undefined,
  };
  return { provider, parts: { context, key, call, list, machineOf } };
}

interface MemoOffer {
  id: string;
  market: Market;
  region: string;
  count: number;
  cents: number;
}

function wanted({ market, region, count }: MemoOffer, query: OfferQuery): boolean {
  return (
    query.markets.includes(market) &&
    (query.regions.length === 0 || query.regions.includes(region)) &&
    (query.count === null || query.count === count)
  );
}

function offerOf({ id, market, region, count, cents }: MemoOffer, { diskGb }: OfferQuery): Offer {
  return {
    id,
    provider: 'memo',
    instanceType: `h100-${count}`,
    region,
    zone: null,
    country: 'SE',
    gpu: { id: 'H100 SXM', name: 'H100', vendor: 'nvidia', count, memoryGb: 80, formFactor: null },
    cpus: 16 * count,
    memoryGb: 128 * count,
    diskGb,
    priceUsdPerHour: cents === 0 ? null : cents / 100,
    storageUsdPerGbMonth: null,
    egressUsdPerGb: 0,
    priceSource: { kind: 'live', name: 'Memo', at: '2026-11-01T00:00:00.000Z' },
    market,
    availability: 'available',
    workloads: ['vm', 'container'],
    reliability: null,
    verified: null,
    downMbps: null,
    upMbps: null,
    cudaVersion: null,
    driverVersion: '570.86',
    publicIp: 'mapped',
    rentableUntil: null,
    data: { cents },
  };
}
