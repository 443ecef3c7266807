import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, createIo, EXIT, type Io, usd } from '@bench/core';
import { connect } from '@bench/host';
import { type Ledger, openLedger, type OpenProviders, providerError } from '@bench/provisioning';
import { expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import { type AskedCloud, type JournalLine, readRun, runPaths } from '@bench/results';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../events.ts';
import { teardownRun } from '../teardown.ts';
import { runCloud } from './run-cloud.ts';
import { askedCloud } from './testing/asked-cloud.ts';
import { type FakeRenter, fakeRenter, OFFER, paperProviders } from './testing/fake-renter.ts';

let root: string;
let ledger: Ledger;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-cloud-'));
  ledger = await openLedger({ dir: join(root, 'ledger'), io: createIo({ connect }) });
});
afterEach(() => ledger.close());

const CLOUD = askedCloud();

function tasks(command: string, { machines = 2, sizes = [1, 2, 3, 4] } = {}): Task[] {
  const yaml = `command:\n  run: ${JSON.stringify(command)}\n  result_files: ['*.txt']\ndeploy: {gpu_concurrency: ${machines}}\nmatrices: {cross: {size: ${JSON.stringify(sizes)}}}\n`;
  return expandRecipe(parseRecipe(yaml, { file: join(root, 'recipe.yaml'), dir: root, name: 'r' }));
}

interface More {
  cloud?: Partial<AskedCloud>;
  resume?: string;
  keep?: boolean;
  signal?: AbortSignal;
  on?: (event: RunEvent) => void;
  providers?: OpenProviders;
  logger?: Io['logger'];
  /** How many times as fast the run's monotonic clock goes. */
  speed?: number;
}

async function run(list: Task[], renter: FakeRenter, more: More = {}) {
  const events: RunEvent[] = [];
  const real = createIo({ signal: more.signal ?? new AbortController().signal, connect, ...(more.logger ? { logger: more.logger } : {}) });
  const speed = more.speed ?? 1;
  const outcome = await runCloud(
    {
      io: { ...real, monotonic: () => real.monotonic() * speed, sleep: (ms, signal) => real.sleep(ms / speed, signal) },
      tasks: list,
      root: join(root, 'runs'),
      folders: [],
      cwd: root,
      tools: {},
      cloud: { ledger, providers: more.providers ?? paperProviders() },
      asked: { recipes: [], site: 'cloud', filter: [], seed: 1, cloud: { ...CLOUD, ...more.cloud }, ...(more.keep ? { keep: true } : {}) },
      ...(more.resume === undefined ? {} : { resume: more.resume }),
    },
    (event) => {
      events.push(event);
      more.on?.(event);
    },
    renter.renterOf,
  );
  return { outcome, events, view: await readRun(outcome.dir) };
}

const states = async () => (await ledger.entries()).map(({ state }) => state);
const ECHO = 'echo "$$BENCH_TEST_MACHINE" > where.txt; echo "{\\"size\\": $size}" > metrics.json';

