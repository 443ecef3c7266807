import { afterEach, beforeEach, expect, it } from 'vitest';
import { sampleSpec } from '../rent/testing/samples.ts';
import { world, type World } from '../rent/testing/world.ts';

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

/** An intent of a provider that needs 25 s for a create, and shows what it made within its 20 s. */
async function asked() {
  const cloud = w.cloud({ capabilities: { visibleWithinMs: 20_000 } });
  cloud.fate = () => ({ visibleMs: 45_000 });
  const mine = await w.ledger('me');
  const { spec } = await mine.intent({ spec: (name) => sampleSpec({ name, owner: mine.owner }), runDir: null });
  return { cloud, mine, spec };
}

it.each([0, 60_000, 600_000])(
  'a create that waited %d ms for its turn, and was at work when its process died, is found',
  async (waitedMs) => {
    const { cloud, mine, spec } = await asked();
    await w.time.io.sleep(waitedMs);
    await cloud.provider.create(spec, { idempotencyKey: spec.name });
    const result = await w.gc(mine);
    expect(result.ended.map(({ name }) => name)).toEqual([spec.name]);
    await w.time.io.sleep(60_000);
    expect(cloud.alive()).toEqual([]);
  },
);

it.each([
  ['an intent of a moment ago, by a clock that jumped ahead', 0, 3_600_000],
  ['a create that waited in a queue for two hours', 7_200_000, 0],
])('%s, is given the time that a create on its way needs', async (_what, waitedMs, jumpMs) => {
  const { cloud, mine, spec } = await asked();
  await w.time.io.sleep(waitedMs);
  await cloud.provider.create(spec, { idempotencyKey: spec.name });
  w.time.jump(jumpMs);
  const result = await w.gc(mine);
  expect(result.ended.map(({ name }) => name)).toEqual([spec.name]);
  expect(cloud.alive()).toEqual([]);
});

it('an intent whose create never left is not waited for longer than that, and once', async () => {
  const cloud = w.cloud({ capabilities: { visibleWithinMs: 20_000 } });
  const mine = await w.ledger('me');
  const { spec } = await mine.intent({ spec: (name) => sampleSpec({ name, owner: mine.owner }), runDir: null });
  await w.time.io.sleep(3_600_000);
  const forMs: number[] = [];
  const gc = () => w.gc(mine, { on: (event) => void (event.type === 'searching' && forMs.push(event.forMs)) });
  await gc();
  await gc();
  expect([forMs, (await mine.entry(spec.name))?.state, cloud.alive()]).toEqual([[60_000], 'refused', []]);
});
