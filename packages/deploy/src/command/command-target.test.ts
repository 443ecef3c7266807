import { execFileSync } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, createIo, type Host } from '@bench/core';
import { localHost } from '@bench/host';
import { parseRecipe, type Task } from '@bench/recipe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Deployment, DeployEvent, RenderedStep } from '../contract.ts';
import { testSite } from '../testing/site.ts';
import { commandTarget, runAggregate } from './index.ts';
import { stagedFiles } from './staging.ts';

let root: string;
let cwd: string;
let host: Host;
let up: Deployment[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-command-'));
  cwd = join(root, 'cwd');
  await mkdir(cwd);
  host = localHost({ stateDir: join(root, 'state') });
  up = [];
});
afterEach(async () => {
  for (const deployment of up) await deployment.stop();
  await rm(root, { recursive: true, force: true });
});

const NASTY = [
  `it's`,
  `"; touch pwned; "`,
  '$(touch pwned)',
  '`touch pwned`',
  '; rm -rf pwned',
  'two\nlines\n',
  '\\',
  '$HOME',
  '*',
  ' lead',
  'tail ',
  '#x',
  '-n',
  'é',
  '!!',
];

function task(command: Record<string, unknown>, rest: Record<string, unknown> = {}): Task {
  return parseRecipe(JSON.stringify({ command, ...rest }), { file: join(cwd, 'recipe.yaml') }).tasks[0] as Task;
}

const site = () => testSite({ deploymentDir: join(root, 'deployment'), hostDir: join(root, 'host', 'd1') });
const io = (env: Record<string, string> = {}) => createIo({ env });

async function bringUp(t: Task, env: Record<string, string> = {}, events: DeployEvent[] = []) {
  await mkdir(site().deploymentDir, { recursive: true });
  const target = commandTarget({ cwd });
  const { record } = target.plan(t, site());
  const deployment = await target.start({ record, task: t }, { io: io(env), host, on: (event) => void events.push(event) });
  up.push(deployment);
  return deployment;
}

async function measure(
  deployment: Deployment,
  t: Task,
  options: { id?: string; signal?: AbortSignal; onProgress?: (text: string) => void } = {},
) {
  const dir = await mkdtemp(join(root, 'result-'));
  const measured = await deployment.measure?.(t, {
    id: 'm1',
    runId: 'r123456789',
    dir,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...options,
  });
  const part = measured?.parts[0];
  if (!measured || !part) throw new Error('nothing was measured');
  return { dir, files: join(dir, 'files'), measured, part };
}

/** A zombie, which nobody may have buried yet, runs no more. */
const running = async (pid: number) => {
  const facts = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !/\) Z/.test(facts);
};

const run = async (t: Task, env: Record<string, string> = {}) => measure(await bringUp(t, env), t);

