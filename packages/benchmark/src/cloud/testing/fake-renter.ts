import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchError, Host } from '@bench/core';
import { localHost } from '@bench/host';
import {
  type Ledger,
  type Machine,
  type MachineRef,
  type Offer,
  type OpenProviders,
  providerError,
  type RentedMachine,
  type RentEvent,
  type Wanted,
} from '@bench/provisioning';
import type { Renter, RenterContext } from '../renter.ts';

export const OFFER: Offer = {
  id: 'o1',
  provider: 'paper',
  instanceType: 'cpu.1',
  region: 'here',
  zone: null,
  country: null,
  gpu: null,
  cpus: 2,
  memoryGb: 4,
  diskGb: 1000,
  priceUsdPerHour: 3.6,
  storageUsdPerGbMonth: null,
  egressUsdPerGb: null,
  priceSource: { kind: 'live', name: 'Paper', at: '2026-01-01T00:00:00.000Z' },
  market: 'on-demand',
  availability: 'available',
  workloads: ['vm', 'container'],
  reliability: null,
  verified: null,
  downMbps: null,
  upMbps: null,
  cudaVersion: null,
  driverVersion: null,
  publicIp: 'direct',
  rentableUntil: null,
  data: null,
};

/** A provider that has offers, and ends what it is told to. `owner`: whose label its machines have; null: it has no labels. */
export function paperProviders(
  offers: readonly Offer[] = [OFFER],
  { terminated = [], there, owner = null }: { terminated?: string[]; there?: Map<string, unknown>; owner?: string | null } = {},
): OpenProviders {
  const capabilities = { workloads: ['vm', 'container'], markets: ['on-demand', 'spot'], visibleWithinMs: 0 };
  const end = (name: string) => {
    terminated.push(name);
    there?.delete(name);
  };
  const open = {
    factory: { name: 'paper', title: 'Paper', capabilities, deadlines: { pollMs: 1 } },
    provider: {
      offers: async function* () {
        yield* offers;
      },
      find: (name: string) => Promise.resolve(there?.has(name) ? { ...paperMachine(name, OFFER), owner } : null),
      terminate: (ref: { name: string }) => {
        end(ref.name);
        return Promise.resolve('gone');
      },
      observe: (refs: readonly MachineRef[]) =>
        Promise.resolve(new Map(refs.map(({ id, name }) => [id, there?.has(name) ? paperMachine(name, OFFER) : null]))),
    },
  } as unknown as OpenProviders['list'][number];
  return { list: [open], closed: [], get: () => open, close: () => Promise.resolve() };
}

function paperMachine(name: string, offer: Offer): Machine {
  return {
    ref: { provider: 'paper', id: `id-${name}`, name, region: 'here', zone: null },
    state: 'running',
    rawState: 'on',
    stateReason: null,
    connection: null,
    published: [],
    priceUsdPerHour: offer.priceUsdPerHour,
    priceSource: offer.priceSource,
    createdAt: null,
    preempted: false,
    failure: null,
    owner: null,
    run: null,
    expiresAt: null,
    market: offer.market,
    workload: 'vm',
  };
}

export interface FakeRenter {
  renterOf: (context: RenterContext) => Renter;
  /** Machines that are there, by name. */
  there: Map<string, { host: Host; takeAway: () => void }>;
  rented: string[];
  ended: string[];
  /** A machine of a run that was killed, as the ledger and the provider have it. */
  plant(ledger: Ledger, run: string, o: { there: boolean; created: boolean }): Promise<string>;
  /** The most machines that were there at a time. */
  most(): number;
}

