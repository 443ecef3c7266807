import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import { changeNotes, type Notes, readRun, runPaths, RunWriter, withoutRemark, withTags } from './index.ts';

const io = { now: () => 0, monotonic: () => performance.now(), random: Math.random, sleep: (ms: number) => sleep(ms) };
let writer: RunWriter;
beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'bench-notes-'));
  writer = await RunWriter.create({ root, asked: { recipes: ['/r'], site: 'local', filter: [], seed: 0 }, tasks: [], tools: {} }, io);
  return () => writer.close();
});

const EMPTY: Notes = { tags: [], remarks: [] };
const tag = (name: string) => changeNotes(writer.dir, (notes) => withTags(notes, { add: [name] }), io);

it('are changed while another holds the run, and read with it', async () => {
  await tag('nightly');
  await changeNotes(
    writer.dir,
    (notes) => ({ ...notes, remarks: [...notes.remarks, { at: '2026-05-04T00:00:00.000Z', text: 'new driver' }] }),
    io,
  );
  const { notes, problems } = await readRun(writer.dir);
  expect(notes).toEqual({ tags: ['nightly'], remarks: [{ at: '2026-05-04T00:00:00.000Z', text: 'new driver' }] });
  expect(problems).toEqual([]);
  expect((await readdir(writer.dir)).sort()).toEqual(['journal.jsonl', 'notes.json', 'run.json', 'run.lock']);
});

it('lose none of many changes that come at once', async () => {
  const names = Array.from({ length: 8 }, (_, i) => `t${i}`);
  await Promise.all(names.map(tag));
  expect((await readRun(writer.dir)).notes.tags.sort()).toEqual(names);
});

it('take over the lock of a process that died with it', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((done) => child.once('close', done));
  await writeFile(runPaths.notesLock(writer.dir), JSON.stringify({ pid: child.pid, started: null, boot: null }));
  expect((await tag('after')).tags).toEqual(['after']);
});

it('wait for who changes them, and name who does not let go', async () => {
  await writeFile(runPaths.notesLock(writer.dir), JSON.stringify({ pid: 7, started: null, boot: null, host: 'elsewhere' }));
  let clock = 0;
  const busy = changeNotes(writer.dir, (notes) => notes, { monotonic: () => (clock += 4000), sleep: () => Promise.resolve() });
  await expect(busy).rejects.toMatchObject({ code: 'BENCH_RUN_BUSY', message: expect.stringContaining('process 7 on elsewhere') });
});

it.each([['{"tags": "not a list"}'], ['half a fi']])('that cannot be read are not written over: %s', async (text) => {
  await writeFile(runPaths.notes(writer.dir), text);
  await expect(tag('x')).rejects.toMatchObject({ code: 'BENCH_NOTES_DAMAGED', exitCode: 2 });
  expect(await readFile(runPaths.notes(writer.dir), 'utf8')).toBe(text);
  expect(await readdir(writer.dir)).not.toContain('notes.lock');
});

it('of a folder that is no run are not made', async () => {
  await expect(changeNotes(join(writer.dir, 'no'), (notes) => notes, io)).rejects.toMatchObject({ code: 'BENCH_RUN_NOT_FOUND' });
});

it('have each tag once, in the order of their coming', () => {
  const notes = withTags({ ...EMPTY, tags: ['a', 'b'] }, { add: ['c', 'a', 'c'], remove: ['b'] });
  expect(notes.tags).toEqual(['a', 'c']);
});

it.each(['', 'two words', '-dash', '$(x)', 'x'.repeat(65), 'a\nb', '*'])('refuse the tag %j', (name) => {
  expect(() => withTags(EMPTY, { add: [name] })).toThrow(expect.objectContaining({ code: 'BENCH_BAD_TAG' }));
});

it.each(['ночной', 'release/1.2', 'driver=570.86', '2026-05-04', 'x'])('take the tag %j', (name) => {
  expect(withTags(EMPTY, { add: [name] }).tags).toEqual([name]);
});

it('say what there is where a tag or remark to take away is not', () => {
  const notes: Notes = { tags: ['nightly'], remarks: [{ at: '2026-05-04T00:00:00.000Z', text: 'a' }] };
  expect(() => withTags(notes, { remove: ['nightl'] })).toThrow(/no tag "nightl".*did you mean "nightly"/);
  expect(() => withoutRemark(notes, 2)).toThrow(expect.objectContaining({ hint: 'its remarks: 1 to 1' }));
  expect(() => withTags(notes, { remove: ['x'] })).toThrow(
    expect.objectContaining({ message: 'it has no tag "x"', hint: 'its tags: nightly' }),
  );
  expect(withoutRemark(notes, 1).remarks).toEqual([]);
});