describe('a command', () => {
  it('runs in a fresh folder and brings back what it reports', async () => {
    const t = task({
      run: `echo hello; pwd; echo '{"speed":{"value":2,"unit":"GB/s","better":"higher"}}' > $task_dir/metrics.json
mkdir -p sub && echo a > sub/a.csv && echo b > b.csv && echo c > c.txt`,
      result_files: ['*.csv', 'sub/*.csv', '*.absent'],
    });
    const { files, measured, part } = await run(t);
    expect(part).toMatchObject({
      name: 'command',
      code: 0,
      metrics: { speed: { value: 2, unit: 'GB/s', better: 'higher' } },
      requests: null,
      failure: null,
    });
    expect(measured.durationS).toBeGreaterThanOrEqual(0);
    expect(Date.parse(measured.startedAt)).not.toBeNaN();
    expect((await readdir(files, { recursive: true })).sort()).toEqual(['b.csv', 'command.log', 'metrics.json', 'sub', 'sub/a.csv']);
    expect(await readFile(join(files, 'command.log'), 'utf8')).toBe(`hello\n${join(site().hostDir, 'task')}\n`);
  });

  it('meets nothing of the measurement before it', async () => {
    const t = task({ run: 'ls; echo x > left' });
    const deployment = await bringUp(t);
    await measure(deployment, t, { id: 'a' });
    const { files } = await measure(deployment, t, { id: 'b' });
    expect(await readFile(join(files, 'command.log'), 'utf8')).toBe('');
  });

  it.each(NASTY)('gets values as data: %j', async (value) => {
    const t = task({
      run: `printf '%s|' "$v" '$v' > value; printf '%s' "$$E" > env; printf '%s' "$$S" > secret; printf '%s' "$$OUTPUT_DIR" > out`,
      variables: { v: value },
      env: { E: value, S: { from_env: 'MY_SECRET' } },
      result_files: ['*'],
    });
    const { files, part } = await run(t, { MY_SECRET: `s3cret${value}` });
    expect(part.failure).toBeNull();
    const read = (name: string) => readFile(join(files, name), 'utf8');
    expect(await read('value')).toBe(`${value}|${value}|`);
    expect(await read('env')).toBe(value);
    expect(await read('secret')).toBe(`s3cret${value}`);
    expect(await read('out')).toBe(join(site().hostDir, 'task'));
    expect(await readdir(files)).not.toContain('pwned');
  });

  it('keeps secrets out of argument lists, and no file of them while it runs', async () => {
    const t = task({
      run: `cat /proc/$$PPID/cmdline | tr '\\0' ' '; ls -A ..; ls -A ../measures/*; stat -c %a ../..`,
      env: { S: { from_env: 'MY_SECRET' } },
    });
    const { files } = await run(t, { MY_SECRET: 'correct-horse' });
    const log = await readFile(join(files, 'command.log'), 'utf8');
    expect(log).not.toContain('correct-horse');
    expect(log.split('\n')).not.toContain('env');
  });

  it('reads nothing from the input that its script came by', async () => {
    const { files } = await run(task({ run: 'cat; echo end' }));
    expect(await readFile(join(files, 'command.log'), 'utf8')).toBe('end\n');
  });

  it('says how it failed', async () => {
    const { part, files } = await run(task({ run: 'echo before; echo "no such device" >&2; exit 3', result_files: ['out.json'] }));
    expect(part).toMatchObject({ code: 3, failure: 'ended with code 3: no such device' });
    expect(await readdir(files)).toEqual(['command.log']);
  });

  it('fails without a file that it promised', async () => {
    const { part } = await run(task({ run: 'true', result_files: ['out.json', 'log-[0-9]'] }));
    expect(part).toMatchObject({ code: 0, failure: 'result_files: there is no "out.json"' });
  });

  it('fails with figures that cannot be read, and says where', async () => {
    const { part } = await run(task({ run: 'echo "{" > metrics.json' }));
    expect(part).toMatchObject({ code: 0, failure: expect.stringMatching(/^metrics\.json: line 1: not JSON/) as string, metrics: {} });
  });

  it('is ended with all it started when its time is up', async () => {
    const t = task({
      run: 'sleep 300 & echo $$! > child; echo "{\\"n\\":1}" > metrics.json; echo started; wait',
      timeout: 1,
      result_files: ['child'],
    });
    const { part, files } = await run(t);
    expect(part).toMatchObject({ code: null, failure: 'did not end within 1.0 s and was ended', metrics: { n: { value: 1 } } });
    expect(await running(Number(await readFile(join(files, 'child'), 'utf8')))).toBe(false);
  });

  it('is ended when bench is stopped', async () => {
    const t = task({ run: 'echo $$$$; sleep 300' });
    const deployment = await bringUp(t);
    const abort = new AbortController();
    let pid = 0;
    const measuring = measure(deployment, t, {
      signal: abort.signal,
      onProgress: (text) => {
        pid = Number(text);
        abort.abort(new Error('stopped by the user'));
      },
    });
    await expect(measuring).rejects.toThrow();
    expect(pid).toBeGreaterThan(1);
    expect(await running(pid)).toBe(false);
    expect(await host.attach('m1')).toBeNull();
  });

  it('is found again by its id and not begun again', async () => {
    const t = task({
      run: 'echo once >> ../begun; echo at work; until [ -e ../go ]; do sleep 0.05; done; cp ../begun begun',
      result_files: ['begun'],
    });
    const deployment = await bringUp(t);
    // The bench that began it is gone before the next comes: two at once would collect into one folder.
    const lost = new BenchError({ code: 'BENCH_SSH_LOST', message: 'the connection was lost', retryable: true });
    const first = measure(deployment, t, {
      onProgress: () => {
        throw lost;
      },
    });
    await expect(first).rejects.toBe(lost);
    const { record } = deployment;
    const adopted = await commandTarget({ cwd }).adopt(record, { io: io(), host, on: () => undefined });
    if (!adopted) throw new Error('not adopted');
    const second = measure(adopted, t);
    await writeFile(join(site().hostDir, 'go'), '');
    const { files, part } = await second;
    expect(part.failure).toBeNull();
    expect(await readFile(join(files, 'begun'), 'utf8')).toBe('once\n');
  });

  it('ends what another measurement left at work', async () => {
    const t = task({ run: 'true' });
    const deployment = await bringUp(t);
    const left = join(site().hostDir, 'measures', 'before');
    await mkdir(left, { recursive: true });
    await host.start({ argv: ['sleep', '300'] }, { id: 'before' });
    const { part } = await measure(deployment, t);
    expect(part.failure).toBeNull();
    expect(await host.attach('before')).toBeNull();
    await expect(access(left)).rejects.toThrow('ENOENT');
  });

  it('can be stopped once more after that failed, and is not waited for long by a user who wants to stop', async () => {
    const t = task({ run: 'true' });
    const { record } = await bringUp(t);
    const lost = new BenchError({ code: 'BENCH_SSH_LOST', message: 'the connection was lost', retryable: true });
    let away = false;
    const unsteady: Host = { ...host, exec: (...args) => (away ? Promise.reject(lost) : host.exec(...args)) };
    let clock = 0;
    const waits: number[] = [];
    const hasty = {
      ...io(),
      signal: AbortSignal.abort(),
      monotonic: () => clock,
      // Half a minute passes at the third wait for the host.
      sleep: async (ms: number, signal?: AbortSignal) => {
        if (ms === 30_000) {
          while (waits.length < 3) await createIo().sleep(10, signal);
          return;
        }
        waits.push(ms);
        clock += ms;
        return createIo().sleep(20, signal);
      },
    };
    const deployment = await commandTarget({ cwd }).adopt(record, { io: hasty, host: unsteady, on: () => undefined });
    if (!deployment) throw new Error('not adopted');
    away = true;
    await expect(deployment.stop()).rejects.toMatchObject({ code: 'BENCH_CLEANUP_INCOMPLETE', exitCode: 6 });
    expect(clock).toBeLessThan(600_000);
    away = false;
    await deployment.stop();
    await expect(access(site().hostDir)).rejects.toThrow('ENOENT');
  });

  it('leaves nothing', async () => {
    const t = task({ run: 'mkdir a && chmod 500 a' });
    const deployment = await bringUp(t);
    await measure(deployment, t);
    await deployment.stop();
    await deployment.stop();
    await expect(access(site().hostDir)).rejects.toThrow('ENOENT');
    expect(await commandTarget({ cwd }).adopt(deployment.record, { io: io(), host, on: () => undefined })).toBeNull();
    expect(await readdir(join(root, 'state')).catch(() => [])).toEqual([]);
  });

  it('needs its secrets before anything is copied', async () => {
    const t = task({ run: 'true', env: { S: { from_env: 'ABSENT' } } });
    await expect(bringUp(t)).rejects.toMatchObject({ code: 'BENCH_SECRET_MISSING' });
    await expect(access(site().hostDir)).rejects.toThrow('ENOENT');
  });
});