describe('a run on rented machines', () => {
  it('rents one for each group, several at a time, and ends them all', async () => {
    const renter = fakeRenter({ root });
    const { outcome, view, events } = await run(tasks(`${ECHO}; sleep 0.3`), renter);
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [], kept: [] });
    expect(view.problems).toEqual([]);
    expect(view.tasks.map((t) => [t.file.status, t.machine?.kind, t.machine?.priceUsdPerHour])).toEqual(
      Array.from({ length: 4 }, () => ['done', 'rented', 3.6]),
    );
    expect(view.machines.map((m) => m.rented?.name)).toEqual(renter.rented);
    expect(renter.most()).toBe(2);
    expect(renter.ended.toSorted()).toEqual(renter.rented.toSorted());
    expect(await states()).toEqual(['gone', 'gone']);
    expect(view.rented.map(({ state }) => state)).toEqual(['gone', 'gone']);
    for (const event of events)
      if (event.type === 'point_started')
        expect([event.ref.group, renter.rented.includes(event.ref.machine ?? '')]).toEqual([expect.any(Number), true]);
    const log = await readFile(runPaths.groupLog(outcome.dir, 0), 'utf8');
    expect(log).toMatch(/begins: 2 tasks[\s\S]*ready[\s\S]*measured[\s\S]*ended, done/);
    expect(outcome.cost).toMatchObject({ atLeast: false, missing: [] });
    // What is said of each as it goes is what the total counts.
    const told = events.flatMap((event) => (event.type === 'machine' && event.state === 'gone' ? [[event.machine, event.costUsd]] : []));
    const counted = outcome.cost?.machines.map(({ name, totalUsd }) => [name, expect.closeTo(totalUsd ?? NaN, 4) as number]);
    expect(told).toHaveLength(2);
    expect(told).toEqual(expect.arrayContaining(counted ?? [null]));
    const { parts, usd: whole } = outcome.cost as NonNullable<typeof outcome.cost>;
    expect(whole).toBeCloseTo(
      Object.values(parts).reduce((a, b) => a + b, 0),
      9,
    );
    expect(parts.measuring).toBeGreaterThan((4 * 0.3 * 3.6) / 3600);
  });

  it('uses a machine again for a group that it fits', async () => {
    const renter = fakeRenter({ root });
    const { outcome, view } = await run(tasks(ECHO), renter, { cloud: { maxWorkers: 1 } });
    expect(outcome.exitCode).toBe(0);
    expect(renter.rented).toHaveLength(1);
    expect(new Set(view.tasks.map((t) => t.file.machine))).toEqual(new Set([0]));
  });

  it("one group's failure is its own", async () => {
    const sold = providerError({ kind: 'capacity', provider: 'paper', op: 'create', message: 'sold out' });
    const renter = fakeRenter({
      root,
      before: (_, count) => {
        if (count === 1) throw sold;
      },
    });
    const { outcome, view } = await run(tasks(ECHO), renter);
    expect(outcome).toMatchObject({ status: 'failed', exitCode: EXIT.taskFailed, leftBehind: [] });
    expect(view.tasks.map((t) => t.file.status).toSorted()).toEqual(['done', 'done', 'failed', 'failed']);
    expect(view.tasks.find((t) => t.file.status === 'failed')?.file.error?.message).toContain('sold out');
    expect((await states()).toSorted()).toEqual(['gone', 'refused']);
  });

  it('of which no machine could be rented at all ends with exit code 4 and the hint, on one line for each group', async () => {
    const refused = providerError({
      kind: 'auth',
      provider: 'paper',
      op: 'create',
      message: 'the key is refused',
      hint: 'set PAPER_KEY',
    });
    const none = new BenchError({
      code: 'BENCH_NO_MACHINE',
      message: `no machine could be rented; tried 1:\n  ${refused.message}`,
      hint: refused.hint,
      exitCode: EXIT.provider,
      cause: refused,
    });
    const renter = fakeRenter({
      root,
      before: () => {
        throw none;
      },
    });
    const { outcome, view, events } = await run(tasks(ECHO), renter);
    expect(outcome).toMatchObject({
      status: 'failed',
      exitCode: EXIT.provider,
      stoppedBy: { code: 'BENCH_NO_MACHINE', hint: 'set PAPER_KEY' },
    });
    expect(view.tasks.every(({ file }) => file.status === 'failed')).toBe(true);
    const ended = events.filter((event) => event.type === 'group_ended');
    expect(ended).toHaveLength(2);
    for (const event of ended)
      expect(event).toMatchObject({
        status: 'failed',
        reason: 'no machine could be rented; tried 1: paper: the key is refused',
        hint: 'set PAPER_KEY',
      });
    expect(await readFile(runPaths.groupLog(outcome.dir, 0), 'utf8')).toContain('(set PAPER_KEY)');
  });

  it('of containers that no provider rents ends with exit code 4 too', async () => {
    const offer = { ...OFFER, gpu: { id: 'H200', name: 'H200', vendor: 'nvidia', count: 1, memoryGb: 141, formFactor: 'SXM' } } as const;
    const refused = providerError({ kind: 'balance', provider: 'paper', op: 'create', message: 'no money is left', hint: 'pay' });
    const renter = fakeRenter({
      root,
      offer,
      before: () => {
        throw refused;
      },
    });
    const yaml = `model: {huggingface: org/model}\nengine: {llm: {vllm: {}}}\ndeploy: {gpu: H200}\nbenchmark: {num_prompts: 4, max_concurrency: 1, random_input_len: 8, random_output_len: 8}\n`;
    const list = expandRecipe(parseRecipe(yaml, { file: join(root, 'recipe.yaml'), dir: root, name: 'r' }));
    const { outcome, events } = await run(list, renter, { cloud: { workload: 'container' }, providers: paperProviders([offer]) });
    expect(outcome).toMatchObject({ exitCode: EXIT.provider, stoppedBy: { code: 'BENCH_PROVIDER_BALANCE', hint: 'pay' } });
    expect(events.find(({ type }) => type === 'group_ended')).toMatchObject({ status: 'failed', hint: 'pay' });
  });

  it('goes on elsewhere when a machine is taken away, and measures no point twice', async () => {
    const renter = fakeRenter({ root });
    let taken = 0;
    const { outcome, view, events } = await run(tasks(`${ECHO}; sleep 0.4`, { machines: 1, sizes: [1, 2, 3] }), renter, {
      on: (event) => {
        if (event.type !== 'point_started' || event.ref.position !== 2 || taken++ > 0) return;
        setTimeout(() => renter.there.get(event.ref.machine ?? '')?.takeAway(), 50);
      },
    });
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0 });
    expect(renter.rented).toHaveLength(2);
    expect(events.filter((e) => e.type === 'point_finished')).toHaveLength(3);
    expect(events.find((e) => e.type === 'group_again')).toMatchObject({ attempt: 2 });
    expect(view.tasks.map((t) => t.points.map((p) => p.entry.status))).toEqual([['ok'], ['ok'], ['ok']]);
    expect(view.cost?.machines.map(({ outcome: how }) => how)).toEqual(['lost', 'used']);
    expect(await states()).toEqual(['gone', 'gone']);
  });

  it('gives a group up whose machines are taken away again and again', async () => {
    const renter = fakeRenter({ root });
    const { outcome, view } = await run(tasks(`${ECHO}; sleep 0.5`, { machines: 1, sizes: [1] }), renter, {
      on: (event) => {
        if (event.type === 'point_started') setTimeout(() => renter.there.get(event.ref.machine ?? '')?.takeAway(), 50);
      },
    });
    expect(outcome.exitCode).toBe(EXIT.nothingMeasured);
    expect(renter.rented).toHaveLength(3);
    expect(view.tasks[0]?.file).toMatchObject({ status: 'failed', error: { code: 'BENCH_PROVIDER_PREEMPTED' } });
    expect((await states()).every((state) => state === 'gone')).toBe(true);
  });

  it('rents nothing more once a machine could not be ended, and says so', async () => {
    const stuck = providerError({
      kind: 'cleanup',
      provider: 'paper',
      op: 'terminate',
      message: 'machine x could not be ended',
      hint: 'bench gc',
    });
    const renter = fakeRenter({ root, endFails: () => stuck });
    const { outcome } = await run(tasks(ECHO, { machines: 1 }), renter, { cloud: { maxWorkers: 1 } });
    expect(outcome.exitCode).toBe(EXIT.cleanupIncomplete);
    expect(outcome.leftBehind.join()).toContain('bench gc');
    expect(outcome.cost).toMatchObject({ atLeast: true });
  });

  it('ends everything when it is interrupted, and resumes with what is missing', async () => {
    const renter = fakeRenter({ root });
    const stop = new AbortController();
    const list = tasks(`${ECHO}; sleep 0.3`, { machines: 1, sizes: [1, 2, 3] });
    const first = await run(list, renter, {
      signal: stop.signal,
      on: (event) => event.type === 'point_started' && event.ref.position === 2 && stop.abort(),
    });
    expect(first.outcome).toMatchObject({ status: 'interrupted', exitCode: EXIT.interrupted, leftBehind: [] });
    expect(await states()).toEqual(['gone']);
    const second = await run(list, renter, { resume: first.outcome.dir });
    expect(second.outcome).toMatchObject({ status: 'done', exitCode: 0 });
    expect(second.events.filter((e) => e.type === 'point_finished')).toHaveLength(2);
    expect(second.view.machines).toHaveLength(2);
    expect(second.outcome.cost?.usd).toBeGreaterThan(first.outcome.cost?.usd ?? Infinity);
  });

  it('ends what was rented when it is interrupted while renting', async () => {
    const stop = new AbortController();
    const renter = fakeRenter({ root, before: () => stop.abort() });
    const { outcome } = await run(tasks(ECHO), renter, { signal: stop.signal });
    expect(outcome.exitCode).toBe(EXIT.interrupted);
    expect(renter.there.size).toBe(0);
  });
});

