import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import { connect } from '@bench/host';
import { hostfileMachines, type HostfileMachines, pbsEnvironment, type SlurmCluster, startSlurm } from '@bench/test-machines';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { killLaunch, parseLaunchArguments, prepareLaunch, realSystem, runLaunch, stage } from '../index.ts';

const absent = (...names: string[]) => names.map((name) => part(name)).find(({ present }) => !present);
const because = (lacking: ReturnType<typeof part> | undefined) => (lacking === undefined ? '' : ` (${lacking.skipped ?? ''})`);

interface Place {
  /** What is different in the environment here. */
  env: Readonly<Record<string, string>>;
  hostname?: string;
  /** For logs and the plan's files. */
  folder: string;
  id?: string;
  signal?: AbortSignal;
}

/** `bench launch WORDS` with Node as it is called on the machines. */
async function launch(words: readonly string[], { env, hostname, folder, id = 'l-it', signal }: Place) {
  const real = realSystem({ ...process.env, ...env });
  const system = hostname === undefined ? real : { ...real, hostname };
  const passed = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const prepared = prepareLaunch(parseLaunchArguments([...passed, '--machine', 'none', ...words]), {
    system,
    id,
    folder: join(folder, id),
    node: 'node',
  });
  let said = '';
  const notes: string[] = [];
  const result = await runLaunch(prepared, {
    io: createIo({ connect }),
    signal: signal ?? new AbortController().signal,
    system,
    show: (_, chunk) => {
      said += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
    },
    note: (line) => notes.push(line),
    cwd: folder,
  });
  return { ...result, said, notes, plan: prepared.plan };
}

type Launched = Awaited<ReturnType<typeof launch>>;

/** Two nodes with two ranks each, all of which reach each other. */
function expectTwoByTwo({ code, test, said, notes }: Launched, nodes: readonly string[]) {
  expect({ code, problems: test?.problems }, `${said}\n${notes.join('\n')}`).toEqual({ code: 0, problems: [] });
  expect(test?.result.connections).toEqual({ asked: 12, failed: [] });
  expect(test?.result.ranks.map((one) => [one.rank, one.nodeRank, one.localRank, one.host])).toEqual([
    [0, 0, 0, nodes[0]],
    [1, 0, 1, nodes[0]],
    [2, 1, 0, nodes[1]],
    [3, 1, 1, nodes[1]],
  ]);
}

const withoutMachines = absent('netns', 'sshd');

describe.skipIf(withoutMachines !== undefined)(`bench launch --test over ssh${because(withoutMachines)}`, () => {
  let group: HostfileMachines;
  const before = process.cwd();
  beforeAll(async () => {
    group = await hostfileMachines(2);
    // Launchers start ranks in the folder where they are, which must be there.
    process.chdir(group.shared);
  });
  afterAll(async () => {
    process.chdir(before);
    await group?.close();
  });

  describe.each([
    { name: 'Open MPI', mpi: 'openmpi', program: 'mpirun.openmpi' },
    { name: 'MPICH', mpi: 'mpich', program: 'mpiexec.hydra' },
  ])('$name', ({ mpi, program }) => {
    const lacking = absent(mpi);

    it.skipIf(lacking !== undefined)(`by a hostfile${because(lacking)}`, async () => {
      const hostfile = join(group.shared, `hosts-${mpi}`);
      writeFileSync(hostfile, 'node1\nnode0\n');
      const launched = await launch(['--test', '-ppn', '2', '--hostfile', hostfile, '--launcher', program], {
        env: group.env,
        folder: group.shared,
      });
      expectTwoByTwo(launched, ['node1', 'node0']);
    });

    it.skipIf(lacking !== undefined)(`in a PBS job${because(lacking)}`, async () => {
      const job = pbsEnvironment({ folder: join(group.shared, `pbs-${mpi}`), nodes: group.names, slotsPerNode: 2 });
      const launched = await launch(['--test', '--launcher', program], {
        env: { ...group.env, ...job.env },
        hostname: 'node0',
        folder: group.shared,
      });
      expect(launched.plan.allocation).toMatchObject({ scheduler: 'pbs', jobId: '1234' });
      expectTwoByTwo(launched, group.names);
    });
  });
});

const withoutSlurm = absent('slurm', 'netns', 'sshd');

