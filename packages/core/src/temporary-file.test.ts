import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withTemporary } from './temporary-file.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-temporary-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('takes its temporary files with it when the process exits', async () => {
  const others = process.listeners('exit');
  const own = () => process.listeners('exit').filter((listener) => !others.includes(listener));
  await withTemporary(join(folder, 'a'), async (first) => {
    await withTemporary(join(folder, 'a'), async (second) => {
      for (const temporary of [first, second]) await writeFile(temporary, 'half');
      for (const exit of own()) exit.call(process, 0);
      expect([existsSync(first), existsSync(second)]).toEqual([false, false]);
    });
    await writeFile(first, 'whole');
    await rename(first, join(folder, 'a'));
  });
  expect(await readdir(folder)).toEqual(['a']);
  expect(own()).toEqual([]);
});

it('removes its temporary file when writing fails', async () => {
  const fail = async (temporary: string) => {
    await writeFile(temporary, 'half');
    throw new Error('full');
  };
  await expect(withTemporary(join(folder, 'a'), fail)).rejects.toThrow('full');
  expect(await readdir(folder)).toEqual([]);
});