describe('what is left', () => {
  it('of a run that keeps it: the engine, its machine and their price until a given time; teardown ends both', async () => {
    const renter = fakeRenter({ root });
    const warnings: string[] = [];
    const logger = { log: (_level: string, message: string) => void warnings.push(message) };
    const { outcome, view } = await run(tasks(ECHO, { machines: 1, sizes: [1] }), renter, { keep: true, logger });
    expect(outcome).toMatchObject({ exitCode: 0, leftBehind: [] });
    expect(warnings.join()).toMatch(new RegExp(`${renter.rented[0]}: nothing ends it by itself at .* UTC, and it costs on`));
    expect(outcome.kept).toMatchObject([
      { engine: 'command', rented: { name: renter.rented[0], provider: 'paper', priceUsdPerHour: 3.6 } },
    ]);
    expect(view.rented).toMatchObject([{ state: 'kept', keptUntil: outcome.kept[0]?.rented?.until }]);
    expect((await ledger.entries())[0]?.holder).toMatchObject({ kind: 'lease' });
    expect(outcome.cost).toMatchObject({ atLeast: true });
    const terminated: string[] = [];
    const providers = paperProviders([OFFER], { terminated });
    const ended = await teardownRun({ dir: outcome.dir, io: createIo({ connect }), cloud: { ledger, providers } });
    expect(ended).toMatchObject({ leftBehind: [], stopped: [{ machine: renter.rented[0] }] });
    // Never seen to run, it may have been invisible to the first one.
    expect([...new Set(terminated)]).toEqual(renter.rented);
    expect(await states()).toEqual(['gone']);
    const after = await readRun(outcome.dir);
    expect([after.live, after.rented[0]?.state, after.cost?.atLeast]).toEqual([[], 'gone', false]);
    expect(await teardownRun({ dir: outcome.dir, io: createIo({ connect }), cloud: { ledger, providers } })).toEqual({
      stopped: [],
      leftBehind: [],
    });
  });

  it('of a run that was killed at any event of its journal is taken over or ended, and no finished point is measured again', async () => {
    const list = tasks(ECHO, { machines: 1, sizes: [1, 2] });
    const whole = await run(list, fakeRenter({ root }));
    const path = runPaths.journal(whole.outcome.dir);
    const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
    const events = lines.map((line) => JSON.parse(line) as JournalLine);
    const kinds = [...new Set(events.map(({ type }) => type))];
    expect(kinds.filter((kind) => kind.startsWith('machine_')).toSorted()).toEqual(
      ['machine_ending', 'machine_gone', 'machine_intent', 'machine_ready', 'machine_rented', 'machine_running'].toSorted(),
    );
    for (const kind of kinds) {
      const before = events.slice(0, events.findIndex(({ type }) => type === kind) + 1);
      const has = (type: string) => before.some((event) => event.type === type);
      await ledger.close();
      // Names of machines carry the owner.
      await mkdir(join(root, `ledger-${kind}`));
      await cp(join(root, 'ledger', 'owner'), join(root, `ledger-${kind}`, 'owner'));
      ledger = await openLedger({ dir: join(root, `ledger-${kind}`), io: createIo({ connect }) });
      const dir = join(root, 'runs-killed', kind, whole.outcome.id);
      await cp(whole.outcome.dir, dir, { recursive: true });
      await writeFile(runPaths.journal(dir), before.map((event) => `${JSON.stringify(event)}\n`).join(''));
      const renter = fakeRenter({ root });
      // The ledger is written before the journal: a machine of the first event that tells of it is there.
      const name = has('machine_intent')
        ? await renter.plant(ledger, whole.outcome.id, { there: !has('machine_gone'), created: has('machine_rented') })
        : null;
      const terminated: string[] = [];
      const providers = paperProviders([OFFER], { terminated, there: renter.there });
      const again = await run(list, renter, { resume: dir, providers });
      expect([kind, again.outcome.status, again.outcome.leftBehind]).toEqual([kind, 'done', []]);
      expect(renter.there.size).toBe(0);
      expect((await states()).filter((state) => state !== 'gone' && state !== 'refused')).toEqual([]);
      const finished = before.filter(({ type }) => type === 'point_finished').length;
      expect(again.events.filter(({ type }) => type === 'point_finished')).toHaveLength(2 - finished);
      expect(again.view.tasks.map((t) => t.file.status)).toEqual(['done', 'done']);
      if (name !== null && has('machine_rented') && !has('machine_ending') && finished < 2)
        expect([kind, renter.rented]).toEqual([kind, []]);
    }
  }, 240_000);
});

