import type { FakeCloud, FakeCloudKind } from '../fake/cloud.ts';
import { startFakeServer } from '../fake/server.ts';
import { CLOUDRIFT_MISBEHAVIOURS, type CloudriftTricks, type FakeCloudriftOptions } from './options.ts';
import { handle } from './routes.ts';
import { makeWorld } from './world.ts';

export interface FakeCloudrift extends FakeCloud {
  readonly tricks: CloudriftTricks;
  /** Variants that are listed and yet never free. */
  readonly soldOut: Set<string>;
  /** An instance that somebody else made in the same account. The answer is its id. */
  foreign(name: string | null): string;
  /** The provider takes an instance away. False: there is none of that name. */
  lose(name: string): boolean;
}

/** A fake of CloudRift's API, as far as `@bench` speaks it: OpenAPI 0.61, in the shapes of version 2026-05-26. */
export async function startFakeCloudrift(options: FakeCloudriftOptions = {}): Promise<FakeCloudrift> {
  const world = makeWorld(options);
  const foreign = (name: string | null): string => {
    const [type] = world.types;
    if (type === undefined) throw new Error('nothing is sold');
    return world.rent({ type, count: 1, datacenter: Object.keys(type.nodes)[0] ?? '', name, publicKeys: [], image: 'x' }).id;
  };
  const lose = (name: string): boolean => {
    const found = [...world.instances.values()].find((i) => i.name === name && i.endedAt === null);
    if (found === undefined) return false;
    world.end(found);
    return true;
  };
  const server = await startFakeServer({
    ...(options.keys === undefined ? {} : { keys: options.keys }),
    ...(options.port === undefined ? {} : { port: options.port }),
    clock: world.clock,
    handle: (request) => handle(world, request),
    state: () => ({
      ...world.truth(),
      tricks: world.tricks,
      instances: [...world.instances.values()].map((i) => ({
        id: i.id,
        name: i.name,
        variant: i.variant,
        datacenter: i.datacenter,
        status: world.statusOf(i),
        power: i.power,
        broken: i.broken,
      })),
    }),
    commands: {
      tricks: (body) => Object.assign(world.tricks, body),
      misbehave: ({ names }) => (world.odd.set(names === 'all' ? 'all' : (names as string[])), {}),
      'sold-out': ({ variants }) => {
        world.soldOut.clear();
        for (const variant of variants as string[]) world.soldOut.add(variant);
        return {};
      },
      foreign: ({ name }) => ({ id: foreign(typeof name === 'string' ? name : null) }),
      lose: ({ name }) => ({ lost: lose(String(name)) }),
    },
  });
  let closing: Promise<void> | undefined;
  return {
    server,
    truth: world.truth,
    misbehave: (names) => world.odd.set(names),
    tricks: world.tricks,
    soldOut: world.soldOut,
    foreign,
    lose,
    close: () =>
      (closing ??= (async () => {
        await server.close();
        await world.machines.close();
        await Promise.all([...world.instances.values()].map((i) => i.work));
        // One may have come up while the others went.
        await world.machines.close();
      })()),
  };
}

/** For `bench-fake-cloud`. */
export const cloudriftKind: FakeCloudKind = { name: 'cloudrift', misbehaviours: CLOUDRIFT_MISBEHAVIOURS, start: startFakeCloudrift };
