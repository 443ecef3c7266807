import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RentEvent } from '@bench/provisioning';
import { processContainers } from '@bench/provisioning/testing';
import { afterEach, expect, it } from 'vitest';
import { KEY, target, vastAccount } from './testing/vast-account.ts';

let open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()));
  open = [];
});

async function account(options: Parameters<typeof vastAccount>[0] = {}) {
  const one = await vastAccount(options);
  open.push(one);
  return one;
}

const failures = (events: readonly RentEvent[]) => events.flatMap((event) => (event.type === 'failed' ? [event.error.message] : []));

it('the next offer is taken when one is gone, and when one fails and leaves a machine, which is ended', async () => {
  const { fake, rented, start, ledger, dir, lines } = await account({
    fake: { misbehave: ['intervals', 'late-ports', 'late-logs'], tricks: { taken: 1, failedBid: 1 } },
  });
  const live = await start();
  expect(failures(rented)).toEqual([expect.stringMatching(/the offer is gone/), expect.stringMatching(/create failed: .*did not win/)]);
  expect(fake.destroyed.map(({ label }) => label)).toEqual([expect.stringMatching(/^bench-[a-z0-9]{6}-r0test-1$/)]);
  expect(fake.instances()).toMatchObject([{ label: expect.stringMatching(/-r0test-2$/), status: 'running' }]);
  const answer = await fetch(`http://${live.endpoint?.address}:${live.endpoint?.port}/whoami`);
  expect(((await answer.json()) as { env: Record<string, string> }).env['ENGINE_KEY']).toBe(live.endpoint?.apiKey);
  await live.stop();
  expect(fake.instances()).toEqual([]);
  expect((await ledger.entries()).map(({ state }) => state)).toEqual(['refused', 'gone', 'gone']);
  const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const kept = await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')));
  for (const secret of [KEY, live.endpoint?.apiKey ?? '?']) expect([...kept, ...lines].filter((text) => text.includes(secret))).toEqual([]);
});

it('a container that is outbid has died of it, and is ended, for its disk costs', async () => {
  const { fake, start } = await account({ markets: ['spot'] });
  const live = await start();
  fake.outbid(fake.instances()[0]?.label ?? '');
  expect(await live.died).toMatch(/outbid/);
  expect(live.exited()).toMatch(/outbid/);
  expect(fake.instances()).toHaveLength(1);
  await live.stop();
  expect(fake.instances()).toEqual([]);
});

it('an image that cannot be had fails everywhere, and nothing is left', async () => {
  const { fake, start, rented } = await account({ fake: { containers: processContainers({}) } });
  await expect(start()).rejects.toThrow(/pull access denied for bench-test/);
  expect(failures(rented).length).toBeGreaterThan(1);
  expect(fake.instances()).toEqual([]);
  expect(fake.destroyed).toHaveLength(fake.made.length);
});

it('another process goes on with it by its name', async () => {
  const { fake, start, deploy } = await account();
  const live = await start();
  await live.release();
  const again = await target.adopt(live.record, deploy);
  expect(again?.endpoint).toEqual(live.endpoint);
  await again?.stop();
  expect(fake.instances()).toEqual([]);
});

it('an engine that ends by itself is not tried on every machine there is', async () => {
  const { fake, start } = await account({ mode: 'exit' });
  await expect(start()).rejects.toThrow(/its container ended by itself: .*no such device/);
  expect(fake.made).toHaveLength(1);
  expect(fake.instances()).toEqual([]);
});
