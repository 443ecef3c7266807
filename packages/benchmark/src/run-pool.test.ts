import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, createIo, type Host } from '@bench/core';
import { localHost } from '@bench/host';
import { expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import { readRun } from '@bench/results';
import { beforeEach, expect, it } from 'vitest';
import { type RunEvent, type RunMachine, runTasks, teardownRun } from './index.ts';
import { machineOf } from './machine.ts';

let root: string;
let closed: string[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-pool-'));
  closed = [];
});

/** This machine under several names, each with a home of its own. */
async function machine(name: string): Promise<Host> {
  const home = await mkdtemp(join(root, `${name}-`));
  const host = localHost({ stateDir: join(home, 'processes') });
  const env = { HOME: home, BENCH_TEST_MACHINE: name };
  return {
    ...host,
    name,
    kind: 'ssh',
    exec: (command, options) => host.exec(command, { ...options, env: { ...options?.env, ...env } }),
    stream: (command, options) => host.stream(command, { ...options, env: { ...options?.env, ...env } }),
    start: (command, options) => host.start(command, { ...options, env: { ...options.env, ...env } }),
    close: () => {
      closed.push(name);
      return Promise.resolve();
    },
  };
}

function tasks(command: string, more = ''): Task[] {
  const yaml = `command:\n  run: ${JSON.stringify(command)}\n  result_files: ['*.txt']\ndeploy: {gpu_concurrency: 2}\nmatrices: {cross: {size: [1, 2, 3, 4]}}\n${more}`;
  return expandRecipe(parseRecipe(yaml, { file: join(root, 'recipe.yaml'), dir: root, name: 'r' }));
}

const homes = new Map<string, Promise<Host>>();
function io(signal = new AbortController().signal) {
  return createIo({
    signal,
    connect: (target) => {
      if (target === 'ssh:gone') throw new BenchError({ code: 'BENCH_SSH_REFUSED', message: 'gone: connection refused', exitCode: 3 });
      const key = `${root}/${target}`;
      const known = homes.get(key) ?? machine(target.replace('ssh:', ''));
      homes.set(key, known);
      return known;
    },
  });
}

async function run(list: Task[], more: { site?: string; resume?: string; signal?: AbortSignal; on?: (event: RunEvent) => void } = {}) {
  const events: RunEvent[] = [];
  const outcome = await runTasks({
    io: io(more.signal),
    tasks: list,
    root: join(root, 'runs'),
    folders: [],
    cwd: root,
    tools: {},
    asked: { recipes: [], site: more.site ?? 'ssh:a,b', filter: [], seed: 1 },
    ...(more.resume === undefined ? {} : { resume: more.resume }),
    on: (event) => {
      events.push(event);
      more.on?.(event);
    },
  });
  const view = await readRun(outcome.dir);
  // In the order of the matrices; the run has them by group.
  const bySize = view.tasks.toSorted((x, y) => Number(x.file.params['size']) - Number(y.file.params['size']));
  return { outcome, events, view: { ...view, tasks: bySize } };
}

it('groups go to free machines, one at a time on each, and every figure knows its machine', async () => {
  const { outcome, events, view } = await run(
    tasks('echo "$$BENCH_TEST_MACHINE" > where.txt; echo "{\\"size\\": $size}" > metrics.json; sleep 0.2'),
  );
  expect(outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [], kept: [] });
  expect(view.problems).toEqual([]);
  expect(view.machines.map((m) => m.name)).toEqual(['a', 'b']);
  expect(view.tasks.map((t) => t.points[0]?.result?.scalars)).toEqual([{ size: 1 }, { size: 2 }, { size: 3 }, { size: 4 }]);
  for (const task of view.tasks) {
    const where = await readFile(
      join(outcome.dir, 'tasks/r', task.file.variant, task.points[0]?.entry.path ?? '', 'files/where.txt'),
      'utf8',
    );
    expect(where.trim()).toBe(task.machine?.name);
  }
  expect(new Set(view.tasks.map((t) => t.machine?.name))).toEqual(new Set(['a', 'b']));
  const busy = new Map<string, number>();
  for (const event of events) {
    if (event.type !== 'point_started' && event.type !== 'point_finished') continue;
    const name = event.ref.machine ?? '';
    busy.set(name, (busy.get(name) ?? 0) + (event.type === 'point_started' ? 1 : -1));
    expect(busy.get(name)).toBeLessThanOrEqual(1);
  }
  expect(closed.sort()).toEqual(['a', 'b']);
});

it('nothing of a run is left on the machines', async () => {
  await run(tasks('echo 1 > x.txt'));
  for (const name of await readdir(root)) {
    if (!name.startsWith('a-') && !name.startsWith('b-')) continue;
    expect((await readdir(join(root, name))).filter((entry) => entry !== 'processes')).toEqual([]);
    expect(await readdir(join(root, name, 'processes')).catch(() => [])).toEqual([]);
  }
});

it('a machine that cannot be reached is told before anything is done, and the others are let go', async () => {
  const failure: unknown = await run(tasks('true'), { site: 'ssh:a,gone' }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'BENCH_SSH_REFUSED', exitCode: 3 });
  expect(closed).toEqual(['a']);
  expect(await readdir(join(root, 'runs')).catch(() => [])).toEqual([]);
});

