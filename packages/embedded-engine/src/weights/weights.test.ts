import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { ensureRandomWeights } from '../index.ts';
import { temporaryFolder } from '../testing/engine.ts';
import { BIN } from '../testing/child.ts';

const folder = temporaryFolder();
const digestOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

describe('generated weights', () => {
  it('are the same for the same seed on every machine, and others for another', async () => {
    const [one, two] = await Promise.all([1, 2].map((seed) => ensureRandomWeights({ size: 'tiny', seed, cacheDir: folder.path })));
    // A change of these bytes needs a new RANDOM_WEIGHTS_VERSION, or caches would keep the old ones under the same name.
    expect(await digestOf(one!)).toBe('9d3dbb7b8da7dae8b1ab2841d3ad6be684f4fa5287c76bbb36c7992779a45b94');
    expect(await digestOf(two!)).not.toBe(await digestOf(one!));
  });

  it('are written once', async () => {
    const path = await ensureRandomWeights({ size: 'tiny', cacheDir: join(folder.path, 'once') });
    await writeFile(path, 'GGUF and a mark');
    expect(await ensureRandomWeights({ size: 'tiny', cacheDir: join(folder.path, 'once') })).toBe(path);
    expect(await readFile(path, 'utf8')).toBe('GGUF and a mark');
  });

  it('replace a file that is no model', async () => {
    const cacheDir = join(folder.path, 'broken');
    const path = await ensureRandomWeights({ size: 'tiny', cacheDir });
    const digest = await digestOf(path);
    await writeFile(path, '');
    await ensureRandomWeights({ size: 'tiny', cacheDir });
    expect(await digestOf(path)).toBe(digest);
  });

  it('survive several processes that write them at once, and leave nothing else in the folder', async () => {
    const cacheDir = join(folder.path, 'race');
    const library = pathToFileURL(BIN.replace(/bin\.js$/, 'index.js')).href;
    const script = `import { ensureRandomWeights } from ${JSON.stringify(library)};
      console.log(await ensureRandomWeights({ size: 'tiny', cacheDir: ${JSON.stringify(cacheDir)} }));`;
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 15_000 });
    const paths = (await Promise.all([run(), run(), run()])).map(({ stdout }) => stdout.trim());
    expect(new Set(paths).size).toBe(1);
    expect(await readdir(cacheDir)).toHaveLength(1);
    expect(await digestOf(paths[0]!)).toBe(await digestOf(await ensureRandomWeights({ size: 'tiny', cacheDir: folder.path })));
  });

  it('say what to do when they cannot be written', async () => {
    const file = join(folder.path, 'a-file');
    await writeFile(file, '');
    await expect(ensureRandomWeights({ size: 'tiny', cacheDir: join(file, 'below') })).rejects.toMatchObject({
      code: 'BENCH_ENGINE_CACHE',
      message: expect.stringContaining(file) as string,
      hint: expect.stringContaining('--cache-dir') as string,
    });
  });

  it('are not begun for a caller that gave up', async () => {
    const cacheDir = join(folder.path, 'aborted');
    await expect(ensureRandomWeights({ size: 'tiny', cacheDir, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    await expect(readdir(cacheDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