describe('staging', () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd, stdio: 'pipe' });
  const list = (...paths: string[]) => stagedFiles({ cwd, paths, signal: new AbortController().signal });

  beforeEach(async () => {
    await mkdir(join(cwd, 'src', 'deep'), { recursive: true });
    await writeFile(join(cwd, 'src', 'main.sh'), '#!/bin/sh\necho staged "$@"\n');
    await chmod(join(cwd, 'src', 'main.sh'), 0o755);
    await writeFile(join(cwd, 'src', 'deep', `it's $(x)`), 'odd');
    await writeFile(join(cwd, 'src', 'secret.env'), 'no');
    await writeFile(join(cwd, '.gitignore'), '*.env\n');
  });

  it('takes a folder as it is, but for .git', async () => {
    await mkdir(join(cwd, 'src', '.git'));
    await writeFile(join(cwd, 'src', '.git', 'HEAD'), '');
    // A broken .git of its own does not make a work tree of the folder above.
    expect(await list('src')).toEqual([`src/deep/it's $(x)`, 'src/main.sh', 'src/secret.env']);
  });

  it('takes what git tracks in a work tree, with the content of now', async () => {
    git('init', '-q');
    git('add', '.');
    await writeFile(join(cwd, 'src', 'new'), 'untracked');
    await rm(join(cwd, 'src', 'deep'), { recursive: true });
    expect(await list('src')).toEqual(['src/main.sh']);
    expect(await list('.')).toEqual(['.gitignore', 'src/main.sh']);
    await expect(list('src/new')).rejects.toMatchObject({
      code: 'BENCH_STAGE',
      hint: expect.stringContaining('git add src/new') as string,
    });
  });

  it('refuses what is outside', async () => {
    await symlink(tmpdir(), join(cwd, 'way-out'));
    await expect(list('../x')).rejects.toThrow('outside');
    await expect(list('/etc/hostname')).rejects.toThrow('outside');
    await expect(list('way-out/x')).rejects.toThrow(/no "way-out\/x"|outside/);
    await writeFile(join(root, 'beside'), '');
    await symlink(root, join(cwd, 'up'));
    await expect(list('up/beside')).rejects.toThrow('outside of the folder that bench runs in, by a link');
    await expect(list('nowhere')).rejects.toThrow('there is no "nowhere"');
  });

  it('brings exactly these files, with their modes', async () => {
    git('init', '-q');
    git('add', '.');
    const t = task({ stage: ['src'], run: 'cd $repo_dir && ./src/main.sh "$$(find . -type f | sort)"' });
    const events: DeployEvent[] = [];
    const deployment = await bringUp(t, {}, events);
    const { files, part } = await measure(deployment, t);
    expect(part.failure).toBeNull();
    expect(await readFile(join(files, 'command.log'), 'utf8')).toBe(`staged ./src/deep/it's $(x)\n./src/main.sh\n`);
    expect(events).toContainEqual({ type: 'progress', phase: 'stage', text: '2 files' });
    expect(deployment.phases.map(({ name }) => name)).toEqual(['stage']);
    expect((await stat(site().hostDir)).mode & 0o777).toBe(0o700);
    expect((await readdir(site().deploymentDir)).filter((name) => name.startsWith('.stage'))).toEqual([]);
  });
});

