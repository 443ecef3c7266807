import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, createIo, EXIT } from '@bench/core';
import { connect } from '@bench/host';
import { type Ledger, openLedger, type OpenProviders } from '@bench/provisioning';
import { expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import { type JournalLine, readRunFile, runPaths } from '@bench/results';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RentRequest } from '../run-options.ts';
import { teardownRun } from '../teardown.ts';
import { leftMachines } from './left-machines.ts';
import { runCloud } from './run-cloud.ts';
import { askedCloud } from './testing/asked-cloud.ts';
import { type FakeRenter, fakeRenter, OFFER, paperProviders } from './testing/fake-renter.ts';

let root: string;
let ledger: Ledger;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-resume-'));
  ledger = await openLedger({ dir: join(root, 'ledger'), io: createIo({ connect }) });
});
afterEach(async () => {
  await ledger.close();
  await rm(root, { recursive: true, force: true });
});

/** Two groups, that one machine after the other fits. */
function tasks(): Task[] {
  const command = JSON.stringify('echo "{\\"size\\": $size}" > metrics.json');
  const yaml = `command: {run: ${command}, result_files: [metrics.json]}\ndeploy: {gpu_concurrency: 2}\nmatrices: {cross: {size: [1, 2]}}\n`;
  return expandRecipe(parseRecipe(yaml, { file: join(root, 'recipe.yaml'), dir: root, name: 'r' }));
}

interface More {
  resume?: string;
  maxWorkers?: number;
  /** So much later: what was made would be seen by now. */
  laterMs?: number;
  providers?: OpenProviders;
  confirm?: (request: RentRequest) => Promise<void>;
  /** Stopped as soon as a machine is ready. */
  stop?: true;
  keep?: true;
  told?: string[];
}

function run(renter: FakeRenter, { resume, maxWorkers = 1, laterMs = 0, providers, confirm, stop, keep, told = [] }: More = {}) {
  const over = new AbortController();
  const real = createIo({ signal: over.signal, connect, logger: { log: (_level, text) => void told.push(text) } });
  return runCloud(
    {
      // What waits for a provider waits a hundredth of it.
      io: {
        ...real,
        now: () => real.now() + laterMs,
        monotonic: () => real.monotonic() * 100,
        sleep: (ms, signal) => real.sleep(ms / 100, signal),
      },
      tasks: tasks(),
      root: join(root, 'runs'),
      folders: [],
      cwd: root,
      tools: {},
      cloud: { ledger, providers: providers ?? paperProviders([OFFER], { there: renter.there }) },
      asked: { recipes: [], site: 'cloud', filter: [], seed: 1, cloud: askedCloud({ maxWorkers }), ...(keep ? { keep } : {}) },
      ...(resume === undefined ? {} : { resume }),
      ...(confirm ? { confirm } : {}),
    },
    (event) => stop && event.type === 'machine' && event.state === 'ready' && over.abort(),
    renter.renterOf,
  );
}

/** A run that was killed as soon as the machine of its first group was ready. */
async function killed(renter: FakeRenter, there = true): Promise<{ dir: string; name: string }> {
  const { id, dir } = await run(fakeRenter({ root }), { stop: true });
  const path = runPaths.journal(dir);
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const ready = lines.findIndex((line) => (JSON.parse(line) as JournalLine).type === 'machine_ready');
  await writeFile(path, `${lines.slice(0, ready + 1).join('\n')}\n`);
  // The ledger of that moment, with the owner that is in the names.
  const owner = await readFile(join(ledger.dir, 'owner'));
  await ledger.close();
  const folder = join(root, 'ledger-killed');
  await mkdir(folder);
  await writeFile(join(folder, 'owner'), owner);
  ledger = await openLedger({ dir: folder, io: createIo({ connect }) });
  const name = await renter.plant(ledger, id, { there: true, created: true });
  if (!there) renter.there.delete(name);
  return { dir, name };
}

const sold = (renter: FakeRenter, terminated: string[] = []) => paperProviders([], { there: renter.there, terminated });
const NO = new BenchError({ code: 'BENCH_NOT_CONFIRMED', message: 'nothing was rented', exitCode: EXIT.usage });

