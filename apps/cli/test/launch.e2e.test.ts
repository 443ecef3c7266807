import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostfileMachines, type HostfileMachines, pbsEnvironment, startSlurm, type SlurmCluster } from '@bench/test-machines';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { BENCH, bench, folder, REPOSITORY, show, start } from './cli.ts';

/** Of no cluster, whatever is installed here. */
const alone = { BENCH_SCHEDULER: 'none', SLURM_JOB_ID: '', PBS_JOBID: '' };
const running = (pid: number) => existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

describe('bench launch on this machine', () => {
  const local = ['launch', '--launcher', 'local'];

  it('starts ranks, prefixes their lines and passes the exit code on', async () => {
    const finished = await bench([...local, '-n', '2', '--prefix', '--', 'sh', '-c', 'echo "$RANK of $WORLD_SIZE"; exit 42'], {
      env: alone,
    });
    expect(finished.code, show(finished)).toBe(42);
    expect(finished.stdout).toMatch(/^\[[01]\] [01] of 2$/m);
    expect(finished.stderr).toMatch(/^bench launch: 2 ranks on 1 node .* without MPI; id l[a-z0-9]{9}$/m);
  });

  it('--test prints a table, and JSON', async () => {
    const table = await bench([...local, '-n', '3', '--test'], { env: alone });
    expect(table.code, show(table)).toBe(0);
    expect(table.stdout).toMatch(/^rank {2}node {2}local/);
    expect(table.stdout).toContain('6 of 6 connections between ranks work');
    const json = await bench([...local, '-n', '3', '--test', '--json'], { env: alone });
    expect(JSON.parse(json.stdout)).toMatchObject({ exitCode: 0, problems: [], topology: { ranks: 3 } });
  });

  it('does nothing on a dry run, and shows no secret', async () => {
    const dir = await folder();
    const finished = await bench([...local, '-n', '2', '--env', 'TOKEN', '--dry-run', '--', 'touch', join(dir, 'it ran')], {
      env: { ...alone, TOKEN: 'hunter2-hunter2' },
    });
    expect(finished.code, show(finished)).toBe(0);
    expect(finished.stdout).toContain('set TOKEN=***');
    expect(show(finished)).not.toContain('hunter2');
    expect(readdirSync(dir)).toEqual([]);
  });

  it('ends all ranks with 130 on Ctrl-C', async () => {
    const dir = await folder();
    const launched = start([...local, '-n', '2', '--', 'sh', '-c', 'echo $$ >"$0/$RANK"; exec sleep 600', dir], { env: alone });
    const pids = () => readdirSync(dir).map((name) => Number(readFileSync(join(dir, name), 'utf8')));
    await expect.poll(() => pids().filter((pid) => pid > 1).length, { timeout: 30_000 }).toBe(2);
    launched.child.kill('SIGINT');
    const finished = await launched.finished;
    expect(finished.code, show(finished)).toBe(130);
    expect(pids().filter(running)).toEqual([]);
  });

  it('ends a silent program with 124', async () => {
    const finished = await bench([...local, '-n', '1', '--timeout', '1s', '--', 'sleep', '600'], { env: alone });
    expect(finished.code, show(finished)).toBe(124);
  });

  it('lists and ends what a launch has left', async () => {
    const dir = await folder();
    const left = 'setsid sleep 600 >/dev/null 2>&1 </dev/null & echo $! >"$0/pid"';
    const launched = await bench([...local, '-n', '1', '--', 'sh', '-c', left, dir], { env: alone });
    expect(launched.code, show(launched)).toBe(0);
    const id = /id (l[a-z0-9]{9})/.exec(launched.stderr)?.[1] as string;
    const pid = Number(await readFile(join(dir, 'pid'), 'utf8'));
    const listed = await bench(['launch', 'kill', id, '--dry-run'], { env: alone });
    expect(listed.stdout, show(listed)).toMatch(new RegExp(`^would end \\S+ ${pid} sleep 600$`, 'm'));
    expect(running(pid)).toBe(true);
    const ended = await bench(['launch', 'kill', id], { env: alone });
    expect(ended.code, show(ended)).toBe(0);
    expect(running(pid)).toBe(false);
  });

  it.each([
    [['launch', '--nprocs', '2', 'true'], 2, 'unknown flag "--nprocs"; did you mean "--nproc"?'],
    [['launch'], 2, 'there is no program to launch'],
    [['launch', '--hostfile', '/nowhere/hosts', 'true'], 2, 'hostfile /nowhere/hosts: it is not there'],
    [['launch', 'kill'], 2, 'an id or --any'],
    [['launch', '--timeout', 'bogus', 'true'], 2, '--timeout: "bogus" is not a duration'],
    [['launch', '--launcher', 'local', '--cpu-bind', 'bogus', 'true'], 2, '--cpu-bind: local cannot bind ranks to "bogus"'],
    [['launch', '--nproc', 'abc', 'true'], 2, 'expected a whole number'],
    [['launch', 'stage', '.', '/tmp'], 2, 'cannot be a destination'],
    [['launch', 'stage', './nowhere', '/tmp/bench-e2e/x'], 2, './nowhere: there is no such file or folder'],
    [['launch', 'stage', '.', '/tmp/bench-e2e/x', '--timeout', 'bogus'], 2, '--timeout: "bogus" is not a duration'],
    [['submit'], 2, 'there is nothing to submit'],
    [['submit', '--script', 'nowhere.sh'], 2, 'there is no such file'],
    // What a script of the user's cannot be given is not dropped.
    [['submit', '--script', '/bin/sh', '--env', 'A=1'], 2, '--env is for a script that bench writes'],
    [['submit', '--script', '/bin/sh', '--setup', '/bin/sh'], 2, '--setup is for a script that bench writes'],
    [['submit', '--script', '/bin/sh', '--no-launch'], 2, '--no-launch is for a script that bench writes'],
    [['submit', '--script', '/bin/sh', '--', 'true'], 2, '--script and a program are two jobs'],
    [['submit', '--scheduler', 'slurm', '--time', 'bogus', '--', 'true'], 2, '--time: "bogus" cannot be the time of a job'],
    [['submit', '--scheduler', 'slurm', '--memory', 'much', '--', 'true'], 2, '--memory: "much" cannot be the memory of a job'],
    [['submit', '--nodes', '0', '--', 'true'], 2, '--nodes'],
    // A submission that cannot be made is no success.
    [['submit', '--', 'true'], 3, 'there is no scheduler here'],
  ])('refuses %j with %i', async (args, code, message) => {
    const finished = await bench(args, { env: alone });
    expect(finished.code, show(finished)).toBe(code);
    expect(finished.stderr).toContain(message);
  });

  it.each([
    [
      'refuses',
      `echo 'sbatch: error: invalid partition specified: nopart' >&2; exit 1`,
      /refused the job: .*nopart[^]*hint: +say another with --queue/,
    ],
    ['takes it without a word', 'exit 0', /gave no job id[^]*hint: +look at the queue/],
  ])('ends with 4, and says nothing of a job, when sbatch %s', async (_what, body, message) => {
    const dir = await folder();
    await writeFile(join(dir, 'sbatch'), `#!/bin/sh\ncat >/dev/null\n${body}\n`, { mode: 0o755 });
    const finished = await bench(['submit', '--', 'true'], {
      env: { ...alone, BENCH_SCHEDULER: 'slurm', PATH: `${dir}:${process.env['PATH']}` },
    });
    expect(finished.code, show(finished)).toBe(4);
    expect(finished.stdout).toBe('');
    expect(finished.stderr).toMatch(message);
  });

  it('submits from a shell with variables of a job that is over', async () => {
    const env = { ...alone, BENCH_SCHEDULER: '', PBS_JOBID: '9.gone', PBS_NODEFILE: '/gone', HOSTFILE: '/gone' };
    const finished = await bench(['submit', '--dry-run', '--', 'true'], { env });
    expect(finished.code, show(finished)).toBe(0);
    expect(finished.stdout).toMatch(/run: qsub$/m);
  });

  it('has help of its own', async () => {
    const { code, stdout } = await bench(['launch', '-n', '2', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('--ranks-per-node <n>');
  });

  it.each([
    ['stage', '--help', '--min-success <nodes>'],
    ['stage', '-h', '--replace'],
    ['kill', '--help', '--match <text>'],
  ])('launch %s %s is help of its own', async (command, flag, text) => {
    const { code, stdout } = await bench(['launch', command, flag]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: bench launch ${command}`);
    expect(stdout).toContain(text);
  });

  it('bench doctor tells of schedulers', async () => {
    const { stdout } = await bench(['doctor', '--json'], { env: alone });
    const { hosts } = JSON.parse(stdout) as { hosts: { checks: { name: string; status: string }[] }[] };
    expect(hosts[0]?.checks.find(({ name }) => name === 'scheduler')).toMatchObject({ status: 'ok' });
  });

  it('asks a scheduler of a plugin', async () => {
    const dir = await folder();
    await writeFile(
      join(dir, 'toy.mjs'),
      `export default {contractVersion: 1, name: 'toy', schedulers: [{name: 'toy', detect: () => true, job: () => ({jobId: '7', source: 'toy'}),
        nodes: () => ['n1', 'n2'], rankScript: 'RANK=0; LOCAL_RANK=0', launchLine: ({nodes, command}) => ['env', 'ON=' + nodes.join('+'), ...command]}]};`,
    );
    await writeFile(join(dir, 'bench.config.yaml'), 'plugins: [./toy.mjs]\n');
    const { code, stdout, stderr } = await bench(['launch', '-ppn', '1', '--', 'sh', '-c', 'echo "$ON"'], {
      cwd: dir,
      env: { BENCH_SCHEDULER: '' },
    });
    expect(stdout, stderr).toBe('n1+n2\n');
    expect(code).toBe(0);
  });
});

const lacking = ['slurm', 'netns', 'sshd'].map((name) => part(name)).find(({ present }) => !present);

describe.skipIf(lacking !== undefined)(`on a Slurm cluster${lacking === undefined ? '' : ` (${lacking.skipped ?? ''})`}`, () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await startSlurm({ nodes: 2, cpuNodes: 0, share: [REPOSITORY] });
  });
  afterAll(() => cluster?.close());
  /** As the user, on the login host. */
  const there = (...words: string[]) =>
    cluster.runAsUser(['env', '-C', cluster.shared, 'node', BENCH, ...words], { check: false, timeoutMs: 60_000 });

  it('submits a job whose ranks pass the test', async () => {
    const flags = [
      '--nodes',
      '2',
      '--ranks-per-node',
      '2',
      '--gpus-per-node',
      '2',
      '--time',
      '5m',
      '--output',
      'test-%j.out',
      '--job-name',
      'ranks',
    ];
    // The program is bench itself: it launches no ranks of its own, so it is started once.
    const submitted = await there('submit', ...flags, '--no-launch', '--', 'node', BENCH, 'launch', '--test', '-ppn', '2');
    expect(submitted.code, show(submitted)).toBe(0);
    const jobId = submitted.stdout.trim();
    expect(jobId).toMatch(/^\d+$/);
    const output = join(cluster.shared, `test-${jobId}.out`);
    const said = () => (existsSync(output) ? readFileSync(output, 'utf8') : '');
    await expect.poll(said, { timeout: 60_000 }).toContain('connections between ranks work');
    expect(said()).toContain('12 of 12 connections between ranks work');
    expect(said()).not.toContain('problem:');
    expect(said()).toMatch(/4 ranks on 2 nodes \(gpu0 gpu1\) by srun \(srun\), slurm job \d+; id /);
    expect(said()).toContain('CUDA_VISIBLE_DEVICES');
  });

  it('submits a script of the user’s, with flags that win', async () => {
    const script = join(cluster.shared, 'own.sh');
    await writeFile(script, '#!/bin/sh\n#SBATCH --job-name=own\n#SBATCH --nodes=1\necho "$SLURM_JOB_NAME on $SLURM_JOB_NUM_NODES"\n');
    await chmod(script, 0o755);
    const submitted = await there('submit', '--script', 'own.sh', '--nodes', '2', '--output', 'own.out');
    expect(submitted.code, show(submitted)).toBe(0);
    const output = join(cluster.shared, 'own.out');
    await expect.poll(() => (existsSync(output) ? readFileSync(output, 'utf8') : ''), { timeout: 60_000 }).toBe('own on 2\n');
  });

  it('says what the queue refuses, and ends with 4', async () => {
    const refused = await there('submit', '--queue', 'nopart', '--', 'true');
    expect(refused.code, show(refused)).toBe(4);
    expect(refused.stderr).toMatch(/invalid partition specified: nopart/);
    expect(refused.stderr).toMatch(/hint: +say another with --queue/);
  });

  it('prints what it would submit', async () => {
    const dry = await there('submit', '--dry-run', '--', 'true');
    expect(dry.stdout).toMatch(/#SBATCH --nodes=1\n(?:.*\n)*run: sbatch --parsable/);
    expect((await cluster.runAsUser(['squeue', '-h', '--me', '--name=bench'])).stdout).toBe('');
  });
});

const withoutMpi = ['netns', 'sshd', 'openmpi', 'mpich'].map((name) => part(name)).find(({ present }) => !present);

describe.skipIf(withoutMpi !== undefined)(`on machines with MPI${withoutMpi === undefined ? '' : ` (${withoutMpi.skipped ?? ''})`}`, () => {
  let group: HostfileMachines;
  beforeAll(async () => {
    group = await hostfileMachines(2, { share: [REPOSITORY] });
  });
  afterAll(() => group?.close());
  /** `bench launch --test` as a user types it on the first machine. */
  const test = (env: Readonly<Record<string, string>>, words: readonly string[]) => {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return group.runAsUser(['env', ...variables, 'node', BENCH, 'launch', '--test', ...words], { check: false, timeoutMs: 120_000 });
  };

  describe.each(['mpirun.openmpi', 'mpiexec.hydra'])('%s', (launcher) => {
    it('--test passes on the nodes of a PBS job', async () => {
      const job = pbsEnvironment({ folder: join(group.shared, `pbs-${launcher}`), nodes: group.names, slotsPerNode: 2 });
      await chmod(job.env['TMPDIR'] as string, 0o1777);
      const { code, stdout, stderr } = await test({ BENCH_SCHEDULER: '', ...job.env }, ['--launcher', launcher, '--json']);
      expect(code, stderr).toBe(0);
      const result = JSON.parse(stdout) as { ranks: { rank: number; host: string; worldSize: number }[]; connections: object };
      expect(result.ranks.map(({ rank, host }) => [rank, host])).toEqual([
        [0, 'node0'],
        [1, 'node0'],
        [2, 'node1'],
        [3, 'node1'],
      ]);
      expect(result.connections).toEqual({ asked: 12, failed: [] });
    }, 180_000);

    it('--test passes on the nodes of a hostfile', async () => {
      const hostfile = join(group.shared, `hosts-${launcher}`);
      writeFileSync(hostfile, 'node1\nnode0\n');
      const finished = await test(alone, ['-ppn', '2', '--hostfile', hostfile, '--launcher', launcher]);
      expect(finished.code, show(finished)).toBe(0);
      expect(finished.stdout).toContain('node1');
    }, 180_000);
  });
});
