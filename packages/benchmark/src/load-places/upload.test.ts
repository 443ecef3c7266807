import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { farHost } from './testing/far-host.ts';
import { uploadByHash } from './upload.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

it('brings a folder once, with what its links lead to and without what is hidden, under another name when its content changes', async () => {
  const far = await farHost();
  cleanups.push(() => far.remove());
  const here = await mkdtemp(join(tmpdir(), 'bench-upload-'));
  cleanups.push(() => rm(here, { recursive: true }));
  await Promise.all([mkdir(join(here, 'set/data'), { recursive: true }), mkdir(join(here, 'set/.cache'), { recursive: true })]);
  await writeFile(join(here, 'blob'), 'content');
  await symlink(join(here, 'blob'), join(here, 'set/data/train.parquet'));
  await writeFile(join(here, 'set/.cache/big'), 'hidden');
  const folder = join(far.root, 'cache');
  await mkdir(folder);
  const upload = () =>
    uploadByHash({
      host: far.host,
      local: join(here, 'set'),
      folder,
      what: 'the prompt file',
      on: () => undefined,
      signal: new AbortController().signal,
    });
  const path = await upload();
  expect(await readdir(path, { recursive: true })).toEqual(['data', 'data/train.parquet']);
  await rm(join(here, 'set/.cache'), { recursive: true });
  expect(await upload()).toBe(path);
  expect(far.calls.get('put')).toBe(1);
  expect(await readFile(join(path, 'data/train.parquet'), 'utf8')).toBe('content');
  await writeFile(join(here, 'blob'), 'other content');
  expect(await upload()).not.toBe(path);
});
