import assert from 'node:assert/strict';
import { createIo, type Io } from '@bench/core';
import type { Machine, MachineSpec, Workload } from '../../contract/machine.ts';
import { machineName } from '../../contract/name.ts';
import type { Offer, OfferQuery, WorkloadKind } from '../../contract/offer.ts';
import type { Capabilities, Deadlines, Provider } from '../../contract/provider.ts';
import { deadlinesOf } from '../../core/deadlines.ts';
import { openProviders, type OpenProviders } from '../../core/open-providers.ts';
import { collect } from './ask.ts';
import { end } from './end.ts';
import { hurriedIo } from './hurried-io.ts';
import type { ConformanceHooks, ConformanceOptions, ConformanceWorld } from './options.ts';
import { witness, type Witness } from './witness.ts';

/** What a case gets. Everything that it rents in `owner`'s name is ended after it. */
export interface Stage {
  readonly options: ConformanceOptions;
  readonly hooks: ConformanceHooks<ConformanceWorld>;
  readonly world: ConformanceWorld;
  readonly io: Io;
  readonly witness: Witness;
  readonly capabilities: Capabilities;
  readonly deadlines: Deadlines;
  readonly provider: Provider;
  readonly owner: string;
  readonly run: string;
  /** A value that `plan`, logs and errors must not show; it is in the environment of containers. */
  readonly canary: string;
  /** Opens the provider again, or with other settings; `stop` is the signal of its Io. */
  open(settings?: unknown, stop?: AbortSignal): Promise<OpenProviders>;
  query(more?: Partial<OfferQuery>): OfferQuery;
  offers(more?: Partial<OfferQuery>): Promise<Offer[]>;
  /** Of the machine with number `n`; one offer is found once and used for all. */
  spec(n: number, more?: Partial<MachineSpec>): Promise<MachineSpec>;
  create(spec: MachineSpec, signal?: AbortSignal): Promise<Machine>;
  /** When the machine of this name, or every one, is visible for certain, on `io.monotonic`: a "gone" before that says nothing. */
  visibleAt(name?: string): number;
}

/** Makes a world, opens the provider in it, runs the case, and leaves nothing. */
export async function onStage(options: ConformanceOptions, body: (stage: Stage) => Promise<void>): Promise<void> {
  const world = (await options.prepare?.()) ?? {};
  const base = world.io ?? options.io ?? createIo();
  const advance = options.hooks?.advance;
  const seen = witness(advance === undefined ? base : hurriedIo(base, (ms) => advance(world, ms)));
  const opened: OpenProviders[] = [];
  try {
    const stage = await stageOf({ options, world, seen, opened });
    let failure: unknown;
    try {
      await body(stage);
    } catch (error) {
      failure = error;
    }
    // A fake goes away with its machines; an account does not.
    if (world.close === undefined) await clean(stage).catch((error: unknown) => (failure ??= error));
    if (failure !== undefined) throw failure;
    seen.assertNoSecrets([...(world.secrets ?? []), stage.canary]);
  } finally {
    for (const open of opened) await open.close();
    await world.close?.();
  }
}

