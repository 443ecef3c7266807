import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo, prng } from '@bench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquire } from '../rent/acquire.ts';
import { sampleSpec, wanted } from '../rent/testing/samples.ts';
import { world } from '../rent/testing/world.ts';
import { openLedger } from './ledger.ts';

/** Writes machines into a ledger until it is killed or has written enough, and says what is on disk. */
const WRITER = String.raw`
const [{ openLedger }, { createIo }] = await Promise.all([import(process.argv[1]), import(process.argv[2])]);
const ledger = await openLedger({ dir: process.argv[3], io: createIo() });
process.stdout.write('owner ' + ledger.owner + ' ' + ledger.key.publicKey.split(' ')[1] + '\n');
const spec = JSON.parse(process.argv[4]);
for (let n = 0; n < Number(process.argv[5]); n++) {
  const { entry } = await ledger.intent({ spec: (name) => ({ ...spec, name, owner: ledger.owner }), runDir: null });
  process.stdout.write('intent ' + entry.name + '\n');
  await ledger.created(entry.name, { provider: 'memory', id: 'id-' + entry.name, name: entry.name, region: null, zone: null });
  process.stdout.write('created ' + entry.name + '\n');
}
await ledger.close();
`;

describe('ledger of several processes', () => {
  let root: string;
  let dir: string;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'bench-ledger-'));
    dir = join(root, 'ledger');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(root, { recursive: true, force: true });
  });
  const writer = (count: number) => {
    const [provisioning, core] = ['../../dist/index.js', '../../../core/dist/index.js'].map((path) => new URL(path, import.meta.url).href);
    const spec = JSON.stringify(sampleSpec({ name: '', owner: '' }));
    const args = ['--input-type=module', '-e', WRITER, provisioning ?? '', core ?? '', dir, spec, String(count)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    let text = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const ended = new Promise<{ code: number | null; lines: string[]; errors: string }>((resolve) =>
      child.once('close', (code) => resolve({ code, lines: text.split('\n').slice(0, -1), errors })),
    );
    const saw = (length: number) =>
      new Promise<void>((resolve) => {
        const look = () => text.split('\n').length > length && resolve();
        child.stdout.on('data', look);
        child.once('close', () => resolve());
      });
    return { child, ended, saw };
  };

  it('makes one owner and one key, and gives each machine its own name', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => writer(20).ended));
    expect(all.map(({ code, errors }) => [code, errors])).toEqual(all.map(() => [0, '']));
    expect(new Set(all.map(({ lines }) => lines[0])).size).toBe(1);
    const names = all.flatMap(({ lines }) => lines.filter((line) => line.startsWith('intent ')));
    expect(new Set(names).size).toBe(80);
    const ledger = await openLedger({ dir, io: createIo() });
    const entries = await ledger.entries();
    expect(entries).toHaveLength(80);
    expect(entries.every(({ state }) => state === 'created')).toBe(true);
    expect(await ledger.damage()).toEqual([]);
    await ledger.close();
  });

  it('keeps what it said was written, whenever a writer is killed', async () => {
    const random = prng(7);
    const said: string[] = [];
    for (let kill = 0; kill < 12; kill++) {
      const two = [writer(1000), writer(1000)];
      await two[0]?.saw(random.integer(1, 40));
      for (const { child } of two) child.kill('SIGKILL');
      for (const { lines, errors } of await Promise.all(two.map(({ ended }) => ended))) {
        expect(errors).toBe('');
        said.push(...lines);
      }
    }
    const ledger = await openLedger({ dir, io: createIo() });
    const states = new Map((await ledger.entries()).map(({ name, state }) => [name, state]));
    for (const line of said) {
      const [what, name = ''] = line.split(' ');
      if (what === 'intent') expect(states.has(name), line).toBe(true);
      if (what === 'created') expect(states.get(name), line).toBe('created');
    }
    expect(said.length).toBeGreaterThan(100);
    expect(new Set(said.filter((line) => line.startsWith('owner '))).size).toBe(1);
    // The next one mends what the last kill may have left, and goes on.
    const { spec } = await ledger.intent({ spec: (name) => sampleSpec({ name, owner: ledger.owner }), runDir: null });
    await ledger.gone(spec.name);
    expect(await ledger.damage()).toEqual([]);
    await ledger.close();
  }, 240_000);

  it.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')(
    'a full disk: nothing is rented, and what is held can be ended',
    async () => {
      await mkdir(dir);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'bench-ledger-test', dir]);
      const w = await world();
      try {
        const cloud = w.cloud();
        const ledger = await openLedger({ dir, io: createIo() });
        const context = w.context(w.time.process(), ledger);
        const machine = await acquire(wanted(), context);
        fill(join(dir, 'filler'));
        const refused = acquire(wanted(), context);
        await expect(refused).rejects.toMatchObject({
          code: 'BENCH_LEDGER_FULL',
          exitCode: 3,
          message: `the disk of the ledger ${join(dir, 'ledger.jsonl')} is full`,
          hint: expect.stringContaining('free some space there'),
        });
        expect(cloud.made).toEqual([machine.name]);
        await machine.end('done');
        expect(cloud.alive()).toEqual([]);
        expect((await ledger.entry(machine.name))?.state).toBe('gone');
        await ledger.close();
      } finally {
        await w.close();
        execFileSync('umount', [dir]);
      }
    },
  );

  it.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')(
    'a disk that fills between two lines: who took a machine over has it',
    async () => {
      await mkdir(dir);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'bench-ledger-test', dir]);
      try {
        const ledger = await openLedger({ dir, io: createIo() });
        const { spec, entry } = await ledger.intent({ spec: (name) => sampleSpec({ name, owner: ledger.owner }), runDir: null });
        const lease = { kind: 'lease', until: '2030-01-01T00:00:00.000Z' } as const;
        await ledger.hold(spec.name, lease);
        const filler = join(dir, 'filler');
        fill(filler);
        // Room for the lock and the first line, not for the second; the reserve has room for that.
        await truncate(filler, (await stat(filler)).size - 16_384);
        const [, taken] = await Promise.all([
          ledger.running(spec.name),
          ledger.takeOver(spec.name, lease),
          ledger.ending(spec.name, 'x'.repeat(40_000)),
        ]);
        const now = await ledger.entry(spec.name);
        expect([taken, now?.state, now?.holder]).toEqual([true, 'ending', entry.holder]);
        expect(await ledger.takeOver(spec.name, lease)).toBe(false);
        expect(await ledger.damage()).toEqual([]);
        await ledger.close();
      } finally {
        execFileSync('umount', [dir]);
      }
    },
  );
});

/** Until nothing more goes in. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let size = 4096; size >= 1; size = size === 4096 ? 1 : 0) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size, 1));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}
