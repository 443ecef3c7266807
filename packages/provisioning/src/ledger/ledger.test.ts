import { execFile } from 'node:child_process';
import { appendFile, chmod, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createIo } from '@bench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleSpec } from '../rent/testing/samples.ts';
import { openLedger, type Ledger } from './ledger.ts';

const ref = (name: string) => ({ provider: 'memory', id: `id-${name}`, name, region: null, zone: null });

describe('ledger', () => {
  let dir: string;
  let opened: Ledger[];
  beforeEach(async () => {
    dir = join(await mkdtemp(join(tmpdir(), 'bench-ledger-')), 'state', 'ledger');
    opened = [];
  });
  afterEach(async () => {
    for (const ledger of opened) await ledger.close();
    await rm(join(dir, '../..'), { recursive: true, force: true });
  });
  const open = async () => {
    const ledger = await openLedger({ dir, io: createIo() });
    opened.push(ledger);
    return ledger;
  };
  const intend = (ledger: Ledger, run = 'r123456789') =>
    ledger.intent({ spec: (name) => sampleSpec({ name, owner: ledger.owner, run }), runDir: null });

  it('makes its folder for the user alone, an owner, a key, and keeps them', async () => {
    const first = await open();
    const again = await open();
    expect(first.owner).toMatch(/^[a-z0-9]{12}$/);
    expect(again.owner).toBe(first.owner);
    expect(again.key).toEqual(first.key);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect((await stat(first.key.privateKeyPath)).mode & 0o777).toBe(0o600);
    expect(first.key.publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/=]+ bench-[a-z0-9]{12}$/);
    expect((await readFile(`${first.key.privateKeyPath}.pub`, 'utf8')).trim()).toBe(first.key.publicKey);
  });

  it('the public key is the one that OpenSSH computes of the private one', async (context) => {
    const { key } = await open();
    const keygen = await promisify(execFile)('ssh-keygen', ['-y', '-f', key.privateKeyPath]).catch((error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? null : Promise.reject(error),
    );
    if (keygen === null) return context.skip('ssh-keygen is not installed');
    expect(keygen.stdout.trim()).toBe(key.publicKey);
  });

  it('tells every state of a machine, to others that have it open as well', async () => {
    const ledger = await open();
    const other = await open();
    const { entry, spec } = await intend(ledger);
    expect(spec.name).toBe(`bench-${ledger.owner.slice(0, 6)}-r123456789-0`);
    expect(entry).toMatchObject({ name: spec.name, state: 'intent', ref: null, priceUsdPerHour: 4, holder: { pid: process.pid } });
    const states = async () => (await other.entries()).map(({ state, note }) => [state, note]);
    expect(await states()).toEqual([['intent', null]]);
    await ledger.unknown(spec.name, 'answer lost');
    expect(await states()).toEqual([['unknown', 'answer lost']]);
    await ledger.created(spec.name, ref(spec.name));
    await ledger.price(spec.name, 3.5, { kind: 'live', name: 'machine', at: '2026-01-01T00:00:00.000Z' });
    await ledger.hold(spec.name, { kind: 'lease', until: '2030-01-01T00:00:00.000Z' });
    expect(await other.entry(spec.name)).toMatchObject({
      state: 'created',
      ref: { id: `id-${spec.name}` },
      priceUsdPerHour: 3.5,
      holder: { kind: 'lease' },
    });
    await ledger.ending(spec.name, 'done');
    await ledger.gone(spec.name);
    expect((await other.entry(spec.name))?.endedAt).not.toBeNull();
    expect((await intend(ledger)).spec.name).toBe(`bench-${ledger.owner.slice(0, 6)}-r123456789-1`);
  });

  it('gives each intent its own name when many come at once through two handles', async () => {
    const ledgers = [await open(), await open()];
    const names = await Promise.all(Array.from({ length: 40 }, async (_, at) => (await intend(ledgers[at % 2] as Ledger)).spec.name));
    expect(new Set(names).size).toBe(40);
    expect((await ledgers[0]?.entries())?.length).toBe(40);
  });

  it('a line that a crash cut off takes nothing with it, and is not told for ever', async () => {
    const ledger = await open();
    const { spec } = await intend(ledger);
    const path = join(dir, 'ledger.jsonl');
    const before = (await stat(path)).size;
    await ledger.created(spec.name, ref(spec.name));
    const after = (await stat(path)).size;
    for (let size = before; size < after; size += 7) {
      await truncate(path, size);
      const crashed = await open();
      expect((await crashed.entry(spec.name))?.state).toBe('intent');
      await crashed.created(spec.name, ref(spec.name));
      expect((await crashed.entry(spec.name))?.state).toBe('created');
      expect(await crashed.damage()).toEqual([]);
    }
  });

  it('tells a damaged line by its number; the others count', async () => {
    const ledger = await open();
    const { spec } = await intend(ledger);
    await appendFile(join(dir, 'ledger.jsonl'), 'something else\n');
    await ledger.created(spec.name, ref(spec.name));
    expect(await ledger.damage()).toEqual([{ line: 2, text: 'something else' }]);
    expect((await ledger.entry(spec.name))?.state).toBe('created');
  });

  it('an owner file that was lost comes back from the events; one with something else in it is told', async () => {
    const ledger = await open();
    await intend(ledger);
    await rm(join(dir, 'owner'));
    expect((await open()).owner).toBe(ledger.owner);
    await writeFile(join(dir, 'owner'), 'x\n');
    await expect(open()).rejects.toMatchObject({ code: 'BENCH_LEDGER_DAMAGED', message: expect.stringContaining(join(dir, 'owner')) });
  });

  it('does not begin anew when its file is taken away while it is open', async () => {
    const ledger = await open();
    await intend(ledger);
    await rm(dir, { recursive: true });
    await expect(intend(ledger)).rejects.toMatchObject({ code: expect.stringMatching(/^BENCH_LEDGER_/) });
  });

  it.skipIf(process.getuid?.() === 0)('a folder that cannot be written is an error that names it', async () => {
    await open();
    await chmod(join(dir, 'ledger.jsonl'), 0o400);
    await expect(intend(await open())).rejects.toMatchObject({
      code: 'BENCH_LEDGER_WRITE',
      message: expect.stringContaining('ledger.jsonl'),
    });
  });

  it('gives a sign of life while it holds a machine', async () => {
    const ledger = await open();
    const { spec } = await intend(ledger);
    expect(await readdir(join(dir, 'heartbeats'))).toEqual([ledger.self.heartbeat]);
    await ledger.gone(spec.name);
    expect(await readdir(join(dir, 'heartbeats'))).toEqual([]);
  });
});
