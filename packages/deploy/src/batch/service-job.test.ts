import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { API_KEY, batchNode, type BatchNode, closeBatchNodes } from './testing/batch-node.ts';

afterEach(closeBatchNodes);

const yaml = (engine: object = {}, slurm: object = {}) =>
  `model: {huggingface: org/m}\nengine: {llm: {noded: ${JSON.stringify(engine)}}}\nslurm: ${JSON.stringify({ runtime: 'none', ...slurm })}\n`;

async function ask(node: BatchNode, path = '/'): Promise<{ rest: string[]; cwd: string; env: Record<string, string> }> {
  const { port } = await node.until('service.announced');
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${API_KEY}` } });
  return (await answer.json()) as never;
}

/** A program in the engine's place on the node: `node`, after some lines of sh. */
async function wrapper(lines: string): Promise<{ programs: Record<string, { argv: [string] }>; prepare(node: BatchNode): Promise<void> }> {
  const path = join('/tmp', `bench-engine-${process.pid}-${Math.random().toString(36).slice(2)}`);
  await writeFile(path, `#!/bin/sh\nself=$0\n${lines}\nexec node "$@"\n`, { mode: 0o700 });
  return { programs: { noded: { argv: [path] } }, prepare: () => rm(path) };
}

describe('the job of a service', () => {
  it('tells each step, is ready, and ends when told to', async () => {
    const node = await batchNode(yaml());
    const job = node.service();
    const ready = await node.until('service.ready', job);
    const running = await node.until('service.running');
    expect(running).toMatchObject({ node: 'gpu0', jobId: expect.stringMatching(/^4\d+$/) as string });
    const announced = await node.until('service.announced');
    expect(announced.hosts[0]).toBe('gpu0');
    expect(announced.hosts.join(' ')).not.toMatch(/127\.0\.0\.1|localhost|::/);
    const states = [running, await node.until('service.image'), announced, await node.until('service.listening'), ready];
    expect(states.map(({ atMs }) => atMs)).toEqual(states.map(({ atMs }) => atMs).sort((a, b) => a - b));
    const refused = await fetch(`http://127.0.0.1:${announced.port}/`);
    expect([refused.status, await refused.text()]).toEqual([401, '']);
    await node.write('state/stop', '{"atMs":1,"reason":"clients are \\"done\\""}\n');
    expect(await job.ended).toBe(0);
    expect(await node.state('service.exit')).toMatchObject({ code: 0, reason: 'stopped: clients are "done"' });
    await expect(fetch(`http://127.0.0.1:${announced.port}/`)).rejects.toThrow('fetch failed');
    expect(await node.read('engine.log')).toBe('starting good\ngot TERM\n');
    expect(job.output()).not.toContain(API_KEY);
    expect(await readdir(join(node.remoteDir, '../node-tmp'))).toEqual([expect.stringMatching(/^job\d+$/)]);
  });

  it.each([
    ['SIGTERM', 'cancelled', 130],
    ['SIGUSR1', 'time limit', 124],
  ] as const)('told by %s, it lets the engine end and says why', async (signal, reason, code) => {
    const node = await batchNode(yaml());
    const job = node.service();
    await node.until('service.ready', job);
    job.signal(signal);
    expect(await job.ended).toBe(code);
    expect(await node.state('service.exit')).toMatchObject({ code: 0, reason });
    expect(await node.read('engine.log')).toContain('got TERM');
  });

  it('knows a TERM of the time limit from one of scancel', async () => {
    const node = await batchNode(yaml({ mode: 'never' }));
    const job = node.service({ SLURM_JOB_END_TIME: String(Math.floor(Date.now() / 1000) + 1) });
    await node.until('service.listening', job);
    job.signal('SIGTERM');
    expect(await job.ended).toBe(124);
    expect(await node.state('service.exit')).toMatchObject({ reason: 'time limit' });
  });

  it.each([
    ['the age of its script', {}],
    ['the end that Slurm tells', { SLURM_JOB_END_TIME: String(Math.floor(Date.now() / 1000)) }],
  ])('that has little time looks at the clock itself: %s', async (_by, env) => {
    const node = await batchNode(yaml({ mode: 'never' }, { time_limit: 4 }));
    // Nobody sends it a signal.
    expect(await node.service(env).ended).toBe(124);
    expect(await node.state('service.exit')).toMatchObject({ reason: 'time limit' });
  });

  it('told again and again while it begins, it says so all the same', async () => {
    const node = await batchNode(yaml({ mode: 'never' }));
    const job = node.service();
    await node.until('service.running', job);
    const telling = setInterval(() => job.signal('SIGUSR1'), 3);
    await job.ended;
    clearInterval(telling);
    expect((await node.state('service.exit'))?.reason).toMatch(/time limit$/);
  });

  it('ends an engine that does not end by itself, with all that it started', async () => {
    const node = await batchNode(yaml({ mode: 'stubborn' }));
    const job = node.service();
    await node.until('service.ready', job);
    const { port } = await node.until('service.announced');
    job.signal('SIGTERM');
    // The clients need not wait for that.
    expect(await node.until('service.exit')).toMatchObject({ reason: 'cancelled' });
    expect(await job.ended).toBe(130);
    expect(await node.state('service.exit')).toMatchObject({ code: null, signal: 'SIGKILL', reason: 'cancelled' });
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
  });

  it('says of an engine that dies how, and with which words', async () => {
    const node = await batchNode(yaml());
    const job = node.service();
    await node.until('service.ready', job);
    await ask(node, '/die').catch(() => undefined);
    expect(await job.ended).toBe(1);
    expect(await node.state('service.exit')).toMatchObject({ code: 3, reason: 'the engine exited with code 3: starting good' });
  });

  it('says of an engine that never comes up why, whatever is in its words', async () => {
    const node = await batchNode(yaml({ mode: 'exit' }));
    const job = node.service();
    expect(await job.ended).toBe(1);
    expect(await node.state('service.exit')).toMatchObject({
      code: 9,
      reason: String.raw`the engine exited with code 9: CUDA error: "no" device \ at all (before it was ready)`,
    });
    expect(await node.state('service.ready')).toBeNull();
  });

  it('gives up on an engine that is never healthy, and says what it answered', async () => {
    const node = await batchNode(yaml({ mode: 'never' }), { timing: { readyS: 2 } });
    const job = node.service();
    expect(await job.ended).toBe(1);
    expect((await node.state('service.exit'))?.reason).toBe(
      'the engine was not ready within 2 s: /health answered 503; its log ends with: starting never',
    );
    await expect(ask(node)).rejects.toThrow('fetch failed');
  });

  it('an engine that is not there is named', async () => {
    const node = await batchNode(yaml(), { programs: { noded: { argv: ['no-such-engine'] } } });
    const job = node.service();
    expect(await job.ended).toBe(1);
    expect((await node.state('service.exit'))?.reason).toBe(
      'no-such-engine is not on gpu0: name its module in slurm.modules, or set PATH in slurm.prelude',
    );
  });

  it.each([
    ['the engine finds its port taken', ''],
    ['another answers there while the engine loads', 'sleep 100'],
  ])('takes another port when %s', async (_when, then) => {
    // Another program of the same user is quicker than the engine, once; it says yes to every question.
    const { programs, prepare } = await wrapper(`
if [ ! -e "$self.once" ]; then
  : > "$self.once"
  env -u BENCH_ENGINE_OF setsid node -e 'require("node:http").createServer((q, r) => r.end("ok")).listen(Number(process.argv[1]), "0.0.0.0"); setTimeout(() => process.exit(), 30000)' "$4" > "$self.log" 2>&1 &
  echo $! > "$self.pid"
  sleep 1
  ${then}
fi`);
    const node = await batchNode(yaml(), { programs });
    const job = node.service();
    const self = programs.noded?.argv[0] as string;
    try {
      await node.until('service.ready', job);
      expect(job.output()).toMatch(/port \d+ was taken by another program before the engine had it/);
      const taken = /port (\d+) was taken/.exec(job.output())?.[1];
      expect((await node.until('service.announced')).port).not.toBe(Number(taken));
      expect((await ask(node)).rest[0]).toBe('process');
    } finally {
      job.signal('SIGTERM');
      await job.ended;
      const { readFile } = await import('node:fs/promises');
      process.kill(Number(await readFile(`${self}.pid`, 'utf8')));
      await prepare(node);
      await Promise.all(['.once', '.pid', '.log'].map((end) => rm(`${self}${end}`, { force: true })));
    }
  });

  it('keeps every value as it is, in every place', async () => {
    const nasty = ["it's", 'a "b" $HOME `id` $(id) \\ \n\ttwo', '', ' -x', 'ünï ✓', '*', '41117', '&&;|', '#'];
    const env = Object.fromEntries(nasty.map((value, i) => [`NASTY_${i}`, value]));
    const node = await batchNode(yaml({ args: nasty, env: { ...env, SECRET: { from_env: "it's $(id)" } } }), { folder: `a b'c "$(id)" ü` });
    const job = node.service();
    await node.until('service.ready', job);
    const { port } = await node.until('service.announced');
    const { rest, env: got } = await ask(node);
    // The port stands where the engine put it, and only there.
    expect(rest).toEqual(['process', `--at=:${port}/x`, ...nasty]);
    expect(got).toMatchObject({ ...env, SECRET: "secret of it's $(id)", ENGINE_URL: `http://127.0.0.1:${port}/`, PORT: String(port) });
    expect(got.HF_HOME).toBe(join(node.remoteDir, 'cache/models'));
  });

  it('holds no secret in what is no secret file', async () => {
    const node = await batchNode(yaml({ env: { TOKEN: { from_env: 'HF' } } }));
    const secrets = [API_KEY, 'secret of HF'];
    for (const { content, secret, mode, path } of node.plan.files) {
      if (secret) expect(mode).toBe(0o600);
      else for (const value of secrets) expect(content, path).not.toContain(value);
    }
    for (const value of secrets) expect(JSON.stringify([node.plan.steps, node.plan.record, node.plan.jobs])).not.toContain(value);
    expect(
      node.plan.files
        .filter(({ secret }) => secret)
        .map(({ content }) => content)
        .join(''),
    ).toContain('secret of HF');
  });

  it('leaves no variable on its node’s disk, which a job that is killed would not remove', async () => {
    const node = await batchNode(yaml({ mode: 'never', env: { TOKEN: { from_env: 'HF' }, PATH: '/nowhere' } }), {
      programs: { noded: { argv: [process.execPath] } },
    });
    // It is not ready, and never will be.
    await node.until('service.listening', node.service());
    expect(await Promise.all([API_KEY, 'secret of HF'].map(node.holding))).toEqual([[], []]);
  });

  it('runs the recipe’s own lines first, however loosely they are written', async () => {
    const prelude = [
      'echo "at $UNSET_VARIABLE" > /dev/null',
      'set +e; false',
      'trap - TERM EXIT',
      "export FROM_PRELUDE='a b'",
      '#SBATCH --gres=gpu:8',
      'cd /',
    ];
    const node = await batchNode(yaml({}, { prelude }));
    const job = node.service();
    await node.until('service.ready', job);
    expect((await ask(node)).env.FROM_PRELUDE).toBe('a b');
    // None of its lines is in what sbatch reads for its options.
    expect(node.plan.jobs[0]?.script).not.toContain('SBATCH');
    job.signal('SIGTERM');
    expect(await job.ended).toBe(130);
    expect(await node.state('service.exit')).toMatchObject({ reason: 'cancelled' });
  });

  it.each([
    [['true', 'false'], /^slurm\.prelude failed with code 1 \(line 2\)$/],
    [['exit 4'], /^slurm\.prelude failed with code 4$/],
    [['if true; then'], /^slurm\.prelude failed with code \d/],
  ])('says of the lines %j that they failed', async (prelude, reason) => {
    const node = await batchNode(yaml({}, { prelude }));
    const job = node.service();
    expect(await job.ended).toBeGreaterThan(0);
    expect((await node.state('service.exit'))?.reason).toMatch(reason);
  });

  it('loads modules by the recipe’s names alone, and says when there are none', async () => {
    const without = await batchNode(yaml({}, { modules: ['env/x', 'it is'] }));
    const job = without.service({ BENCH_ENV: '1' });
    expect(await job.ended).toBe(1);
    expect((await without.state('service.exit'))?.reason).toBe('there are no environment modules on gpu0 (slurm.modules)');
    const functions = { 'BASH_FUNC_module%%': '() { if [ "$2" = bad ]; then return 1; fi; export LOADED="${LOADED:-}[$*]"; }' };
    const node = await batchNode(yaml({}, { modules: ['env/x', 'it is'] }), { env: functions });
    await node.until('service.ready', node.service());
    expect((await ask(node)).env.LOADED).toBe('[load env/x][load it is]');
    const bad = await batchNode(yaml({}, { modules: ['bad'] }), { env: functions });
    expect(await bad.service().ended).toBe(1);
    expect((await bad.state('service.exit'))?.reason).toMatch(/^module load bad failed with code 1/);
  });

  it('that cannot write its state says so where it can, with a code of its own', async () => {
    const node = await batchNode(yaml());
    await rm(join(node.plan.record.folder, 'state'), { recursive: true });
    await mkdir(join(node.plan.record.folder, 'elsewhere'));
    const job = node.service();
    expect(await job.ended).toBe(73);
    expect(job.output()).toMatch(/cannot write .*service\.running: is the disk or the quota full\?/);
  });

  it.each([
    // A folder in which nobody can make a file, root neither.
    ['for the file in it', 'ln -s /proc "$lock"'],
    ['at all', `echo "mkdir: cannot create directory '$lock': No space left on device" >&2; exit 1`],
    ['at all, by quota', `echo "mkdir: cannot create directory '$lock': Disk quota exceeded" >&2; exit 1`],
  ])('whose image’s lock has no room %s says so, and waits for nobody', async (_what, makeLock) => {
    const service = { image: 'registry.example/noded:1', command: 'true', ready: { log: 'up' } };
    const node = await batchNode(JSON.stringify({ service, clients: { load: { command: 'true' } } }));
    const bin = join(node.remoteDir, 'bin');
    await mkdir(bin);
    const program = (name: string, lines: string) => writeFile(join(bin, name), `#!/bin/sh\n${lines}\n`, { mode: 0o700 });
    await program('apptainer', 'exit 1');
    const real = '/usr/bin:/bin';
    await program('mkdir', `for lock; do :; done\ncase $lock in *.lock) ${makeLock} ;; *) PATH=${real} exec mkdir "$@" ;; esac`);
    await writeFile(join(node.remoteDir, '../.bash_profile'), `PATH=${bin}:${process.env.PATH}\n`);
    const job = node.service();
    expect(await job.ended).toBe(1);
    expect((await node.state('service.exit'))?.reason).toBe(
      `${join(node.remoteDir, 'cache/images')} cannot be written to: is the disk or the quota full?`,
    );
  });

  it('told to end before it has begun, begins nothing', async () => {
    const node = await batchNode(yaml());
    await node.write('state/stop', '{"atMs":1,"reason":"torn down"}');
    expect(await node.service().ended).toBe(0);
    expect((await node.state('service.exit'))?.reason).toBe('stopped: torn down');
    expect(await node.state('service.image')).toBeNull();
  });
});