describe('--max-cost', () => {
  // A group takes 200 s at the least, at $3.60 an hour, and ending its machine 5 minutes: $0.50.
  it.each([
    [0.8, 1],
    [1.2, 2],
    [4, 4],
  ])(
    'of $%d lets four workers that start at once rent so many machines that all get to their ends: %d',
    async (maxCostUsd, machines) => {
      const renter = fakeRenter({ root });
      const { outcome, events } = await run(tasks(`${ECHO}; sleep 0.5`, { machines: 4 }), renter, { cloud: { maxCostUsd, maxWorkers: 4 } });
      expect(outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [] });
      // What is there takes the groups that wait.
      expect(renter.rented).toHaveLength(machines);
      expect(renter.most() <= machines).toBe(true);
      const waits = events.filter((event) => event.type === 'group_waits');
      expect(waits.length >= 4 - machines).toBe(true);
      for (const { reason } of waits) expect(reason).toContain(`${usd(maxCostUsd)} that the run may cost`);
    },
    60_000,
  );

  it('a machine that could not be had takes nothing of it: the next group has it', async () => {
    const sold = providerError({ kind: 'capacity', provider: 'paper', op: 'create', message: 'sold out' });
    const renter = fakeRenter({
      root,
      before: (_, count) => {
        if (count === 1) throw sold;
      },
    });
    const { view } = await run(tasks(ECHO), renter, { cloud: { maxCostUsd: 0.8 } });
    expect(view.tasks.map((t) => t.file.status).toSorted()).toEqual(['done', 'done', 'failed', 'failed']);
    expect(renter.rented).toHaveLength(1);
  }, 60_000);

  it('cuts the time of a machine that is kept, and its provider does as well', async () => {
    const warnings: string[] = [];
    const logger = { log: (_level: string, message: string) => void warnings.push(message) };
    const kept = async (renter: FakeRenter, cloud: Partial<AskedCloud>) => {
      const { outcome } = await run(tasks(ECHO, { machines: 1, sizes: [1] }), renter, { keep: true, cloud, logger });
      const { until } = outcome.kept[0]?.rented ?? { until: '' };
      return (Date.parse(until) - Date.now()) / 60_000;
    };
    // Of $1 five minutes are for ending it: what is left are 11.7 minutes at 6 cents.
    const minutes = await kept(fakeRenter({ root }), { maxCostUsd: 1 });
    expect(minutes > 3 && minutes < 11.7).toBe(true);
    expect(warnings.join()).toMatch(/is kept until .* UTC, not longer: more would pass --max-cost/);
    const expiresAt = new Date(Date.now() + 20 * 60_000).toISOString();
    const provided = await kept(fakeRenter({ root, expiresAt }), {});
    expect(provided <= 20 && provided > 5).toBe(true);
    expect(warnings.join()).toContain('then its provider ends it');
  }, 60_000);

  it('stops a run before it passes, ends its machines, and tells the figures', async () => {
    // $3 600 an hour are a dollar a second; ending a machine may take 5 minutes of it.
    const offer = { ...OFFER, priceUsdPerHour: 3600 };
    const renter = fakeRenter({ root, offer });
    const { outcome, view, events } = await run(tasks(`${ECHO}; sleep 30`, { machines: 1, sizes: [1, 2] }), renter, {
      cloud: { maxPriceUsdPerHour: 5000, maxCostUsd: 601 },
      providers: paperProviders([offer]),
      speed: 100,
    });
    expect(outcome).toMatchObject({ status: 'interrupted', exitCode: EXIT.provider, stoppedBy: { code: 'BENCH_MAX_COST' } });
    expect(outcome.stoppedBy?.message).toMatch(/may cost \$601.00: it has cost \$3\d\d/);
    expect(view.cost?.usd).toBeLessThan(601);
    const journal = await readFile(runPaths.journal(outcome.dir), 'utf8');
    const told = journal.split('\n').flatMap((line) => (line.includes('"budget_reached"') ? [JSON.parse(line) as JournalLine] : []));
    expect(told).toEqual([expect.objectContaining({ maxCostUsd: 601, message: outcome.stoppedBy?.message }) as JournalLine]);
    expect(events.filter((e) => e.type === 'point_finished')).toHaveLength(0);
    expect((await states()).every((state) => state === 'gone')).toBe(true);
  }, 60_000);
});

