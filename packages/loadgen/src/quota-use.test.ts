import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { quotaUse, usedUp } from './quota-use.ts';

const folders: string[] = [];
afterEach(() => Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true }))));

/** The membership of a process, and the `cpu.stat` files there are, with periods and throttled ones. */
async function machine(groups: string, stats: Record<string, [number, number]>) {
  const folder = await mkdtemp(join(tmpdir(), 'cgroups-'));
  folders.push(folder);
  await writeFile(join(folder, 'membership'), groups);
  for (const [path, [periods, throttled]] of Object.entries(stats)) {
    const file = join(folder, 'mounts', path, 'cpu.stat');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `usage_usec 5\nnr_periods ${periods}\nnr_throttled ${throttled}\nthrottled_usec 9\n`);
  }
  return { membership: join(folder, 'membership'), mounts: join(folder, 'mounts') };
}

it.each([
  ['version 2', '0::/a/b\n', 'a/b'],
  ['version 1', '9:name=systemd:/\n7:cpuset:/x\n1:cpu:/a/b\n0::/\n', 'cpu/a/b'],
  ['version 1, two controllers together', '4:cpu,cpuacct:/a/b\n0::/\n', 'cpu,cpuacct/a/b'],
  ['a group around its own', '0::/a/b/c\n', 'a'],
  ['a container, where its group is the root', '1:cpu:/docker/5f3c\n', 'cpu'],
  ['a container that sees itself outside of its root', '0::/../b\n', 'b'],
])('is read of %s', async (_what, groups, path) => {
  const places = await machine(groups, { [path]: [200, 50] });
  expect([...quotaUse(places).values()]).toEqual([{ periods: 200, throttled: 50 }]);
});

it('is the share of the periods between two looks, of the group where it is most', async () => {
  const folder = await machine('0::/a/b\n', { a: [100, 10], 'a/b': [40, 0] });
  const before = quotaUse(folder);
  await writeFile(join(folder.mounts, 'a/cpu.stat'), 'nr_periods 200\nnr_throttled 100\n');
  await writeFile(join(folder.mounts, 'a/b/cpu.stat'), 'nr_periods 50\nnr_throttled 1\n');
  expect(usedUp(before, quotaUse(folder))).toBeCloseTo(0.9);
});

it('is not known where no group has a quota, or there are no groups', async () => {
  const use = quotaUse(await machine('0::/a\n', { a: [0, 0] }));
  expect(use.size).toBe(1);
  expect(usedUp(use, use)).toBeNull();
  expect(quotaUse({ membership: '/nowhere', mounts: '/nowhere' }).size).toBe(0);
});