describe('before anything is started', () => {
  const target = () => commandTarget({ cwd });

  it('names every problem', () => {
    const t = task(
      { run: 'echo $gpu_device_ids', stage: ['../up'], result_files: ['../x', '/etc/passwd'] },
      { deploy: { gpu: 'NVIDIA L40S', gpu_count: 2 } },
    );
    const gpus = [{ id: '0', name: 'NVIDIA L40S' }];
    expect(
      target()
        .check(t, { ...site(), gpus })
        .map((p) => p.code),
    ).toEqual(['BENCH_GPU_UNFIT', 'BENCH_STAGE', 'BENCH_RECIPE_INVALID', 'BENCH_RECIPE_INVALID']);
    expect(target().check(task({ run: 'true' }), site())).toEqual([]);
  });

  it('picks the GPUs that are asked for', () => {
    const t = task({ run: 'echo $gpu_device_ids' }, { deploy: { gpu: 'NVIDIA L40S', gpu_count: 2 } });
    const gpus = ['NVIDIA L4', 'NVIDIA L40S', 'NVIDIA L40S'].map((name, i) => ({ id: String(i), name }));
    expect(target().check(t, { ...site(), gpus })).toEqual([]);
    expect(target().plan(t, { ...site(), gpus, gpuVendor: 'nvidia' }).record).toMatchObject({
      gpuIds: ['1', '2'],
      gpuEnv: { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: '1,2' },
    });
  });

  it('says what it would do, secrets masked, the same each time', () => {
    const t = task({
      run: 'run --v=$v',
      variables: { v: 'a b' },
      env: { S: { from_env: 'MY_SECRET' } },
      stage: ['src'],
      result_files: ['*.csv'],
    });
    const { steps } = target().plan(t, site());
    expect(target().plan(t, site()).steps).toEqual(steps);
    const contents = steps.map((step: RenderedStep) =>
      step.kind === 'file' ? step.content : step.kind === 'command' ? step.argv.join(' ') : step.url,
    );
    expect(contents).toContain('run --v=a b');
    expect(contents.join('\n')).toContain(`export S='***'`);
    expect(contents).toContain('git --literal-pathspecs ls-files -z --recurse-submodules -- src');
  });
});

describe('aggregate', () => {
  const aggregate = (script: string, timeout = 10) => {
    const t = task({ run: 'true' }, { aggregate: { run: script, timeout } });
    return runAggregate({ task: t, runDir: join(root, `run's dir`), cwd, io: io(), signal: new AbortController().signal });
  };

  it('runs here, with the run directory as data', async () => {
    expect(await aggregate('printf %s "$run_dir"; pwd >&2')).toMatchObject({
      code: 0,
      stdout: join(root, `run's dir`),
      stderr: `${cwd}\n`,
      failure: null,
    });
  });

  it('says how it failed', async () => {
    expect(await aggregate('echo bad data >&2; exit 2')).toMatchObject({ code: 2, failure: 'aggregate ended with code 2: bad data' });
    expect(await aggregate('sleep 60', 0.2)).toMatchObject({ code: null, failure: 'aggregate did not end within 200 ms and was ended' });
  });

  it('is nothing for a recipe without one', async () => {
    expect(
      await runAggregate({ task: task({ run: 'true' }), runDir: root, cwd, io: io(), signal: new AbortController().signal }),
    ).toBeNull();
  });
});