it('--lifetime ends a machine at its age: nothing is rented in its place for that group, what was measured stays', async () => {
  const renter = fakeRenter({ root });
  const { outcome, view } = await run(tasks(`${ECHO}; [ $size -lt 2 ] || sleep 60`, { machines: 1, sizes: [1, 2] }), renter, {
    cloud: { maxLifetimeS: 600 },
    speed: 100,
  });
  expect(outcome).toMatchObject({ status: 'failed', exitCode: EXIT.taskFailed, leftBehind: [] });
  expect([renter.rented.length, renter.ended.length]).toEqual([1, 1]);
  expect(view.tasks.map(({ file }) => file.status).toSorted()).toEqual(['done', 'failed']);
  expect(view.tasks.find(({ file }) => file.status === 'failed')?.file.error).toMatchObject({
    code: 'BENCH_LIFETIME',
    message: expect.stringContaining('has lived for 10m') as string,
  });
  const journal = await readFile(runPaths.journal(outcome.dir), 'utf8');
  expect(journal).toMatch(/"point_void".*BENCH_LIFETIME/);
  expect(journal).not.toContain('machine_lost');
  expect(await states()).toEqual(['gone']);
}, 60_000);

it('is refused before anything is rented', async () => {
  const renter = fakeRenter({ root });
  await expect(run(tasks(ECHO), renter, { cloud: { maxPriceUsdPerHour: null } })).rejects.toMatchObject({ code: 'BENCH_GPU_UNKNOWN' });
  await expect(run(tasks(ECHO), renter, { cloud: { maxPriceUsdPerHour: 1 } })).rejects.toMatchObject({
    code: 'BENCH_NO_OFFER',
    exitCode: EXIT.provider,
    message: expect.stringContaining('3.6 $/h') as string,
  });
  expect(renter.rented).toEqual([]);
  expect(await ledger.entries()).toEqual([]);
  await expect(readdir(join(root, 'runs'))).rejects.toThrow(/ENOENT/);
  expect(OFFER.priceUsdPerHour).toBe(3.6);
});
