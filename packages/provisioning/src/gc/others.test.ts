import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../ledger/ledger.ts';
import type { MemoryCloud } from '../rent/testing/memory-cloud.ts';
import { sampleSpec } from '../rent/testing/samples.ts';
import { world, type World } from '../rent/testing/world.ts';

const RUN = 'rstranger00';
let w: World;
let mine: Ledger;
let stranger: Ledger;

beforeEach(async () => {
  w = await world();
  mine = await w.ledger('me');
  stranger = await w.ledger('stranger');
});
afterEach(() => w.close());

/** A cloud with a machine of somebody else, long visible. */
async function cloudOf(labels: boolean): Promise<{ cloud: MemoryCloud; name: string }> {
  const cloud = w.cloud({ capabilities: { labels } });
  const name = `bench-${stranger.owner.slice(0, 6)}-${RUN}-0`;
  const expiresAt = new Date(w.time.io.now() + 3_600_000).toISOString();
  await cloud.provider.create(sampleSpec({ name, owner: stranger.owner, run: RUN, expiresAt }), { idempotencyKey: name });
  await w.time.io.sleep(60_000);
  return { cloud, name };
}

describe.each([true, false])('machines of somebody else (labels: %s)', (labels) => {
  it.each([
    ['all of the id, as bench ledger prints it', 12],
    ['the six characters of its name', 6],
  ])('are ended when their owner is named by %s', async (_how, length) => {
    const { cloud, name } = await cloudOf(labels);
    const owner = stranger.owner.slice(0, length);
    const dry = await w.gc(mine, { owner, dryRun: true });
    expect([dry.ended.map((m) => m.name), dry.ofOwner, cloud.alive()]).toEqual([[name], 1, [name]]);
    const result = await w.gc(mine, { owner });
    expect(result).toMatchObject({ ofOwner: 1, foreign: [], unresolved: [], exitCode: 0 });
    expect(result.ended.map((m) => m.name)).toEqual([name]);
    expect(cloud.alive()).toEqual([]);
  });

  it.each(['', 'a', 'zzzzzz', 'zzzzzzzzzzzz'])('stay when "%s" is named', async (owner) => {
    const { cloud, name } = await cloudOf(labels);
    for (const asked of [owner, stranger.owner.slice(0, 5)]) {
      const result = await w.gc(mine, { owner: asked });
      expect([result.ofOwner, result.ended, result.foreign.map((m) => m.name)]).toEqual([0, [], [name]]);
    }
    expect(cloud.alive()).toEqual([name]);
  });
});

it('where labels say all of it, one who shares six characters is not taken for the other', async () => {
  const { cloud, name } = await cloudOf(true);
  const other = stranger.owner.slice(0, 6) + (stranger.owner.endsWith('aaaaaa') ? 'bbbbbb' : 'aaaaaa');
  expect((await w.gc(mine, { owner: other })).ended).toEqual([]);
  expect(cloud.alive()).toEqual([name]);
});

it('past their expiry they are ended on request, and only well past it', async () => {
  const { cloud, name } = await cloudOf(true);
  await w.time.io.sleep(4_000_000);
  const early = await w.gc(mine, { expired: true });
  expect([early.ended, early.foreign.map((m) => [m.name, m.expired])]).toEqual([[], [[name, true]]]);
  await w.time.io.sleep(5_400_000);
  expect((await w.gc(mine)).ended).toEqual([]);
  expect((await w.gc(mine, { expired: true })).ended.map((m) => m.name)).toEqual([name]);
  expect(cloud.alive()).toEqual([]);
});

it('a provider that does not answer is not passed over when somebody is looked for', async () => {
  const { cloud } = await cloudOf(true);
  cloud.fault = (operation) => (operation === 'owned' ? { kind: 'transient' } : null);
  expect((await w.gc(mine)).exitCode).toBe(0);
  expect(await w.gc(mine, { owner: stranger.owner })).toMatchObject({ ofOwner: 0, exitCode: 6 });
});
