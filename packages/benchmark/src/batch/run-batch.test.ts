import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError } from '@bench/core';
import { readJournal, runPaths } from '@bench/results';
import type { Task } from '@bench/recipe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BatchQueue } from './batch-queue.ts';
import { type BatchWorld, batchWorld } from './testing/batch-world.ts';
import type { ProcessQueue } from './testing/process-queue.ts';

let world: BatchWorld;
let root: string;
let queue: ProcessQueue;
beforeEach(async () => {
  world = await batchWorld();
  ({ root, queue } = world);
});
afterEach(() => world.close());

const tasksOf = (yaml: string) => world.tasksOf(yaml);
const command = (line: string, more?: string) => world.command(line, more);
const run: BatchWorld['run'] = (...given) => world.run(...given);
const later: BatchWorld['later'] = (...given) => world.later(...given);

/** A server that answers its password's length, and clients that ask it. */
function service(o: { client?: string; more?: string; server?: string } = {}): Task[] {
  const server = `require('node:http').createServer((q, a) => a.end(${o.server ?? "'hello'"})).listen(Number(process.env.PORT), '0.0.0.0')`;
  const ask = `const t=Date.now();fetch(process.env.SERVICE_URL).then(r=>r.text()).then(t=>require('node:fs').writeFileSync(process.env.BENCHMARK_OUTPUT_DIR+'/metrics.json',JSON.stringify({length:t.length,client:Number(process.env.CLIENT_INDEX)})))`;
  return tasksOf(`
service:
  image: none
  port: 9000
  command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(server)}]
  ready: {http: /, timeout: 20s}
clients:
  one: {command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(o.client ?? ask)}]}
  two: {command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(ask)}]}
slurm: {runtime: none, gres: "gpu:a100:1", time: 10m}
${o.more ?? ''}`);
}

/** No client of this queue can be cancelled, and a service that has ended puts its node in order for a while after that was tried. */
function ending(real: BatchQueue): BatchQueue {
  let looks: number | null = null;
  return {
    ...real,
    cancel: ({ name, id }, reason) => {
      if (name.endsWith('-0')) return real.cancel({ name, id }, reason);
      looks ??= 3;
      return Promise.reject(new BenchError({ code: 'BENCH_PROVIDER_REQUEST', message: 'slurm: no answer' }));
    },
    jobs: async (refs, options) => {
      const found = new Map(await real.jobs(refs, options));
      for (const [name, view] of found)
        if (view?.state === 'ended' && (looks === null || looks-- > 0)) found.set(name, { ...view, state: 'ending' });
      return found;
    },
  };
}

const left = async () => (await readdir(queue.site.remoteDir)).filter((name) => !name.endsWith('.sbatch') && name !== 'cache');
const journal = async (dir: string) => (await readJournal(runPaths.journal(dir))).events;
const until = async (what: () => boolean | Promise<boolean>) => expect.poll(what, { timeout: 20_000, interval: 50 }).toBe(true);