/** Rents this computer under other names, with the ledger kept as it is kept for real. */
export function fakeRenter(o: {
  root: string;
  /** Called before each; what it throws is what renting fails with. */
  before?: (wanted: Wanted, count: number) => void | Promise<void>;
  /** What ending it fails with. */
  endFails?: () => BenchError | null;
  offer?: Offer;
  /** The timer of each. Default: none. */
  lease?: Renter['lease'];
  /** When its provider ends each. */
  expiresAt?: string;
}): FakeRenter {
  const offer = o.offer ?? OFFER;
  const there: FakeRenter['there'] = new Map();
  const rented: string[] = [];
  const ended: string[] = [];
  let most = 0;
  let count = 0;

  const machineOf = (name: string) => paperMachine(name, offer);
  const intent = (ledger: Ledger, run: string, runDir: string | null, workload: Wanted['workload'] = { kind: 'vm' }) =>
    ledger.intent({
      runDir,
      spec: (name) => ({
        name,
        owner: ledger.owner,
        run,
        offer,
        market: offer.market,
        sshPublicKeys: [],
        image: null,
        diskGb: 100,
        maxLifetimeS: 3600,
        expiresAt: '2030-01-01T00:00:00.000Z',
        bidUsdPerHour: null,
        workload,
        secrets: [],
      }),
    });

  const handle = async (name: string, { ledger, io }: RenterContext, on: (event: RentEvent) => void): Promise<RentedMachine> => {
    let takeAway: (error: BenchError) => void = () => undefined;
    const lost = new Promise<BenchError>((resolve) => {
      takeAway = resolve;
    });
    const host = there.get(name)?.host ?? (await fakeHost(o.root, name));
    there.set(name, {
      host,
      takeAway: () => takeAway(providerError({ kind: 'preempted', provider: 'paper', op: 'observe', message: `${name} was taken away` })),
    });
    most = Math.max(most, there.size);
    const machine = machineOf(name);
    return {
      name,
      ref: machine.ref,
      offer,
      machine: () => machine,
      connection: null,
      expiresAt: o.expiresAt ?? null,
      times: { intentMs: io.monotonic(), createdMs: io.monotonic(), runningMs: io.monotonic() },
      lost,
      suspect: (ms) => Promise.race([lost, io.sleep(ms).then(() => null)]),
      connect: () => Promise.resolve(host),
      logs: async function* () {},
      end: async (reason) => {
        if (ended.includes(name)) return;
        on({ type: 'ending', name, reason });
        await ledger.ending(name, reason);
        const failure = o.endFails?.() ?? null;
        if (failure) throw failure;
        await ledger.gone(name);
        there.delete(name);
        ended.push(name);
        on({ type: 'gone', name });
      },
      keep: (until) => ledger.hold(name, { kind: 'lease', until: until.toISOString() }),
      release: () => undefined,
    };
  };

  return {
    there,
    rented,
    ended,
    most: () => most,
    plant: async (ledger, run, { there: isThere, created }) => {
      const { entry } = await intent(ledger, run, null);
      if (created) await ledger.created(entry.name, machineOf(entry.name).ref);
      if (isThere) there.set(entry.name, { host: await fakeHost(o.root, entry.name), takeAway: () => undefined });
      else await ledger.gone(entry.name);
      return entry.name;
    },
    renterOf: (context) => ({
      rent: async (wanted, { signal, on, admit }) => {
        const { ledger, run, runDir } = context;
        admit?.(offer);
        const mine = ++count;
        const { entry } = await intent(ledger, run, runDir, wanted.workload);
        const { name } = entry;
        on({ type: 'renting', name, offer });
        try {
          await o.before?.(wanted, mine);
          signal.throwIfAborted();
        } catch (error) {
          await ledger.refused(name, 'no');
          on({ type: 'failed', name, offer, error: error as BenchError });
          throw error;
        }
        await ledger.created(name, machineOf(name).ref);
        rented.push(name);
        on({ type: 'state', name, offer, machine: { ...machineOf(name), state: 'provisioning', rawState: 'boots' } });
        const machine = await handle(name, context, on);
        on({ type: 'running', name, offer, machine: machine.machine() });
        return machine;
      },
      adopt: async (name, { on }) => (there.has(name) ? handle(name, context, on) : null),
      ...(o.lease ? { lease: o.lease } : {}),
    }),
  };
}

/** This machine under another name, with a home of its own. */
async function fakeHost(root: string, name: string): Promise<Host> {
  const home = await mkdtemp(join(root, `${name}-`));
  const host = localHost({ stateDir: join(home, 'processes') });
  const env = { HOME: home, BENCH_TEST_MACHINE: name };
  return {
    ...host,
    name,
    kind: 'ssh',
    exec: (command, options) => host.exec(command, { ...options, env: { ...options?.env, ...env } }),
    stream: (command, options) => host.stream(command, { ...options, env: { ...options?.env, ...env } }),
    start: (command, options) => host.start(command, { ...options, env: { ...options.env, ...env } }),
    close: () => Promise.resolve(),
  };
}
