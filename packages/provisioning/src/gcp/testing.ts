import { createIo, type Io } from '@bench/core';
import type { Machine, MachineSpec } from '../contract/machine.ts';
import type { Market, Offer, OfferQuery } from '../contract/offer.ts';
import type { Provider } from '../contract/provider.ts';
import { openProviders } from '../core/open-providers.ts';
import { hurriedIo } from '../testing/conformance/index.ts';
import { type FakeGcp, startFakeGcp } from '../testing/gcp/fake-gcp.ts';
import type { FakeGcpOptions } from '../testing/gcp/options.ts';
import { gcp } from './index.ts';

const TOKEN = 'ya29.planted-token-0123456789';

/** A fake project and the provider open on it, in a world where nobody waits. For tests. */
export interface GcpStage {
  fake: FakeGcp;
  provider: Provider;
  io: Io;
  close(): Promise<void>;
}

/** @param settings beside what reaches the fake */
export async function gcpStage(options: FakeGcpOptions = {}, settings: Record<string, unknown> = {}): Promise<GcpStage> {
  const fake = await startFakeGcp({ keys: [TOKEN], ...options });
  const io = hurriedIo(createIo({ env: { GCP_TEST_TOKEN: TOKEN } }), (ms) => fake.server.clock.advance(ms));
  const all = await openProviders({
    factories: [gcp()],
    settings: { gcp: { project: fake.project, base_url: fake.baseUrl, access_token: { from_env: 'GCP_TEST_TOKEN' }, ...settings } },
    io,
  });
  return { fake, provider: all.get('gcp').provider, io, close: () => all.close().then(() => fake.close()) };
}

export const query = (more: Partial<OfferQuery> = {}): OfferQuery => ({
  gpu: 'L4',
  count: 1,
  workload: 'vm',
  markets: ['on-demand'],
  regions: [],
  diskGb: 100,
  criteria: {},
  ...more,
});

export async function offersOf(provider: Provider, more: Partial<OfferQuery> = {}): Promise<Offer[]> {
  const found: Offer[] = [];
  for await (const offer of provider.offers(query(more))) found.push(offer);
  return found;
}

/** A machine to be rented: the first offer of a market. */
export async function specOf(
  provider: Provider,
  o: { n?: number; market?: Market; query?: Partial<OfferQuery> } = {},
): Promise<MachineSpec> {
  const { n = 0, market = 'on-demand' } = o;
  const [offer] = await offersOf(provider, { markets: [market], ...o.query });
  if (offer === undefined) throw new Error('no offer');
  return {
    name: `bench-ab12cd-r0123456789-${n}`,
    owner: 'ab12cd34ef56',
    run: 'r0123456789',
    offer,
    market,
    sshPublicKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOc6 ada@laptop'],
    image: null,
    diskGb: 100,
    maxLifetimeS: 14_400,
    expiresAt: '2026-07-01T16:00:00.000Z',
    bidUsdPerHour: null,
    workload: { kind: 'vm' },
    secrets: [],
  };
}

export const create = (provider: Provider, spec: MachineSpec): Promise<Machine> => provider.create(spec, { idempotencyKey: spec.name });

/** Looks until it is so. */
export async function untilSeen(
  stage: GcpStage,
  machine: Machine,
  is: (machine: Machine | null | undefined) => boolean,
): Promise<Machine | null> {
  for (let looks = 0; looks < 200; looks++) {
    const now = (await stage.provider.observe([machine.ref])).get(machine.ref.id);
    if (is(now)) return now ?? null;
    await stage.io.sleep(50);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`${machine.ref.name} never was so`);
}