describe('a service and its clients', () => {
  it('a service alone is over once it is ready, and that is its result', async () => {
    const alone = (server: string) =>
      tasksOf(`
service: {image: none, port: 9000, command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(server)}], ready: {tcp: true}}
slurm: {runtime: none}`);
    const up = await run(alone(`require('node:http').createServer().listen(Number(process.env.PORT), '0.0.0.0')`));
    expect(up.outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [] });
    expect(up.view.problems).toEqual([]);
    expect(up.view.tasks[0]?.points.map(({ result }) => [result?.durationS, result?.counts.sent])).toEqual([[0, 0]]);
    expect(up.view.tasks[0]?.deployment).toMatchObject({ status: 'stopped', error: null });
    expect(up.view.tasks[0]?.deployment?.phases.map(({ name }) => name)).toEqual(['queue', 'image', 'launch', 'model_load']);
    const down = await run(alone('console.log("no room at " + process.env.PORT); process.exit(4)'));
    expect(down.outcome).toMatchObject({ status: 'failed', exitCode: 5, leftBehind: [] });
    expect(down.view.tasks[0]?.file.error?.message).toContain('exited with code 4: no room at');
    expect(await left()).toEqual([]);
  });

  it('name the image that their job ran by its digest, whatever its tag comes to mean', async () => {
    const bin = join(root, 'bin');
    await mkdir(bin);
    // Stands for Apptainer: the image is a file, and the command runs without one, with the folder of the job where it is.
    await writeFile(
      join(bin, 'apptainer'),
      String.raw`#!/bin/bash
if [ "$1" = pull ]; then printf 'SIF of %s' "$3" > "$2"; exit; fi
while [ "${'$'}{1%.sif}" = "$1" ]; do case $2 in *:/bench/job) job=${'$'}{2%:/bench/job} ;; esac; shift; done
shift
words=(); for word; do words+=("${'$'}{word/#"/bench/job"/"$job"}"); done
exec "${'$'}{words[@]}"
`,
      { mode: 0o755 },
    );
    const { outcome, view } = await run(
      tasksOf(`
service: {image: 'registry.example/thing:1', command: 'echo up; exec sleep 100', ready: {log: up}}
slurm: {prelude: ['export PATH=${bin}:$PATH']}`),
    );
    expect(outcome.exitCode, JSON.stringify(view.tasks[0]?.file.error)).toBe(0);
    const digest = createHash('sha256').update('SIF of docker://registry.example/thing:1').digest('hex');
    expect(view.tasks[0]?.deployment?.engine).toMatchObject({
      image: 'docker://registry.example/thing:1',
      digest: `sha256:${digest}`,
    });
  });

  it('ask for the time that their partition gives where the recipe names none, and are told before it is up', async () => {
    const { outcome } = await run(tasksOf('command: {run: "true"}\nslurm: {partition: gpu}'));
    expect(outcome.exitCode).toBe(0);
    const [job] = queue.jobs;
    expect(job?.order).toMatchObject({ timeLimitS: 3600, directives: { time: 3600, extra: ['--signal=B:USR1@60'] } });
    // The script knows it too.
    expect(job?.order.script).toContain('\ntime_s=3600\n');
  });

  it('are jobs: submitted, watched, collected, ended, and nothing is left', async () => {
    const { outcome, view, events } = await run(service());
    expect(view.problems).toEqual([]);
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [] });
    const [task] = view.tasks;
    expect(task?.points[0]?.result).toMatchObject({ scalars: { 'one.length': 5, 'two.length': 5, 'one.client': 0, 'two.client': 1 } });
    expect(task?.machine).toMatchObject({ kind: 'node', name: 'localhost', priceUsdPerHour: 2 });
    expect(task?.deployment).toMatchObject({ target: 'batch', status: 'stopped' });
    expect(task?.deployment?.phases.map(({ name }) => name)).toEqual(['queue', 'image', 'launch', 'model_load']);
    expect(view.jobs.map(({ role, client, ended }) => [role, client, ended?.state, ended?.usage?.maxRssBytes])).toEqual([
      ['service', null, 'COMPLETED', 1024],
      ['client', 0, 'COMPLETED', 1024],
      ['client', 1, 'COMPLETED', 1024],
    ]);
    // 36 s of one GPU at two dollars an hour.
    expect(view.jobs[0]?.ended?.costUsd).toBeCloseTo(0.02, 9);
    expect(queue.jobs.map(({ order }) => order.after)).toEqual([undefined, { kind: 'after', id: '100' }, { kind: 'after', id: '100' }]);
    expect(await left()).toEqual([]);
    const folder = runPaths.deployment(outcome.dir, task?.file.deployment ?? '');
    expect(await readdir(folder)).toEqual(
      expect.arrayContaining(['engine.log', 'service.out', 'client-0.log', 'service.sh', 'state', 'deployment.json']),
    );
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['deployment_phase', 'deployment_ready', 'point_started', 'point_finished']),
    );
    // The machine of a job is called otherwise when it has a node; whoever watches tells by its deployment what goes on where.
    const whose = events.flatMap((event) =>
      'ref' in event ? [event.ref] : event.type.startsWith('deployment_') ? [event as { deployment?: string }] : [],
    );
    expect(new Set(whose.map(({ deployment }) => deployment))).toEqual(new Set([task?.file.deployment]));
    expect(events.findLast(({ type }) => type.startsWith('deployment_'))).toMatchObject({ type: 'deployment_ended' });
    // Nothing that asks for a key is in the run directory.
    expect(await readdir(folder)).not.toEqual(expect.arrayContaining(['api-key']));
  });

  it('that dies in mid-run ends its clients, and its words are why the point failed', async () => {
    const { outcome, view } = await run(
      service({
        server: "(setTimeout(() => { console.error('kernel fault'); process.exit(9) }, 300), 'x')",
        client: 'setTimeout(() => {}, 60000)',
      }),
    );
    expect(outcome).toMatchObject({ status: 'failed', exitCode: 5, leftBehind: [] });
    expect(view.tasks[0]?.points[0]?.entry.error).toMatch(/exited with code 9|ended with code 9|code 9/);
    expect(view.tasks[0]?.file.error?.code).toBe('BENCH_ENGINE_EXITED');
    expect(await left()).toEqual([]);
  });

  it('that fails before it is up says so once, with the log that is there, and waits for no client in the queue', async () => {
    queue.stuck = ({ role }) => role === 'client';
    const broken = service().map((task) => ({
      ...task,
      resolved: { ...task.resolved, slurm: { ...(task.resolved.slurm as object), prelude: ['no-such-program-of-mine'] } },
    })) as Task[];
    const { outcome, view, events } = await run(broken);
    expect(outcome).toMatchObject({ status: 'failed', exitCode: 5, leftBehind: [] });
    const [task] = view.tasks;
    expect(task?.file.error).toMatchObject({ code: 'BENCH_JOB_PRELUDE', message: expect.stringContaining('slurm.prelude failed') });
    const [, log = ''] = /its log: (\S+) of the run directory/.exec(task?.file.error?.hint ?? '') ?? [];
    expect(await readFile(join(outcome.dir, log), 'utf8')).toContain('no-such-program-of-mine');
    expect(JSON.stringify(events).split('slurm.prelude failed')).toHaveLength(2);
    expect(events).toContainEqual(expect.objectContaining({ type: 'point_failed', message: 'not measured: its deployment failed' }));
    expect(queue.jobs.map(({ word }) => word)).toEqual(['FAILED', 'CANCELLED', 'CANCELLED']);
    expect(await left()).toEqual([]);
  }, 60_000);

  it('that fails before it is up is seen to its end, although a client of it cannot be cancelled', async () => {
    queue.stuck = ({ role }) => role === 'client';
    const { outcome, view } = await run(service({ server: 'process.exit(4)' }), { before: ending });
    expect(outcome).toMatchObject({ exitCode: 6, leftBehind: [expect.stringContaining('job 101'), expect.stringContaining('job 102')] });
    expect(view.jobs.map(({ role, ended }) => [role, ended?.state, ended?.usage?.elapsedS])).toEqual([
      ['service', 'FAILED', 36],
      ['client', undefined, undefined],
      ['client', undefined, undefined],
    ]);
  }, 60_000);

  it('whose node breaks down fail with the queue’s word', async () => {
    const { outcome, view } = await run(service({ client: 'setTimeout(() => {}, 60000)' }), {
      stop: (event) => {
        if (event.type === 'point_started') void queue.kill(queue.jobs[0] as never, 'NODE_FAIL');
      },
    });
    expect(outcome).toMatchObject({ status: 'failed', exitCode: 5, leftBehind: [] });
    expect(view.tasks[0]?.file.error?.message).toContain('NODE_FAIL');
  }, 60_000);

  it('that reach their time limit say so', async () => {
    const { outcome, view } = await run(service({ client: 'setTimeout(() => {}, 60000)' }), {
      stop: (event) => {
        if (event.type === 'point_started') void queue.expire(queue.jobs[0] as never);
      },
    });
    expect(outcome.status).toBe('failed');
    expect(view.tasks[0]?.file.error?.message).toContain('time limit');
  });

  it('end when the user stops the run', async () => {
    const { outcome, view } = await run(service({ client: 'setTimeout(() => {}, 60000)' }), {
      stop: (event, stop) => {
        if (event.type === 'point_started') stop.abort(new DOMException('stop', 'AbortError'));
      },
    });
    expect(outcome).toMatchObject({ status: 'interrupted', exitCode: 130, leftBehind: [] });
    expect(queue.alive()).toEqual([]);
    expect(view.tasks[0]?.file.status).toBe('interrupted');
    expect(view.jobs.every(({ ended }) => ended !== null)).toBe(true);
    expect(await left()).toEqual([]);
  });
});