describe('a run that goes on', () => {
  it('uses its live machine for all groups where no second one may be there: nothing is for rent, and nobody is asked for anything', async () => {
    const renter = fakeRenter({ root });
    const { dir, name } = await killed(renter);
    const asked: RentRequest[] = [];
    const outcome = await run(renter, { resume: dir, providers: sold(renter), confirm: async (request) => void asked.push(request) });
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [] });
    expect([renter.rented, renter.ended]).toEqual([[], [name]]);
    expect(asked).toMatchObject([{ groups: [], left: [{ name, provider: 'paper', id: `id-${name}`, group: 0, problem: null }] }]);
  });

  it('asks for the group without a machine alone; where nothing is for rent that one waits for the machine that is there', async () => {
    const renter = fakeRenter({ root });
    const { dir, name } = await killed(renter);
    const asked: (readonly number[])[] = [];
    const refuse = async ({ groups }: RentRequest) => {
      asked.push(groups);
      throw NO;
    };
    await expect(run(renter, { resume: dir, maxWorkers: 2, confirm: refuse })).rejects.toBe(NO);
    expect(asked).toEqual([[1]]);
    const outcome = await run(renter, { resume: dir, maxWorkers: 2, providers: sold(renter) });
    expect([outcome.status, renter.rented, renter.ended]).toEqual(['done', [], [name]]);
  });

  it('that is refused or declined leaves the run and its machines as they are', async () => {
    const renter = fakeRenter({ root });
    const { dir, name } = await killed(renter);
    const before = [await readRunFile(dir), await readFile(runPaths.journal(dir), 'utf8')];
    const declined = () => Promise.reject(NO);
    const terminated: string[] = [];
    await expect(run(renter, { resume: dir, providers: sold(renter, terminated), confirm: declined })).rejects.toBe(NO);
    expect([await readRunFile(dir), await readFile(runPaths.journal(dir), 'utf8')]).toEqual(before);
    expect([terminated, renter.there.has(name)]).toEqual([[], true]);
    expect(await leftMachines(ledger, (await readRunFile(dir)).id)).toEqual([
      { name, provider: 'paper', id: `id-${name}`, priceUsdPerHour: 3.6 },
    ]);
    // Nobody has the run: it can go on.
    expect((await run(renter, { resume: dir })).status).toBe('done');
  });

  it('asks for its groups whose machine is gone, and is refused where nothing is for rent', async () => {
    const renter = fakeRenter({ root });
    const { dir, name } = await killed(renter, false);
    const asked: RentRequest[] = [];
    const confirm = async (request: RentRequest) => {
      asked.push(request);
      throw NO;
    };
    await expect(run(renter, { resume: dir, laterMs: 3_600_000, confirm })).rejects.toBe(NO);
    expect(asked).toMatchObject([{ groups: [0, 1], left: [{ name, problem: 'it is gone' }] }]);
    const refused = run(renter, { resume: dir, laterMs: 3_600_000, providers: sold(renter) });
    await expect(refused).rejects.toMatchObject({ code: 'BENCH_NO_OFFER' });
  });

  it('asks again when its machine turns out to be of no use; a no then is the end of these groups', async () => {
    const renter = fakeRenter({ root });
    const { dir, name } = await killed(renter);
    // The provider shows it, and it cannot be taken over.
    renter.there.clear();
    const providers = paperProviders([OFFER], { there: new Map([[name, null]]) });
    const asked: (readonly number[])[] = [];
    const confirm = async ({ groups }: RentRequest) => {
      asked.push(groups);
      if (groups.length > 0) throw NO;
    };
    const outcome = await run(renter, { resume: dir, providers, confirm });
    expect(asked).toEqual([[], [0, 1]]);
    expect([outcome.exitCode, renter.rented]).toEqual([EXIT.nothingMeasured, []]);
  });
});

describe('a provider that is not open', () => {
  const closed = (name: string): OpenProviders => ({
    list: [],
    closed: [],
    get: () => {
      throw new BenchError({ code: 'BENCH_PROVIDER_UNKNOWN', message: `provider "${name}" is not open: no key`, hint: 'set PAPER_KEY' });
    },
    close: () => Promise.resolve(),
  });

  it('is told with the machine that it holds when the run goes on, or is torn down', async () => {
    const renter = fakeRenter({ root });
    const { dir, name } = await killed(renter);
    const asked: RentRequest[] = [];
    const confirm = async (request: RentRequest) => void asked.push(request);
    await expect(run(renter, { resume: dir, providers: closed('paper'), confirm })).rejects.toMatchObject({ code: 'BENCH_NO_OFFER' });
    const ended = await teardownRun({ dir, io: createIo({ connect }), cloud: { ledger, providers: closed('paper') } });
    expect(ended.stopped).toEqual([]);
    expect(ended.leftBehind).toEqual([expect.stringMatching(new RegExp(`^${name}: .*not open: no key.*set PAPER_KEY`))]);
  });
});

it('a machine that is kept, whose timer could not be set to that time, is told', async () => {
  const lease = () => Promise.resolve({ leave: () => Promise.resolve(false), close: () => undefined });
  const told: string[] = [];
  const { kept } = await run(fakeRenter({ root, lease }), { keep: true, told });
  expect(kept.length).toBeGreaterThan(0);
  for (const { rented } of kept)
    expect(told.join('\n')).toContain(
      `${rented?.name}: the timer in it could not be set to ${rented?.until}: it may end the machine after 30m 00s already`,
    );
});