it('a machine that is lost takes no more work, and what fits no other fails with the reason', async () => {
  let lost = false;
  const away = () => new BenchError({ code: 'BENCH_SSH_AUTH', message: 'b: no key is let in any more' });
  const gone = async (target: string): Promise<Host> => {
    const host = await machine(target.replace('ssh:', ''));
    if (target !== 'ssh:b') return host;
    const put: Host['put'] = () => Promise.reject(away());
    const write: Host['write'] = () => Promise.reject(away());
    return { ...host, write: (...args) => (lost ? write(...args) : host.write(...args)), put };
  };
  const outcome = await runTasks({
    io: createIo({ connect: gone }),
    tasks: tasks('echo "{}" > metrics.json; sleep 0.3'),
    root: join(root, 'runs'),
    folders: [],
    cwd: root,
    tools: {},
    asked: { recipes: [], site: 'ssh:a,b', filter: [], seed: 1 },
    on: (event) => {
      lost ||= event.type === 'run_started';
    },
  });
  const { tasks: ended } = await readRun(outcome.dir);
  // One group was b's when it was lost; a's own is done.
  expect(ended.filter((t) => t.file.status === 'done').length).toBeGreaterThanOrEqual(2);
  const failed = ended.filter((t) => t.file.status === 'failed');
  for (const task of failed) expect(task.file.error?.message ?? task.points[0]?.entry.error).toContain('no key is let in any more');
});

it('teardown goes on with the machines that answer, and names the others', async () => {
  const { outcome } = await run(tasks('true'));
  const dead = createIo({
    connect: (target) => {
      if (target === 'ssh:b') throw new BenchError({ code: 'BENCH_SSH_REFUSED', message: 'b: connection refused', exitCode: 3 });
      return machine(target.replace('ssh:', ''));
    },
  });
  const { stopped, leftBehind } = await teardownRun({ dir: outcome.dir, io: dead });
  expect(stopped).toEqual([]);
  expect(leftBehind).toEqual(['b: files of the run may be there: b: connection refused']);
  const none = createIo({
    connect: () => Promise.reject(new BenchError({ code: 'BENCH_SSH_REFUSED', message: 'connection refused', exitCode: 3 })),
  });
  await expect(teardownRun({ dir: outcome.dir, io: none })).rejects.toMatchObject({ code: 'BENCH_SSH_REFUSED' });
});

it('what a machine of another name left is not looked for on the one in its place', () => {
  const machines = [{ index: 0, name: 'gpu2', kind: 'ssh' } as RunMachine];
  expect(machineOf({ machine: 0, machineName: 'gpu1' }, machines)).toBeNull();
  expect(machineOf({ machine: 0, machineName: 'gpu2' }, machines)).toBe(machines[0]);
});

it('a failed command costs its own task, and its log is kept', async () => {
  const { outcome, view } = await run(tasks('echo "about to fail" >&2; test "$size" != 2 && echo "{}" > metrics.json'));
  expect(outcome).toMatchObject({ status: 'failed', exitCode: 1 });
  expect(view.tasks.map((t) => t.file.status)).toEqual(['done', 'failed', 'done', 'done']);
  const [failed] = view.tasks[1]?.points ?? [];
  expect(failed?.entry.error).toContain('code 1');
  const log = await readFile(
    join(outcome.dir, 'tasks/r', view.tasks[1]?.file.variant ?? '', failed?.entry.path ?? '', 'files/command.log'),
    'utf8',
  );
  expect(log).toContain('about to fail');
});

it('a machine whose work breaks off does not end that of the others in the middle', async () => {
  const finished: string[] = [];
  const broken: unknown = await run(tasks('sleep 0.3; echo "{}" > metrics.json'), {
    on: (event) => {
      if (event.type === 'point_started' && event.ref.machine === 'a') throw new Error('no space left on device');
      if (event.type === 'point_finished') finished.push(event.ref.machine ?? '');
    },
  }).catch((error: unknown) => error);
  expect(broken).toMatchObject({ message: 'no space left on device' });
  // Its group of two is lost, the other is whole.
  expect(finished).toEqual(['b', 'b']);
  expect(closed.sort()).toEqual(['a', 'b']);
});

it('an interrupted run goes on with what is missing', async () => {
  const stop = new AbortController();
  let done = 0;
  const list = tasks('sleep 0.3; echo "{}" > metrics.json');
  const first = await run(list, {
    signal: stop.signal,
    on: (event) => {
      if (event.type === 'point_finished' && (done += 1) === 1) stop.abort();
    },
  });
  expect(first.outcome).toMatchObject({ status: 'interrupted', exitCode: 130 });
  const second = await run(list, { resume: first.outcome.dir });
  expect(second.outcome).toMatchObject({ status: 'done', exitCode: 0, id: first.outcome.id });
  expect(second.events.filter((e) => e.type === 'point_finished')).toHaveLength(4 - done);
  expect(second.view.tasks.every((t) => t.points[0]?.entry.status === 'ok')).toBe(true);
});

it('aggregate is run here, once, after all variants', async () => {
  const { outcome, events } = await run(
    tasks(
      'echo "{}" > metrics.json; echo $size > size.txt',
      'aggregate: {run: "cat $run_dir/tasks/r/*/attempts/1/points/0/0/files/size.txt | sort -n > $run_dir/sizes; echo summed"}\n',
    ),
  );
  expect(outcome.exitCode).toBe(0);
  expect(events.filter((e) => e.type === 'aggregate_ended')).toEqual([{ type: 'aggregate_ended', recipe: 'r', failure: null }]);
  expect(await readFile(join(outcome.dir, 'sizes'), 'utf8')).toBe('1\n2\n3\n4\n');
  expect(await readFile(join(outcome.dir, 'aggregate/r.log'), 'utf8')).toBe('summed\n');
});

it('teardown of a run that left nothing ends nothing, as often as it is asked', async () => {
  const { outcome } = await run(tasks('true'));
  for (let i = 0; i < 2; i++) expect(await teardownRun({ dir: outcome.dir, io: io() })).toEqual({ stopped: [], leftBehind: [] });
});