/** A small engine, and load clients. */
function inference(o: { mode?: string; benchmark?: string; clients?: number } = {}): Task[] {
  return tasksOf(`
model: {huggingface: org/m}
engine: {llm: {recording: {record_to: ${JSON.stringify(join(root, 'record.jsonl'))}, ${o.mode ?? 'mode: good'}}}}
benchmark: {num_prompts: 12, random_input_len: 40, random_output_len: 5, warmup: 3, ${o.benchmark ?? 'max_concurrency: 6'}}
slurm: {runtime: none, time: 10m, clients: {count: ${o.clients ?? 3}}}
`);
}
const prompts = async () =>
  (await readFile(join(root, 'record.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .flatMap((line) => (JSON.parse(line) as { prompt?: string }).prompt ?? []);

describe('an engine and its load clients', () => {
  it('measure all points of a deployment in one service job, each load dealt to three clients', async () => {
    const { outcome, view, events } = await run(inference({ benchmark: 'sweep: {max_concurrency: [3, 6]}' }));
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [] });
    expect(view.problems).toEqual([]);
    expect(queue.jobs.map(({ order }) => order.role)).toEqual(['service', 'client', 'client', 'client']);
    const points = view.tasks.flatMap((task) => task.points);
    expect(points.map(({ result }) => [result?.counts.ok, result?.counts.warmup, result?.loadClients?.length])).toEqual([
      [12, 3, 3],
      [12, 3, 3],
    ]);
    expect((await points[0]?.requests())?.length).toBe(15);
    const sent = await prompts();
    // All but what was asked to learn the tokenizer, and the smoke test, once each: no client sent what another did.
    const long = sent.filter((prompt) => prompt.split(' ').length > 20);
    expect(new Set(long).size).toBe(long.length);
    expect(view.tasks[0]?.deployment?.phases.map(({ name }) => name)).toEqual(['queue', 'image', 'launch', 'model_load', 'smoke_test']);
    expect(events.filter(({ type }) => type === 'point_finished')).toHaveLength(2);
    const [task] = view.tasks;
    const folder = join(runPaths.task(outcome.dir, 'r', task?.file.variant ?? ''), points[0]?.entry.path ?? '', 'clients');
    expect(await readdir(folder)).toEqual(['0', '1', '2']);
    expect(await left()).toEqual([]);
  }, 60_000);

  it('of which the engine dies fail with its words, and what was measured before is kept', async () => {
    const { outcome, view } = await run(
      inference({ mode: 'mode: die, limit: 30', benchmark: 'sweep: {max_concurrency: [3, 6, 7]}', clients: 2 }),
    );
    expect(outcome).toMatchObject({ status: 'failed', exitCode: 1, leftBehind: [] });
    const points = view.tasks.flatMap((task) => task.points);
    expect(points[0]?.entry.status).toBe('ok');
    expect(points.at(-1)?.entry).toMatchObject({ status: 'failed', error: expect.stringContaining('code 7') as string });
    expect(await left()).toEqual([]);
  }, 60_000);

  it('of which a client’s job is killed fail with the queue’s word, without a long wait of the others, and what was measured before is kept', async () => {
    const { outcome, view } = await run(inference({ mode: 'mode: slow', benchmark: 'sweep: {max_concurrency: [6, 2]}', clients: 2 }), {
      stop: (event) => {
        if (event.type === 'point_finished') void queue.kill(queue.jobs[2] as never, 'OUT_OF_MEMORY');
      },
    });
    expect(outcome).toMatchObject({ status: 'failed', leftBehind: [] });
    const error = 'client 1 (job 102) ended without a word of its script: OUT_OF_MEMORY';
    expect(view.tasks[0]?.points.map(({ entry }) => [entry.status, entry.error])).toEqual([
      ['ok', null],
      ['failed', error],
    ]);
    expect(view.tasks[0]?.file.error).toMatchObject({ message: error, hint: expect.stringContaining('client-1.log') as string });
    expect(queue.alive()).toEqual([]);
    expect(await left()).toEqual([]);
  }, 60_000);

  it('tell how far they are', async () => {
    const { events } = await run(inference({ mode: 'mode: slow', clients: 2 }));
    const progress = events.flatMap((event) => (event.type === 'point_progress' ? [event.progress] : []));
    expect(progress.some(({ phase, total }) => phase === 'measuring' && total === 12)).toBe(true);
  }, 60_000);
});

describe('a run in a queue', () => {
  it('is refused before anything is submitted when the cluster has no such partition', async () => {
    const error = await run(
      command('true', '').map((task) => ({
        ...task,
        resolved: { ...task.resolved, slurm: { ...task.resolved.slurm, partition: 'gppu' } as never },
      })),
    ).catch((e: unknown) => e as BenchError);
    expect(error).toSatisfy(BenchError.is);
    expect((error as BenchError).message).toContain('there is no partition "gppu"');
    expect(queue.jobs).toEqual([]);
  });

  it('goes on with the others when the queue refuses a job, and says why', async () => {
    let asked = 0;
    queue.refuse = () => {
      asked += 1;
      if (asked === 1)
        throw new BenchError({
          code: 'BENCH_PROVIDER_REQUEST',
          message: 'slurm: QOSMaxSubmitJobPerUserLimit',
          details: { kind: 'request' },
        });
    };
    const { outcome, view } = await run(command('echo "$size" > out.txt', 'matrices: {cross: {size: [1, 2]}}'));
    expect(outcome).toMatchObject({ status: 'failed', exitCode: 1, leftBehind: [] });
    expect(view.tasks.map(({ file }) => file.status)).toEqual(['failed', 'done']);
    expect(view.tasks[0]?.file.error?.message).toContain('QOSMaxSubmitJobPerUserLimit');
    expect(await left()).toEqual([]);
  });

  it('is written down before anything is submitted, and that it has ended afterwards', async () => {
    const seen: unknown[] = [];
    queue.refuse = () => {
      const [id = ''] = readdirSync(join(root, 'runs'));
      seen.push(JSON.parse(readFileSync(runPaths.run(join(root, 'runs', id)), 'utf8')));
    };
    const { outcome, view } = await run(service());
    const asked = { recipes: [], site: 'slurm', filter: [], seed: 3, batch: { login: 'local', maxWorkers: 4, keepS: 3600 } };
    expect(seen).toHaveLength(3);
    for (const file of seen)
      expect(file).toMatchObject({ id: outcome.id, status: 'running', endedAt: null, exitCode: null, asked, tasks: [{ recipe: 'r' }] });
    expect(view.run).toMatchObject({ status: 'done', exitCode: 0, asked });
    expect(Date.parse(view.run.endedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(view.run.createdAt));
  });

  it('has the end of a run that was refused written down too', async () => {
    queue.refuse = () => {
      throw new BenchError({ code: 'BENCH_PROVIDER_REQUEST', message: 'slurm: no more jobs' });
    };
    const { view } = await run(service());
    expect(view.run).toMatchObject({ status: 'failed', endedAt: expect.any(String) as string });
  });

  it('tells nothing of a client that the queue did not take, and of each job its own end', async () => {
    queue.refuse = ({ role, index }) => {
      if (role === 'client' && index === 1) throw new BenchError({ code: 'BENCH_PROVIDER_REQUEST', message: 'slurm: no more jobs' });
    };
    const { view } = await run(service({ client: 'setTimeout(() => {}, 60000)' }));
    expect(view.jobs.map(({ role, client, ended }) => [role, client, ended?.state])).toEqual([
      ['service', null, 'CANCELLED'],
      ['client', 0, 'CANCELLED'],
    ]);
    expect(queue.alive()).toEqual([]);
  });

  it('is one of several at once, and takes nothing of another', async () => {
    const both = await Promise.all([run(service()), run(service({ server: "'another answer'" }))]);
    expect(both.map(({ view }) => view.tasks[0]?.points[0]?.result?.scalars)).toMatchObject([
      { 'one.length': 5, 'two.length': 5 },
      { 'one.length': 14, 'two.length': 14 },
    ]);
    for (const { outcome } of both) expect(outcome).toMatchObject({ status: 'done', leftBehind: [] });
  });

  it('cancels a service whose client the queue refuses', async () => {
    queue.refuse = ({ role }) => {
      if (role === 'client') throw new BenchError({ code: 'BENCH_PROVIDER_REQUEST', message: 'slurm: no more jobs' });
    };
    const { outcome, view } = await run(service());
    expect(outcome).toMatchObject({ status: 'failed', leftBehind: [] });
    expect(queue.jobs).toHaveLength(1);
    expect(queue.alive()).toEqual([]);
    expect(view.jobs[0]?.ended?.state).toBe('CANCELLED');
    expect(view.live).toEqual([]);
  });

  it('runs commands, as many at a time as asked, and brings their files back', async () => {
    const { outcome, view } = await run(
      command('echo "$size" > out.txt; echo "{\\"size\\": $size}" > metrics.json', 'matrices: {cross: {size: [1, 2, 3]}}'),
      { maxWorkers: 2 },
    );
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0 });
    expect(view.tasks.map(({ points }) => points[0]?.result?.scalars['size'])).toEqual([1, 2, 3]);
    const path = join(runPaths.task(outcome.dir, 'r', view.tasks[1]?.file.variant ?? ''), view.tasks[1]?.points[0]?.entry.path ?? '');
    expect(await readFile(join(path, 'files', 'out.txt'), 'utf8')).toBe('2\n');
    expect(await left()).toEqual([]);
  });

  it('fails the task whose command fails, and resumes only what is missing', async () => {
    const flag = join(root, 'mended');
    const list = command(
      `test "$size" = 1 || test -e '${flag}'; echo "{\\"size\\": $size}" > metrics.json`.replace('; echo', ' && echo'),
      'matrices: {cross: {size: [1, 2]}}',
    );
    const first = await run(list);
    expect(first.outcome).toMatchObject({ status: 'failed', exitCode: 1 });
    expect(first.view.tasks.map(({ file }) => file.status)).toEqual(['done', 'failed']);
    await (await import('node:fs/promises')).writeFile(flag, '');
    const before = queue.jobs.length;
    const again = await run(list, { resume: first.outcome.dir });
    expect(again.outcome).toMatchObject({ status: 'done', exitCode: 0 });
    expect(queue.jobs.length - before).toBe(1);
    expect(again.view.tasks.map(({ file, points }) => [file.status, points[0]?.entry.attempt])).toEqual([
      ['done', 1],
      ['done', 2],
    ]);
  });
});

