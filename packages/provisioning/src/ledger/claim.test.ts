import { mkdir, mkdtemp, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleSpec } from '../rent/testing/samples.ts';
import { claimOf } from './claim.ts';
import { thisProcess, type ProcessHolder } from './holder.ts';
import { openLedger } from './ledger.ts';
import { makeLock, withLock } from './lock.ts';

const io = createIo();
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bench-claim-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A process of a computer with the machine id of this one: a node that has the same image, or this one before it was restarted. */
const TWIN: ProcessHolder = { ...thisProcess(), pid: 2 ** 30, start: '1', bootId: 'another-boot', heartbeat: 'twin' };

async function heldBy(holder: ProcessHolder): Promise<string | null> {
  const ledger = await openLedger({ dir, io });
  const { entry } = await ledger.intent({ spec: (name) => sampleSpec({ name, owner: ledger.owner }), runDir: null });
  await ledger.close();
  return await claimOf({ ...entry, holder }, { ledger, io });
}
async function beat(name: string, agoMs: number): Promise<void> {
  const path = join(dir, 'heartbeats', name);
  await mkdir(join(dir, 'heartbeats'), { recursive: true });
  await writeFile(path, '.\n');
  const at = new Date(io.now() - agoMs);
  await utimes(path, at, at);
}

describe('a process of another boot of what seems to be this computer', () => {
  it('lives while its sign of life is young', async () => {
    await beat('twin', 60_000);
    expect(await heldBy(TWIN)).toMatch(/^process 1073741824 of another computer/);
  });

  it.each([
    ['has given no sign of life for long', async () => await beat('twin', 3_600_000)],
    ['has taken its sign of life away', async () => undefined],
  ])('is dead when it %s', async (_what, prepare) => {
    await prepare();
    expect(await heldBy(TWIN)).toBeNull();
  });

  it('is judged by the clock of the file system, by many at once as well', async () => {
    await beat('twin', 60_000);
    const ledger = await openLedger({ dir, io });
    const { entry } = await ledger.intent({ spec: (name) => sampleSpec({ name, owner: ledger.owner }), runDir: null });
    const ahead = { now: () => io.now() + 3_600_000 };
    const claims = await Promise.all(Array.from({ length: 40 }, () => claimOf({ ...entry, holder: TWIN }, { ledger, io: ahead })));
    await ledger.close();
    expect(claims.filter((claim) => claim === null)).toEqual([]);
  });

  it('is judged by the clock where no file can be made to compare with', async () => {
    // As on a full disk.
    await mkdir(join(dir, 'heartbeats', `.now.${process.pid}`), { recursive: true });
    await beat('twin', 60_000);
    expect(await heldBy(TWIN)).toMatch(/^process 1073741824 of another computer/);
    await beat('twin', 3_600_000);
    expect(await heldBy(TWIN)).toBeNull();
  });

  it('is dead when it never gave any', async () => {
    expect(await heldBy({ ...TWIN, heartbeat: undefined })).toBeNull();
  });

  it('keeps the lock that it holds', async () => {
    const folder = join(dir, 'lock');
    await makeLock(folder);
    await writeFile(join(folder, '0'), JSON.stringify(TWIN));
    // It lets go when somebody has waited for it.
    const events: string[] = [];
    let slept = 0;
    const waiting = {
      ...io,
      sleep: async (ms: number) => {
        if (++slept === 3) {
          events.push('let go');
          await truncate(join(folder, '0'), 0);
        }
        await io.sleep(ms);
      },
    };
    await withLock(folder, waiting, async () => void events.push('had'));
    expect(events).toEqual(['let go', 'had']);
    expect(await readdir(folder)).toContain('1');
  });
});
