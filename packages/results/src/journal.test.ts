import { type FileHandle, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Journal, readJournal } from './journal.ts';
import type { JournalEvent } from './journal-events.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-journal-'));
  path = join(folder, 'journal.jsonl');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

const clock = { now: () => 0, monotonic: () => 0 };
const stopped = (deployment: string): JournalEvent => ({ type: 'deployment_stopped', deployment });
const names = async () => (await readJournal(path)).events.map((event) => ('deployment' in event ? event.deployment : event.type));
const prototypeOf = async () => {
  const handle = await open(path, 'a');
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
};

it('what is added at once goes to disk together, in order', async () => {
  const journal = await Journal.open(path, clock);
  const syncs = vi.spyOn(await prototypeOf(), 'sync');
  const expected = Array.from({ length: 100 }, (_, i) => `d${i}`);
  await Promise.all(expected.map((name) => journal.append(stopped(name))));
  expect(syncs.mock.calls.length).toBeLessThan(10);
  expect(await names()).toEqual(expected);
  expect((await readJournal(path)).events.map(({ seq }) => seq)).toEqual(expected.map((_, i) => i));
  await journal.close();
});

it('a disk that was full for a moment takes nothing of what comes after', async () => {
  const journal = await Journal.open(path, clock);
  await journal.append(stopped('d1'));
  const real = (await prototypeOf()).appendFile;
  vi.spyOn(await prototypeOf(), 'appendFile').mockImplementationOnce(async function full(this: FileHandle, data) {
    await real.call(this, (data as Buffer).subarray(0, 20));
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  });
  await expect(journal.append(stopped('d2'))).rejects.toMatchObject({ code: 'ENOSPC' });
  await journal.append(stopped('d3'));
  expect(await names()).toEqual(['d1', 'd3']);
  expect(await readFile(path, 'utf8')).toMatch(/\n$/);
  await journal.close();
});
