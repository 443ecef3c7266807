import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepSelfcheck, keptSelfcheck } from './kept-selfcheck.ts';

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'bench-cache-'));
  vi.stubEnv('XDG_CACHE_HOME', cache);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true, force: true });
});

const check = { tokensPerS: 50, levels: [], eventsPerSPerWorker: 30_000 };

it('is found again with its date, the latest one', async () => {
  expect(await keptSelfcheck()).toBeUndefined();
  await keepSelfcheck({ ...check, eventsPerSPerWorker: 1 }, 0);
  const file = await keepSelfcheck(check, Date.UTC(2026, 4, 4));
  expect(file).toMatch(/bench\/selfcheck\/[0-9a-f]{16}\.json$/);
  expect(await keptSelfcheck()).toEqual({ ...check, checkedAt: '2026-05-04T00:00:00.000Z' });
  expect(await readdir(join(cache, 'bench', 'selfcheck'))).toHaveLength(1);
});

it('is none where its file is damaged, or of another version', async () => {
  const file = await keepSelfcheck(check, 0);
  for (const text of ['{', 'null', '{"version": 2}']) {
    await writeFile(file as string, text);
    expect(await keptSelfcheck()).toBeUndefined();
  }
});

it('is not kept where nothing can be written, which is no failure', async () => {
  vi.stubEnv('XDG_CACHE_HOME', '/dev/null');
  expect(await keepSelfcheck(check, 0)).toBeNull();
  expect(await keptSelfcheck()).toBeUndefined();
});