async function stageOf(o: {
  options: ConformanceOptions;
  world: ConformanceWorld;
  seen: Witness;
  opened: OpenProviders[];
}): Promise<Stage> {
  const { options, world, seen, opened } = o;
  const { factory } = options;
  const { io } = seen;
  const open: Stage['open'] = async (settings = world.settings ?? options.settings ?? {}, stop) => {
    const all = await openProviders({
      factories: [seen.watchFactory(factory)],
      settings: { [factory.name]: settings },
      io: stop === undefined ? io : { ...io, signal: stop },
    });
    opened.push(all);
    return all;
  };
  const provider = seen.watch((await open()).get(factory.name).provider);
  const word = (length: number): string =>
    Array.from({ length }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'[Math.floor(io.random() * 36)] ?? 'a').join('');
  const owner = word(16);
  const run = `r${word(9)}`;
  const canary = `canary-${word(20)}`;
  const usual = firstWorkload(factory.capabilities);
  const query = (more: Partial<OfferQuery> = {}): OfferQuery => ({
    gpu: null,
    count: null,
    workload: usual,
    markets: ['on-demand'],
    regions: [],
    diskGb: 20,
    criteria: {},
    ...options.query,
    ...more,
  });
  const offers = async (more?: Partial<OfferQuery>): Promise<Offer[]> => {
    const found: Offer[] = [];
    for await (const offer of provider.offers(query(more))) found.push(offer);
    return found;
  };
  const deadlines = patient(deadlinesOf(factory, query().markets[0] ?? 'on-demand'), options.patienceMs);
  const visible = new Map<string, number>();
  const chosen = new Map<string, Promise<Offer>>();
  const choose = async (kind: WorkloadKind): Promise<Offer> => {
    const found = (await offers({ workload: kind })).filter(
      ({ availability }) => !['none', 'no-quota', 'no-balance'].includes(availability),
    );
    const offer = (options.choose ?? cheapest)(found);
    assert.ok(offer !== undefined, `there is no offer to rent for a workload of kind "${kind}"; narrow or widen "query"`);
    return offer;
  };
  return {
    options,
    hooks: options.hooks ?? {},
    world,
    io,
    witness: seen,
    capabilities: factory.capabilities,
    deadlines,
    provider,
    owner,
    run,
    canary,
    open,
    query,
    offers,
    async spec(n, more = {}) {
      const workload = more.workload ?? workloadOf(usual, options, canary);
      const pick = (): Promise<Offer> => {
        const before = chosen.get(workload.kind) ?? choose(workload.kind);
        chosen.set(workload.kind, before);
        return before;
      };
      const found = more.offer ?? (await pick());
      const { maxLifetimeS = 3600 } = options.spec ?? {};
      return {
        name: machineName({ owner, run, n }),
        owner,
        run,
        offer: found,
        market: found.market,
        sshPublicKeys: workload.kind === 'vm' ? [PUBLIC_KEY] : [],
        image: null,
        diskGb: query().diskGb,
        maxLifetimeS,
        expiresAt: new Date(Math.floor(io.now() / 1000 + maxLifetimeS) * 1000).toISOString(),
        bidUsdPerHour: null,
        workload,
        secrets: [canary],
        ...options.spec,
        ...more,
      };
    },
    async create(spec, signal) {
      try {
        return await provider.create(spec, { idempotencyKey: spec.name, signal });
      } finally {
        // A little more, since the clock of a fake may lag behind this one.
        visible.set(spec.name, io.monotonic() + factory.capabilities.visibleWithinMs + deadlines.pollMs);
      }
    },
    visibleAt: (name) => (name === undefined ? Math.max(0, ...visible.values()) : (visible.get(name) ?? 0)),
  };
}

/** Ends what the case left, so that an account pays for nothing. */
async function clean(stage: Stage): Promise<void> {
  await stage.io.sleep(Math.max(0, stage.visibleAt() - stage.io.monotonic()));
  for (const machine of await collect(stage.provider.owned({ owner: stage.owner }))) await end(stage, machine.ref);
}

export function firstWorkload(capabilities: Capabilities): WorkloadKind {
  const kind = (['vm', 'container', 'batch'] as const).find((one) => capabilities.workloads.includes(one));
  assert.ok(kind !== undefined, 'capabilities.workloads is empty');
  return kind;
}

/** What is run of this kind; a container has the canary in its environment. */
export function workloadOf(kind: WorkloadKind, options: Pick<ConformanceOptions, 'workloads'>, canary: string): Workload {
  const own = options.workloads?.[kind];
  if (own !== undefined) return own.kind === 'container' ? { ...own, env: { ...own.env, BENCH_CANARY: canary } } : own;
  if (kind === 'vm') return { kind };
  if (kind === 'batch') return { kind, script: '#!/bin/sh\nsleep 600\n' };
  return {
    kind,
    image: 'docker.io/library/busybox:1.36',
    entrypoint: null,
    args: ['sleep', '600'],
    env: { BENCH_CANARY: canary },
    ports: [8000],
  };
}

function cheapest(offers: readonly Offer[]): Offer | undefined {
  return offers.toSorted((a, b) => (a.priceUsdPerHour ?? Infinity) - (b.priceUsdPerHour ?? Infinity))[0];
}

function patient(deadlines: Deadlines, patienceMs: number | undefined): Deadlines {
  if (patienceMs === undefined) return deadlines;
  return {
    ...deadlines,
    pendingMs: patienceMs,
    provisioningMs: patienceMs,
    terminateMs: patienceMs,
    pollMs: Math.min(deadlines.pollMs, patienceMs / 20),
  };
}

/** Of the right form, and nobody's: its private half was never made. */
const PUBLIC_KEY = `ssh-ed25519 ${Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32, 7),
]).toString('base64')} bench`;
