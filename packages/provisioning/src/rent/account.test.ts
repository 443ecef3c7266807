import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchError } from '@bench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquire } from './acquire.ts';
import { adoptRented } from './adopt-rented.ts';
import { endMachine } from './end-machine.ts';
import { opened } from './testing/memory-cloud.ts';
import { wanted } from './testing/samples.ts';
import { world, type World } from './testing/world.ts';

describe('a machine of another account', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  /** Rented with the key of A, by a process that is dead. */
  const rented = async (account: string | undefined = 'A') => {
    const cloud = w.cloud(account === undefined ? {} : { account });
    const ledger = await w.ledger();
    const machine = await acquire(wanted(), w.context(w.time.process(), ledger));
    machine.release();
    return { cloud, ledger, machine, keyOf: (other: string) => opened([cloud.withKeyOf(other)]) };
  };

  it("is neither gone nor anybody else's to gc and to --resume; with the right key it is ended", async () => {
    const { cloud, ledger, machine, keyOf } = await rented();
    const { name } = machine;
    expect((await ledger.entry(name))?.account).toBe('A');
    for (const dryRun of [true, false]) {
      const result = await w.gc(ledger, { providers: keyOf('B'), dryRun });
      expect(result).toMatchObject({ ended: [], exitCode: 6 });
      expect(result.unresolved).toHaveLength(1);
      expect(result.unresolved[0]).toMatchObject({ name, id: 'memory-0', hint: expect.stringContaining('key of account A') });
      expect(result.unresolved[0]?.problem).toContain('rented with another account (A); now it is B');
    }
    const context = w.context(w.time.process(), ledger, { providers: keyOf('B') });
    const cleanup = { code: 'BENCH_PROVIDER_CLEANUP', exitCode: 6, hint: expect.stringContaining('bench gc') };
    await expect(adoptRented(name, context)).rejects.toMatchObject(cleanup);
    await expect(
      endMachine({
        ref: machine.ref,
        open: keyOf('B').get('memory'),
        ledger,
        io: w.time.io,
        market: 'on-demand',
        reason: 'x',
        invisibleUntilMs: null,
      }),
    ).rejects.toMatchObject(cleanup);
    expect((await ledger.entry(name))?.state).toBe('created');
    expect(cloud.alive()).toEqual([name]);
    expect(await w.gc(ledger, { providers: keyOf('A') })).toMatchObject({ ended: [{ name }], exitCode: 0 });
    expect(cloud.alive()).toEqual([]);
  });

  it('whose create was never answered is not taken for one that was never made', async () => {
    const cloud = w.cloud({ account: 'A' });
    const ledger = await w.ledger();
    const process = w.time.process({ dieAtStep: 3 });
    const dying = w.context(process, ledger, {});
    await Promise.race([acquire(wanted(), dying), process.death]);
    const [entry] = await ledger.entries();
    expect([entry?.state, entry?.ref, cloud.alive()]).toEqual(['intent', null, [entry?.name]]);
    const result = await w.gc(ledger, { providers: opened([cloud.withKeyOf('B')]) });
    expect(result).toMatchObject({ unresolved: [{ name: entry?.name }], exitCode: 6 });
    expect((await ledger.entry(entry?.name ?? ''))?.state).toBe('intent');
    expect(await w.gc(ledger)).toMatchObject({ exitCode: 0 });
    expect(cloud.alive()).toEqual([]);
  });

  it('an account that cannot be asked for is asked again; nothing is gone until it is known', async () => {
    const { cloud, ledger, machine, keyOf } = await rented();
    cloud.fault = (op) => (op === 'account' ? { kind: 'transient' } : null);
    const b = keyOf('B').get('memory');
    const ending = () =>
      endMachine({ ref: machine.ref, open: b, ledger, io: w.time.io, market: 'on-demand', reason: 'x', invisibleUntilMs: null }).catch(
        (error: unknown) => error as BenchError,
      );
    expect(await ending()).toMatchObject({ code: 'BENCH_PROVIDER_CLEANUP' });
    expect((await ledger.entry(machine.name))?.state).toBe('created');
    let asked = 0;
    cloud.fault = (op) => (op === 'account' && ++asked < 3 ? { kind: 'transient' } : null);
    const a = keyOf('A').get('memory');
    await endMachine({ ref: machine.ref, open: a, ledger, io: w.time.io, market: 'on-demand', reason: 'x', invisibleUntilMs: null });
    expect(asked).toBe(3);
    expect(cloud.alive()).toEqual([]);
  });

  it('a provider that did not say whose account it is keeps nobody from renting or ending', async () => {
    const cloud = w.cloud({ account: 'A' });
    cloud.fault = (op) => (op === 'account' ? { kind: 'auth' } : null);
    const ledger = await w.ledger();
    const machine = await acquire(wanted(), w.context(w.time.process(), ledger));
    expect((await ledger.entry(machine.name))?.account).toBeNull();
    await machine.end('done');
    expect(cloud.alive()).toEqual([]);
  });

  it('a line without an account, as an older version wrote it, is of nobody knows whom', async () => {
    const { cloud, ledger, machine } = await rented();
    const path = join(ledger.dir, 'ledger.jsonl');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"account":"A",', ''));
    const later = await w.ledger();
    expect((await later.entry(machine.name))?.account).toBeNull();
    expect(await w.gc(later)).toMatchObject({ ended: [{ name: machine.name }], exitCode: 0 });
    expect(cloud.alive()).toEqual([]);
  });
});
