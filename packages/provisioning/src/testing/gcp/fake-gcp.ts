import { LABELS } from '../../contract/name.ts';
import type { FakeCloud, FakeCloudKind, FakeTruth } from '../fake/cloud.ts';
import { type FakeServer, startFakeServer } from '../fake/server.ts';
import { type FakeAddresses, fakeAddresses } from './addresses.ts';
import { handle } from './routes.ts';
import { type FakeGcpOptions, GCP_MISBEHAVIOURS } from './options.ts';
import { makeWorld, type World } from './world.ts';

/** A fake of Compute Engine: one project with a default network. */
export interface FakeGcp extends FakeCloud {
  readonly project: string;
  /** For the settings: `base_url`. */
  readonly baseUrl: string;
  /** For the settings: `ssh_port` of machines that really answer. */
  readonly sshPort: number;
  /** Google takes a spot machine back. */
  preempt(name: string): void;
  /** A zone has no capacity from now on, which inserts are told after they were accepted; or has some again. */
  soldOut(zone: string, out?: boolean): void;
  /** How many GPUs a metric of a region grants from now on; `GPUS_ALL_REGIONS` of `global`. */
  setQuota(region: string, metric: string, limit: number): void;
  /** A machine of somebody's own making. */
  foreign(name: string, labels?: Record<string, string>): void;
}

/** Starts a fake of Compute Engine's REST API, as far as `@bench` and gcloud's basic commands speak it. */
export async function startFakeGcp(options: FakeGcpOptions = {}): Promise<FakeGcp> {
  // Nothing is forwarded to machines on paper; and only Linux has all of 127.0.0.0/8.
  const addresses: FakeAddresses | null = options.machines === undefined ? null : await fakeAddresses().catch(() => null);
  const world = makeWorld(options, addresses);
  const soldOut = (zone: string, out = true): void => void (out ? world.soldOut.add(zone) : world.soldOut.delete(zone));
  const sshPort = addresses?.port ?? 22;
  const server: FakeServer = await startFakeServer({
    ...(options.keys === undefined ? {} : { keys: options.keys }),
    ...(options.port === undefined ? {} : { port: options.port }),
    clock: world.clock,
    handle: (request) => handle(world, request),
    state: () => ({ ...truthOf(world, server), project: world.project, sshPort }),
    commands: {
      misbehave: ({ names }) => (world.misbehave(names as 'all' | string[]), {}),
      preempt: ({ name }) => (world.preempt(String(name)), {}),
      soldout: ({ zone, out }) => (soldOut(String(zone), out !== false), {}),
      foreign: ({ name }) => (world.foreign(String(name)), {}),
    },
  });
  world.base = `${server.url}/compute/v1`;
  let closing: Promise<void> | undefined;
  return {
    server,
    project: world.project,
    baseUrl: world.base,
    sshPort,
    truth: () => truthOf(world, server),
    misbehave: (names) => world.misbehave(names),
    preempt: (name) => world.preempt(name),
    soldOut,
    setQuota: (region, metric, limit) => world.setQuota(region, metric, limit),
    foreign: (name, labels) => world.foreign(name, labels),
    close: () => (closing ??= server.close().then(() => world.close())),
  };
}

/** For the registry. */
export const fakeGcp: FakeCloudKind = { name: 'gcp', misbehaviours: GCP_MISBEHAVIOURS, start: startFakeGcp };

function truthOf(world: World, server: Pick<FakeServer, 'requests'>): FakeTruth & { errors: readonly string[] } {
  world.tick();
  const all = [...world.ended, ...world.instances.values()];
  const told = new Set(
    server.requests
      .filter((r) => r.method === 'POST' && r.path.endsWith('/instances') && r.fault === null && r.status === 200)
      .map((r) => (r.body as { name?: string } | undefined)?.name),
  );
  const made = all.filter((i) => i.wanted.body['name'] !== undefined);
  const hours = (i: (typeof all)[number]): number =>
    i.runningAt === null ? 0 : ((i.removedAt ?? world.clock.now()) - i.runningAt) / 3_600_000;
  return {
    createsAcknowledged: made.filter((i) => told.has(i.name)).length,
    createsLost: made.filter((i) => !told.has(i.name)).length,
    live: [...world.instances.values()].map((i) => ({
      id: `projects/${world.project}/zones/${i.zone}/instances/${i.name}`,
      name: i.name,
      owner: i.labels[LABELS.owner] ?? null,
      since: new Date(i.createdAt).toISOString(),
    })),
    billedUsd: all.reduce((sum, i) => sum + hours(i) * i.wanted.type.usdPerHour, 0),
    terminates: [...world.terminates],
    errors: world.errors,
  };
}