describe('a run that was left to the queue', () => {
  it('is watched to its end by another process', async () => {
    const { outcome, view } = await run(service(), { detach: true });
    expect(outcome).toMatchObject({ exitCode: 0, detached: { jobs: ['100', '101', '102'] } });
    expect(view).toMatchObject({ status: 'running', detachedUntil: outcome.detached?.until });
    expect(queue.jobs.map(({ holder }) => holder)).toEqual(Array.from({ length: 3 }, () => outcome.detached?.until));
    const watched = await later('watch', outcome.dir);
    expect(watched.outcome).toMatchObject({ status: 'done', exitCode: 0, still: 0 });
    expect(watched.view.tasks[0]?.points[0]?.result?.scalars).toMatchObject({ 'one.length': 5 });
    expect(watched.view.status).toBe('done');
    expect(await left()).toEqual([]);
  });

  it('goes on when the watching is stopped', async () => {
    const slow = `setTimeout(() => require('node:fs').writeFileSync(process.env.BENCHMARK_OUTPUT_DIR + '/metrics.json', '{"n": 1}'), 3000)`;
    const { outcome } = await run(service({ client: slow }), { detach: true });
    const watched = await later('watch', outcome.dir, {
      on: (event, stop) => {
        if (event.type === 'point_started') stop.abort(new DOMException('stop', 'AbortError'));
      },
    });
    expect(watched.outcome).toMatchObject({ still: 1, exitCode: 0 });
    expect(queue.alive().length).toBeGreaterThan(0);
    expect(watched.view).toMatchObject({ status: 'running', detachedUntil: outcome.detached?.until });
    const again = await later('watch', outcome.dir);
    expect(again.outcome).toMatchObject({ status: 'done', exitCode: 0 });
    expect(again.view.tasks[0]?.points[0]?.result?.scalars).toMatchObject({ 'one.n': 1 });
  });

  it('is collected while it runs and afterwards, and nothing that was collected changes', async () => {
    const list = command('sleep "$s"; echo "$s" > out.txt', 'matrices: {cross: {s: [0, 4]}}');
    const { outcome } = await run(list, { detach: true });
    await until(() => queue.jobs[0]?.state === 'ended');
    const first = await later('collect', outcome.dir);
    expect(first.outcome.still).toBeGreaterThanOrEqual(1);
    expect(first.view.tasks.map(({ points }) => points.length)).toEqual([1, 0]);
    const path = join(
      runPaths.task(outcome.dir, 'r', first.view.tasks[0]?.file.variant ?? ''),
      first.view.tasks[0]?.points[0]?.entry.path ?? '',
      'result.json',
    );
    const before = await stat(path);
    await until(() => queue.alive().length === 0);
    const last = await later('collect', outcome.dir);
    expect(last.outcome).toMatchObject({ still: 0, status: 'done', exitCode: 0 });
    expect(last.view.tasks.map(({ file }) => file.status)).toEqual(['done', 'done']);
    expect((await stat(path)).mtimeMs).toBe(before.mtimeMs);
    expect(await left()).toEqual([]);
    const points = (await journal(outcome.dir)).filter(({ type }) => type === 'point_finished');
    expect(points).toHaveLength(2);
    expect((await later('collect', outcome.dir)).outcome).toMatchObject({ still: 0, status: 'done', exitCode: 0 });
  });

  it('is ended by a teardown: nothing is left in the queue or on the cluster', async () => {
    const { outcome } = await run(service({ client: 'setTimeout(() => {}, 60000)' }), { detach: true });
    await until(() => queue.jobs[0]?.state === 'running');
    const ended = await later('end', outcome.dir);
    expect(ended.outcome).toMatchObject({ status: 'interrupted', still: 0, leftBehind: [] });
    expect(queue.alive()).toEqual([]);
    expect(await left()).toEqual([]);
    expect(ended.view.live).toEqual([]);
  });

  it('is rebuilt from the cluster by who has nothing but its id', async () => {
    const { outcome } = await run(service(), { detach: true });
    await rm(outcome.dir, { recursive: true });
    const { attachRun } = await import('./attach-run.ts');
    const dir = await attachRun({
      id: outcome.id,
      host: queue.site.host,
      remoteDir: queue.site.remoteDir,
      root: join(root, 'elsewhere'),
      site: 'slurm:other',
      login: 'other',
      signal: AbortSignal.timeout(20_000),
    });
    const watched = await later('watch', dir);
    expect(watched.outcome).toMatchObject({ status: 'done', exitCode: 0 });
    expect(watched.view.run.asked).toMatchObject({ site: 'slurm:other', batch: { login: 'other' } });
    expect(watched.view.problems).toEqual([]);
    expect(watched.view.tasks[0]?.points[0]?.result?.scalars).toMatchObject({ 'one.length': 5 });
  });
});
