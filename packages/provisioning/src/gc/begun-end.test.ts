import { afterEach, beforeEach, expect, it } from 'vitest';
import { acquire } from '../rent/acquire.ts';
import { wanted } from '../rent/testing/samples.ts';
import { world, type World } from '../rent/testing/world.ts';

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

it('a machine that is kept for hours is ended where its end was begun and failed', async () => {
  const cloud = w.cloud();
  const mine = await w.ledger('me');
  const machine = await acquire(wanted(), w.context(w.time.process(), mine));
  machine.release();
  await machine.keep(new Date(w.time.io.now() + 8 * 3_600_000));
  expect((await w.gc(mine)).alive).toMatchObject([{ name: machine.name, by: expect.stringContaining('its lease until') }]);

  await mine.ending(machine.name, 'deleted');
  const result = await w.gc(mine);
  expect([result.ended.map(({ name }) => name), result.alive, result.exitCode]).toEqual([[machine.name], [], 0]);
  expect(cloud.alive()).toEqual([]);
});
