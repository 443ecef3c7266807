import type { FakeCloud, FakeCloudKind, FakeTruth } from '../fake/cloud.ts';
import { type FakeServer, startFakeServer } from '../fake/server.ts';
import { endBehind } from './instances.ts';
import { MISBEHAVIOURS } from './misbehaviours.ts';
import { CREATE, handle } from './routes.ts';
import { type FakeVastOptions, makeWorld, type VastTricks, type World } from './world.ts';

export interface FakeVast extends FakeCloud {
  /** Instances that exist, which is to say: that cost money. */
  instances(): readonly { id: string; label: string; status: string | null }[];
  /** All that were ever made, and all that were destroyed, in order. */
  readonly made: readonly { id: string; label: string }[];
  readonly destroyed: readonly { id: string; label: string }[];
  /** Public keys of the account. */
  readonly sshKeys: readonly string[];
  /** What goes wrong with the next calls, for certain. */
  readonly tricks: VastTricks;
  /** Somebody bids more for the machine of this label: it is paused. */
  outbid(label: string): void;
  /** What the account has, USD. */
  setCredit(usd: number): void;
  /** An instance of somebody's own making. The answer is its id. */
  foreign(label: string): string;
}

/** A fake of vast.ai's API, as far as `@bench` speaks it. Wire facts: docs.vast.ai/api-reference. */
export async function startFakeVast(options: FakeVastOptions = {}): Promise<FakeVast> {
  const world = makeWorld(options);
  const truth = (): FakeTruth => truthOf(world, server);
  const server = await startFakeServer({
    ...(options.keys === undefined ? {} : { keys: options.keys }),
    ...(options.port === undefined ? {} : { port: options.port }),
    clock: world.behind.clock,
    handle: (request) => handle(world, request),
    state: () => ({ ...truth(), made: world.made, destroyed: world.destroyed, sshKeys: world.sshKeys, tricks: world.tricks }),
    commands: {
      misbehave: ({ names }) => (world.misbehave(names as 'all' | string[]), {}),
      tricks: (body) => Object.assign(world.tricks, body),
      outbid: ({ label }) => (world.outbid(String(label)), {}),
      foreign: ({ label }) => ({ id: world.foreign(String(label)) }),
    },
  });
  world.baseUrl = server.url;
  let closing: Promise<void> | undefined;
  const close = async () => {
    await server.close();
    await Promise.all([...world.instances.values()].map(endBehind));
    await Promise.all([world.behind.machines.close(), world.behind.containers.close()]);
  };
  return {
    server,
    truth,
    misbehave: world.misbehave,
    instances: () => world.list(),
    made: world.made,
    destroyed: world.destroyed,
    sshKeys: world.sshKeys,
    tricks: world.tricks,
    outbid: world.outbid,
    setCredit: (usd) => world.setCredit(usd),
    foreign: world.foreign,
    close: () => (closing ??= close()),
  };
}

/** For `bench-fake-cloud`. */
export const fakeVastKind: FakeCloudKind = { name: 'vast', misbehaviours: MISBEHAVIOURS, start: startFakeVast };

function truthOf(world: World, server: FakeServer): FakeTruth {
  const creates = server.requests.filter(({ method, path }) => CREATE.test(`${method} ${path}`));
  const whole = creates.filter(({ fault }) => fault === null || fault.startsWith('delay'));
  // A create may fail and leave a machine all the same.
  const acknowledged = whole.filter(({ status }) => status === 200).length + world.count.leftByError;
  return {
    createsAcknowledged: acknowledged,
    createsLost: Math.max(0, world.count.made - acknowledged),
    live: world.live(),
    billedUsd: world.billedUsd(),
    terminates: world.terminates,
  };
}