describe.skipIf(withoutSlurm !== undefined)(`bench launch in a Slurm job${because(withoutSlurm)}`, () => {
  let cluster: SlurmCluster;
  let env: Record<string, string>;
  const before = process.cwd();
  const nodes = ['gpu0', 'gpu1', 'gpu2'];
  const here = (over: Partial<Place> = {}): Place => ({ env, folder: cluster.shared, ...over });
  const options = () => ({
    io: createIo({ connect }),
    signal: new AbortController().signal,
    hostname: 'here',
    allocation: { scheduler: 'slurm', jobId: env['SLURM_JOB_ID'] as string, addresses: {} },
  });

  beforeAll(async () => {
    cluster = await startSlurm({ nodes: 3, cpuNodes: 0 });
    process.chdir(cluster.shared);
    // srun is run here, and reads its configuration from the environment.
    process.env['SLURM_CONF'] = cluster.env.SLURM_CONF;
    const { stdout, stderr } = await cluster.run([
      'salloc',
      '--no-shell',
      '--nodes=3',
      '--ntasks-per-node=2',
      '--gpus-per-node=2',
      '--job-name=launch',
    ]);
    const jobId = /Granted job allocation (\d+)/.exec(stdout + stderr)?.[1] as string;
    env = { ...cluster.env, SLURM_JOB_ID: jobId, SLURM_JOB_NODELIST: 'gpu[0-2]', SLURM_GPUS_ON_NODE: '2' };
  });
  afterAll(async () => {
    delete process.env['SLURM_CONF'];
    process.chdir(before);
    await cluster?.close();
  });

  it('--test passes on 2 nodes with 2 ranks each, which see their GPUs', async () => {
    const launched = await launch(['--test', '-nh', '2', '-ppn', '2'], here());
    expectTwoByTwo(launched, nodes);
    expect(launched.test?.result.ranks.map(({ gpus }) => gpus.visible)).toEqual(['0,1', '0,1', '0,1', '0,1']);
  });

  it('passes the exit code on, and prefixes lines by rank', async () => {
    const script = 'echo "on $SLURMD_NODENAME"; [ "$RANK" != 1 ] || exit 7';
    const { code, said } = await launch(['-nh', '2', '-ppn', '1', '--prefix', '--', 'sh', '-c', script], here());
    expect(code).toBe(7);
    expect(said.split('\n')).toEqual(expect.arrayContaining(['[1] on gpu1']));
  });

  it('ends all ranks when it is interrupted', async () => {
    const stop = new AbortController();
    const marks = join(cluster.shared, 'ranks');
    mkdirSync(marks, { mode: 0o777 });
    const script = `trap '' TERM; echo $$ >"$0/$SLURMD_NODENAME"; while :; do sleep 0.1; done`;
    const running = launch(['-nh', '3', '-ppn', '1', '--', 'sh', '-c', script, marks], here({ id: 'l-stop', signal: stop.signal }));
    await expect.poll(() => nodes.filter((node) => existsSync(join(marks, node))), { timeout: 30_000 }).toEqual(nodes);
    stop.abort();
    expect((await running).code).toBe(130);
    const { nodes: looked, failed } = await killLaunch({ launchId: 'l-stop', nodes, dryRun: true }, options());
    expect({ failed, left: looked.flatMap(({ processes }) => processes) }).toEqual({ failed: [], left: [] });
  });

  it('ends what a launch has left on the nodes, and only that', async () => {
    const words = ['-nh', '2', '-ppn', '1', '--launcher-arg', '--overlap', '--', 'sleep', '600'];
    const running = ['l-left', 'l-other'].map((id) => launch(words, here({ id })));
    const find = async (launchId: string, dryRun: boolean) =>
      (await killLaunch({ launchId, nodes: ['gpu0', 'gpu1'], matching: ['sleep 600'], dryRun }, options())).nodes.map(
        ({ node, processes, left }) => [node, processes.length, left.length],
      );
    await expect
      .poll(() => find('l-left', true), { timeout: 30_000 })
      .toEqual([
        ['gpu0', 1, 0],
        ['gpu1', 1, 0],
      ]);
    await expect
      .poll(() => find('l-other', true), { timeout: 30_000 })
      .toEqual([
        ['gpu0', 1, 0],
        ['gpu1', 1, 0],
      ]);
    // When the first of its ranks ends, srun ends the others, too.
    expect((await find('l-left', false)).map(([, , left]) => left)).toEqual([0, 0]);
    expect(await find('l-left', true)).toEqual([
      ['gpu0', 0, 0],
      ['gpu1', 0, 0],
    ]);
    expect(await find('l-other', true)).toEqual([
      ['gpu0', 1, 0],
      ['gpu1', 1, 0],
    ]);
    await find('l-other', false);
    expect((await Promise.all(running)).map(({ code }) => code)).not.toContain(0);
  });

  it('stages a tree to all nodes, and says which failed', async () => {
    const tree = join(cluster.shared, 'tree');
    mkdirSync(join(tree, 'a b'), { recursive: true });
    writeFileSync(join(tree, 'a b', "it's"), 'content\n', { mode: 0o755 });
    const request = { source: tree, destination: '/tmp/staged/tree', nodes: [...nodes, 'gpu9'], minSuccess: '75%' };
    const result = await stage(request, { ...options(), retries: 0 });
    expect(result).toMatchObject({ ok: true, needed: 3, staged: nodes, failed: [{ node: 'gpu9', tries: 1 }] });
    const { said } = await launch(['-nh', '3', '-ppn', '1', '--', 'cat', "/tmp/staged/tree/a b/it's"], here());
    expect(said).toBe('content\n'.repeat(3));
  });

  // srun is told which nodes to use: a spare one really takes the place of the bad one.
  it('goes on with a spare node in place of the one that Slurm names', async () => {
    const script = `echo "step=1 on $SLURMD_NODENAME rank $RANK"
      [ "$SLURMD_NODENAME" != gpu0 ] || { echo "srun: error: Node failure on gpu0" >&2; exit 1; }`;
    const { code, notes } = await launch(['--failover', '-nh', '2', '-ppn', '1', '--', 'sh', '-c', script], here({ id: 'l-over' }));
    expect(code, notes.join('\n')).toBe(0);
    expect(notes.at(-1)).toMatch(/^FAILOVER STOP: success/);
    const folder = join(cluster.shared, 'logs', `failover-${env['SLURM_JOB_ID'] as string}-l-over`);
    expect(readFileSync(join(folder, 'active.hostfile'), 'utf8')).toBe('gpu2\ngpu1\n');
    expect(readFileSync(join(folder, 'attempt-2.log'), 'utf8').split('\n').sort()).toEqual([
      '',
      'step=1 on gpu1 rank 1',
      'step=1 on gpu2 rank 0',
    ]);
  });
});
