import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ledger } from './ledger.ts';

let root = '';
let told = { out: '', err: '' };
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-cli-ledger-'));
  vi.stubEnv('XDG_STATE_HOME', root);
  told = { out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((told.out += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((told.err += String(text))));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

it('says which line of its file cannot be read', async () => {
  expect(await ledger({})).toBe(0);
  expect([told.out, told.err]).toEqual([expect.stringContaining('no machine was ever rented'), '']);
  const path = join(root, 'bench', 'ledger', 'ledger.jsonl');
  await appendFile(path, 'something else\n');
  expect(await ledger({})).toBe(0);
  expect(told.err).toContain(`${path}, line 1: something else`);
  told.out = '';
  expect(await ledger({ json: true })).toBe(0);
  expect(JSON.parse(told.out)).toMatchObject({ machines: [], damage: [{ line: 1, text: 'something else' }] });
});
