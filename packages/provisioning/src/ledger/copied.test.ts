import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adoptRented } from '../rent/adopt-rented.ts';
import { sampleSpec, wanted } from '../rent/testing/samples.ts';
import { world, type World } from '../rent/testing/world.ts';
import { acquire } from '../rent/acquire.ts';
import { type Computer } from './home.ts';
import { type Ledger, openLedger } from './ledger.ts';

const HERE: Computer = { machineId: 'a'.repeat(32), bootId: 'boot-a', sharesFolder: false };
const THERE: Computer = { machineId: 'b'.repeat(32), bootId: 'boot-b', sharesFolder: false };

describe('a ledger', () => {
  let root: string;
  let warnings: string[];
  const opened: Ledger[] = [];
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'bench-copied-'));
    warnings = [];
  });
  afterEach(async () => {
    for (const ledger of opened.splice(0)) await ledger.close();
    await rm(root, { recursive: true, force: true });
  });

  async function open(folder: string, computer: Computer): Promise<Ledger> {
    const io = createIo({ logger: { log: (level, message) => void warnings.push(`${level}: ${message}`) } });
    const ledger = await openLedger({ dir: join(root, folder), io, computer });
    opened.push(ledger);
    return ledger;
  }
  async function intend(ledger: Ledger): Promise<string> {
    const { spec } = await ledger.intent({ spec: (name) => sampleSpec({ name, owner: ledger.owner }), runDir: null });
    return spec.name;
  }
  const copy = (from: string, to: string) => cp(join(root, from), join(root, to), { recursive: true, preserveTimestamps: true });
  const names = async (entries: Promise<{ name: string }[]>) => (await entries).map(({ name }) => name);

  it('that was copied to another computer is that one’s own from its first use on, which is told once', async () => {
    const first = await open('old', HERE);
    const name = await intend(first);
    await copy('old', 'new');
    const moved = await open('new', THERE);
    expect(moved.owner).toMatch(/^[a-z0-9]{12}$/);
    expect(moved.owner).not.toBe(first.owner);
    expect([await names(moved.entries()), await names(moved.others()), (await moved.entry(name))?.owner]).toEqual([
      [],
      [name],
      first.owner,
    ]);
    expect(warnings).toEqual([expect.stringContaining(`end them with: bench gc --owner ${first.owner}`)]);
    expect(warnings[0]).toContain(name);
    const own = await intend(moved);
    const again = await open('new', { ...THERE, bootId: 'boot-later' });
    expect([again.owner, await names(again.entries()), warnings.length]).toEqual([moved.owner, [own], 1]);
    // Where it came from nothing has changed.
    const old = await open('old', HERE);
    expect([old.owner, await names(old.entries()), await names(old.others())]).toEqual([first.owner, [name], []]);
  });

  it('is given one owner by two processes that find the copy at once', async () => {
    const { owner } = await open('old', HERE);
    await copy('old', 'new');
    const both = await Promise.all([open('new', THERE), open('new', THERE)]);
    expect(both[0].owner).toBe(both[1].owner);
    expect(both[0].owner).not.toBe(owner);
  });

  it('that only lies elsewhere on its computer, or was put back, stays what it was', async () => {
    const first = await open('old', HERE);
    const name = await intend(first);
    await copy('old', 'new');
    const moved = await open('new', { ...HERE, bootId: 'boot-later' });
    expect([moved.owner, await names(moved.entries()), warnings]).toEqual([first.owner, [name], []]);
  });

  it.each([
    ['computers that share it by NFS', { ...THERE, sharesFolder: true }, true],
    ['a container of the same computer', { ...THERE, bootId: HERE.bootId }, true],
    ['a container without a machine id', { ...THERE, machineId: null }, true],
    ['a copy of the disk, whose inodes are the same', THERE, false],
  ])('in the very same file: %s', async (_what, computer, same) => {
    const first = await open('old', HERE);
    const second = await open('old', computer);
    expect(second.owner === first.owner).toBe(same);
    if (same) expect((await open('old', HERE)).owner).toBe(first.owner);
  });

  it('of a computer without a machine id is known by its file', async () => {
    const nameless = { ...HERE, machineId: null };
    const first = await open('old', nameless);
    expect((await open('old', { ...nameless, bootId: 'boot-later' })).owner).toBe(first.owner);
    await copy('old', 'new');
    expect((await open('new', nameless)).owner).not.toBe(first.owner);
  });

  it('goes on with what it had when its old owner is written back', async () => {
    const first = await open('old', HERE);
    const name = await intend(first);
    await copy('old', 'new');
    await open('new', THERE);
    expect(warnings[0]).toContain(`write ${first.owner} into ${join(root, 'new', 'owner')}`);
    await writeFile(join(root, 'new', 'owner'), `${first.owner}\n`);
    for (const ledger of [await open('new', THERE), await open('new', THERE)])
      expect([ledger.owner, await names(ledger.entries()), await names(ledger.others())]).toEqual([first.owner, [name], []]);
  });

  it('restores an owner that was lost as it was here, not as it was where it came from', async () => {
    const first = await open('old', HERE);
    await intend(first);
    await copy('old', 'new');
    const { owner } = await open('new', THERE);
    await rm(join(root, 'new', 'owner'));
    expect((await open('new', THERE)).owner).toBe(owner);
    expect(JSON.parse(await readFile(join(root, 'new', 'home'), 'utf8'))).toMatchObject({ owner, machineId: THERE.machineId });
  });
});

describe('the machines of a computer whose ledger was copied', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  it.each([true, false])('are left to it by the other one, until their owner is named (labels: %s)', async (labels) => {
    const cloud = w.cloud({ capabilities: { labels } });
    const mine = await w.ledger('me');
    const process = w.time.process();
    const { name, release } = await acquire(wanted(), w.context(process, mine));
    release();
    const lost = await mine.intent({ spec: (n) => sampleSpec({ name: n, owner: mine.owner, run: 'r123456789' }), runDir: null });
    const copied = await w.copied('me');
    await w.time.io.sleep(3_600_000);

    expect(await w.gc(copied)).toMatchObject({ ended: [], alive: [], unresolved: [], foreign: [{ name }] });
    await expect(adoptRented(name, w.context(w.time.process(), copied))).rejects.toMatchObject({ code: 'BENCH_MACHINE_BUSY' });
    expect(cloud.alive()).toEqual([name]);

    const named = await w.gc(copied, { owner: mine.owner });
    expect(named).toMatchObject({ unresolved: [], foreign: [], exitCode: 0 });
    expect(named.ended.map((m) => m.name)).toEqual([name]);
    expect(cloud.alive()).toEqual([]);
    const left = new Map((await copied.others()).map((entry) => [entry.name, entry.state]));
    expect(left).toEqual(
      new Map([
        [name, 'gone'],
        [lost.spec.name, 'refused'],
      ]),
    );
  });
});
