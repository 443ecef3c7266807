import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, createIo, EXIT, type Io, processStart } from '@bench/core';
import { connect } from '@bench/host';
import { type Holder, type Ledger, openLedger } from '@bench/provisioning';
import { expandRecipe, parseRecipe } from '@bench/recipe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../events.ts';
import { runCloud } from './run-cloud.ts';
import { sweep } from './sweep.ts';
import { askedCloud } from './testing/asked-cloud.ts';
import { type FakeRenter, fakeRenter, OFFER, paperProviders } from './testing/fake-renter.ts';

let root: string;
let ledger: Ledger;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-sweep-'));
  ledger = await openLedger({ dir: join(root, 'ledger'), io: createIo({ connect }) });
});
afterEach(async () => {
  await ledger.close();
  await rm(root, { recursive: true, force: true });
});

const CLOUD = askedCloud();

function run(renter: FakeRenter, there: Map<string, unknown>, on: (event: RunEvent) => void = () => undefined) {
  const recipe = { file: join(root, 'recipe.yaml'), dir: root, name: 'r' };
  return runCloud(
    {
      io: createIo({ connect }),
      tasks: expandRecipe(parseRecipe('command:\n  run: echo hello\n', recipe)),
      root: join(root, 'runs'),
      folders: [],
      cwd: root,
      tools: {},
      cloud: { ledger, providers: paperProviders([OFFER], { there }) },
      asked: { recipes: [], site: 'cloud', filter: [], seed: 1, cloud: CLOUD },
    },
    on,
    renter.renterOf,
  );
}

/** A second every time that it is looked at. */
function fast(monotonic: () => number): () => number {
  let more = 0;
  return () => monotonic() + (more += 1000);
}

/** The wall clock is past the time that a create may take: nothing is waited for. */
function hasty(): Io {
  const real = createIo({ connect });
  return { ...real, now: () => real.now() + 60_000, sleep: () => Promise.resolve(), monotonic: fast(real.monotonic) };
}

const costing = async () => (await ledger.entries()).filter(({ state }) => state !== 'gone' && state !== 'refused');

describe('whatever a run loses sight of', () => {
  it('is ended when the run directory can no longer be written', async () => {
    const renter = fakeRenter({ root });
    let dir = '';
    const failing = run(renter, renter.there, (event) => {
      if (event.type === 'run_started') dir = event.dir;
    });
    // The folder of the tasks is a file as soon as there is a machine.
    const broken = (async () => {
      while (renter.rented.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      await rm(join(dir, 'tasks'), { recursive: true, force: true });
      await writeFile(join(dir, 'tasks'), '');
    })();
    await expect(failing).rejects.toThrow();
    await broken;
    expect(renter.rented).toHaveLength(1);
    expect(renter.ended).toEqual(renter.rented);
    expect(await costing()).toEqual([]);
  });

  it('is ended, or told with exit code 6, when a create whose answer was lost turns out to have made a machine', async () => {
    let id = '';
    let lost = '';
    const renter: FakeRenter = fakeRenter({
      root,
      before: async () => {
        lost = await renter.plant(ledger, id, { there: true, created: false });
        throw new BenchError({ code: 'BENCH_NO_MACHINE', message: 'nothing came up', exitCode: EXIT.provider });
      },
    });
    const outcome = await run(renter, renter.there, (event) => {
      if (event.type === 'run_started') id = event.id;
    });
    expect(outcome.leftBehind).toEqual([]);
    expect([lost, renter.there.has(lost)]).toEqual([expect.stringContaining(id), false]);
    expect(await costing()).toEqual([]);
  });

  it('is left alone when it carries the name and says that it is of another owner', async () => {
    const renter = fakeRenter({ root });
    const name = await renter.plant(ledger, 'r000000001', { there: true, created: false });
    const terminated: string[] = [];
    const providers = paperProviders([OFFER], { there: renter.there, terminated, owner: 'zzzzzz999999' });
    expect(await sweep({ run: 'r000000001', access: { ledger, providers }, io: hasty(), reason: 'test' })).toEqual([]);
    expect([terminated, renter.there.has(name)]).toEqual([[], true]);
    expect(await costing()).toEqual([]);
  });

  it('is ended although one was told whose name begins with its own', async () => {
    const renter = fakeRenter({ root });
    const names: string[] = [];
    for (let n = 0; n <= 10; n += 1) names.push(await renter.plant(ledger, 'r000000001', { there: true, created: true }));
    const told = [`${names[10]}: it is still there`];
    expect(told[0]).toContain(names[1]);
    const providers = paperProviders([OFFER], { there: renter.there });
    expect(await sweep({ run: 'r000000001', access: { ledger, providers }, io: hasty(), reason: 'test', told })).toEqual([]);
    expect((await costing()).map(({ name }) => name)).toEqual([names[10]]);
  });

  it('is left to a living process that took it, and told; that of a dead one is ended', async () => {
    const renter = fakeRenter({ root });
    const providers = paperProviders([OFFER], { there: renter.there });
    const [taken, left] = [0, 1].map(() => renter.plant(ledger, 'r000000001', { there: true, created: true }));
    const other: Holder = { ...ledger.self, pid: process.ppid, start: processStart(process.ppid), heartbeat: 'other' };
    await ledger.hold((await taken) as string, other);
    await ledger.hold((await left) as string, { ...other, start: 'long ago' });
    const told = await sweep({ run: 'r000000001', access: { ledger, providers }, io: hasty(), reason: 'test' });
    expect(told).toEqual([expect.stringContaining(`is held by process ${process.ppid}`)]);
    expect((await costing()).map(({ name, state, holder }) => [name, state, holder])).toEqual([[await taken, 'created', other]]);
  });

  it('of which one could not be ended, nothing more is rented', async () => {
    const renter = fakeRenter({
      root,
      endFails: () => new BenchError({ code: 'BENCH_PROVIDER_CLEANUP', message: 'it is still there', details: { kind: 'cleanup' } }),
    });
    const outcome = await run(renter, renter.there);
    expect(outcome.exitCode).toBe(EXIT.cleanupIncomplete);
    expect(outcome.leftBehind.join()).toContain(renter.rented[0]);
  });
});
