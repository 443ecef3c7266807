import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { baseImage, startSlurm, unpackImage, type LoginShell, type SlurmCluster } from '../index.ts';
import { stateRoot } from '../claims.ts';
import { identify, isRunning, processesOf } from '../processes.ts';
import { run, until } from '../run.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../../..');
const absent = [part('slurm'), part('netns'), part('sshd')].some(({ present }) => !present);

/** Submits a script; resolves with the job's id. */
const submit = async (cluster: SlurmCluster, script: string, ...options: string[]) => {
  return (await cluster.run(['sbatch', '--parsable', '--output=%j.out', ...options], { stdin: `#!/bin/sh\n${script}\n` })).stdout.trim();
};
const job = async (cluster: SlurmCluster, id: string) => {
  const { stdout } = await cluster.run(['squeue', '-h', '-t', 'all', '-j', id, '-o', '%T %r %R']);
  return stdout.trim();
};
const became = (cluster: SlurmCluster, id: string, state: string) =>
  until(`job ${id} ${state}`, async () => (await job(cluster, id)).startsWith(state), {
    timeoutMs: 60_000,
    everyMs: 50,
    why: cluster.logs,
  });
/** A job is RUNNING a moment before it has the file. */
const output = (cluster: SlurmCluster, id: string) => {
  const path = join(cluster.shared, `${id}.out`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

/** Folders of this process's machines. */
const ownFolders = () =>
  readdirSync(stateRoot()).filter((name) => {
    const owner = join(stateRoot(), name, 'owner.json');
    return existsSync(owner) && (JSON.parse(readFileSync(owner, 'utf8')) as { pid: number }).pid === process.pid;
  });

const ssh = (cluster: SlurmCluster, command: string, check = true) =>
  run(['ssh', '-F', cluster.login.sshConfigFile, '-o', 'BatchMode=yes', cluster.login.name, command], { check });

describe.skipIf(absent)('a Slurm without accounting', () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await startSlurm();
  });
  afterAll(() => cluster?.close());

  afterEach(async () => {
    await cluster.run(['scancel', '--user=root']);
    await until('an empty queue', async () => (await cluster.run(['squeue', '-h'])).stdout === '', { everyMs: 50 });
  });

  it('has three partitions, all idle', async () => {
    const { stdout } = await cluster.run(['sinfo', '-h', '-o', '%P|%l|%D|%G|%N|%t']);
    expect(stdout.split('\n').sort()).toEqual([
      '',
      'cpu|infinite|1|(null)|cpu0|idle',
      'gpu*|infinite|4|gpu:a100:2|gpu[0-3]|idle',
      'short|1:00|4|gpu:a100:2|gpu[0-3]|idle',
    ]);
    expect(cluster.nodeNames).toEqual(['gpu0', 'gpu1', 'gpu2', 'gpu3', 'cpu0']);
  });

  it('gives two jobs on a node different GPUs, and lets a third wait', async () => {
    const started = 'echo $CUDA_VISIBLE_DEVICES; hostname; nvidia-smi -L | wc -l; exec sleep 600';
    const ids = [];
    for (let count = 0; count < 3; count += 1) ids.push(await submit(cluster, started, '--gres=gpu:1', '--nodelist=gpu1'));
    const [first = '', second = '', third = ''] = ids;
    await became(cluster, first, 'RUNNING');
    await became(cluster, second, 'RUNNING');
    await until('what they print', () => [first, second].every((id) => output(cluster, id).split('\n').length === 4));
    expect([output(cluster, first), output(cluster, second)].sort()).toEqual(['0\ngpu1\n2\n', '1\ngpu1\n2\n']);
    expect(await job(cluster, third)).toMatch(/^PENDING Resources|^PENDING ReqNodeNotAvail/);
    await cluster.run(['scancel', first, second, third]);
    await became(cluster, first, 'CANCELLED');
  });

  it('runs the ranks of a job on several nodes, which reach each other by name', async () => {
    const { stdout } = await cluster.run([
      'srun',
      '-N2',
      '--ntasks-per-node=2',
      '--gpus-per-task=1',
      'sh',
      '-c',
      'echo "$(hostname) $CUDA_VISIBLE_DEVICES"',
    ]);
    expect(stdout.split('\n').sort()).toEqual(['', 'gpu0 0', 'gpu0 1', 'gpu1 0', 'gpu1 1']);
    const found = await cluster.run(['srun', '--nodelist=gpu2', '-N1', 'getent', 'hosts', 'login', 'cpu0']);
    expect(found.stdout).toMatch(new RegExp(`^${cluster.login.address} +login\n${cluster.node('cpu0').address} +cpu0\n$`));
  });

  it('is used over SSH by a user who is not root, in a login shell with a banner', async () => {
    const { stdout } = await ssh(cluster, 'bash -lc "srun -N1 sh -c \'id -un; pwd; echo x > made-by-a-job\'"');
    expect(stdout).toMatch(/^\*\*\* Welcome .*\nNews: .*\nbench\n\/home\/bench\n$/);
    expect(existsSync(cluster.login.path('/home/bench/made-by-a-job'))).toBe(true);
    // Without the profile the programs know no cluster.
    const { code, stdout: plain } = await ssh(cluster, 'squeue', false);
    expect({ code, plain }).toEqual({ code: 1, plain: '' });
    expect((await cluster.runAsUser(['srun', '-p', 'cpu', 'hostname'])).stdout).toBe('cpu0\n');
  });

  it.skipIf(!part('charliecloud').present)('runs a container of Charliecloud for that user', async () => {
    const root = join(cluster.shared, 'image');
    await unpackImage(await baseImage(), root);
    const { stdout } = await cluster.runAsUser([
      'srun',
      'ch-run',
      '--set-env=IN=container',
      root,
      '--',
      'sh',
      '-c',
      'id -u; echo $IN; hostname',
    ]);
    expect(stdout).toBe('1000\ncontainer\ngpu0\n');
  });

  it('says that accounting is disabled', async () => {
    expect((await cluster.run(['sacct'], { check: false })).stderr).toBe('Slurm accounting storage is disabled\n');
  });

  it('drains a node and takes it back', async () => {
    await cluster.drain('gpu3', 'a new fan');
    expect((await cluster.run(['sinfo', '-h', '-R', '-o', '%E|%n'])).stdout).toBe('a new fan|gpu3\n');
    const id = await submit(cluster, 'true', '--nodelist=gpu3');
    await until('why it waits', async () => (await job(cluster, id)).includes('ReqNodeNotAvail'), { everyMs: 50 });
    await cluster.resume('gpu3');
    await became(cluster, id, 'COMPLETED');
  });

  it('loses a node with its job, and gets it back', async () => {
    const id = await submit(cluster, 'exec sleep 600', '--nodelist=gpu2', '--no-requeue');
    await became(cluster, id, 'RUNNING');
    await cluster.killNode('gpu2');
    await became(cluster, id, 'NODE_FAIL');
    await cluster.resume('gpu2');
    expect((await cluster.run(['srun', '--nodelist=gpu2', '-N1', 'hostname'])).stdout).toBe('gpu2\n');
  });

  it('ends a job whose time is over', async () => {
    const id = await submit(cluster, 'exec sleep 600', '-p', 'short');
    await became(cluster, id, 'RUNNING');
    await cluster.expire(id);
    await became(cluster, id, 'TIMEOUT');
  }, 90_000);

  it('loses slurmctld, and gets it back with its jobs', async () => {
    const id = await submit(cluster, 'exec sleep 600');
    await became(cluster, id, 'RUNNING');
    await cluster.stopController();
    expect((await cluster.run(['scontrol', 'ping'], { check: false })).stdout).toContain('is DOWN');
    await cluster.startController();
    expect(await job(cluster, id)).toMatch(/^RUNNING/);
    await cluster.run(['scancel', id]);
  });

  it('is up beside another, and leaves nothing when it is closed', async () => {
    const other = await startSlurm({ nodes: 1, gpusPerNode: 1, gpuType: 'h100', cpuNodes: 0, share: [REPOSITORY] });
    const id = await submit(other, 'exec sleep 600', '--gres=gpu:h100:1');
    await became(other, id, 'RUNNING');
    expect((await other.run(['srun', '--overlap', `--jobid=${id}`, 'sh', '-c', 'echo $CUDA_VISIBLE_DEVICES'])).stdout).toBe('0\n');
    expect((await cluster.run(['squeue', '-h'])).stdout).toBe('');
    const inRepository = await other.run(['srun', '--overlap', `--jobid=${id}`, 'sh', '-c', 'ls "$1"; touch "$1/x"', 'sh', REPOSITORY], {
      check: false,
    });
    expect(inRepository).toMatchObject({ stdout: expect.stringContaining('package.json'), stderr: expect.stringContaining('Read-only') });
    expect((await cluster.run(['srun', 'ls', '-A', REPOSITORY], { check: false })).stdout).not.toContain('package.json');
    const processes = [other.login, other.node('gpu0')].flatMap(({ initPid }) => processesOf(initPid));
    expect(processes.map(({ name }) => name)).toEqual(expect.arrayContaining(['slurmctld', 'slurmd', 'slurmstepd', 'munged', 'sshd']));
    const ids = processes.map(({ pid }) => identify(pid));
    await other.close();
    await other.close();
    expect(ids.filter(isRunning)).toEqual([]);
    expect(existsSync(other.conf)).toBe(false);
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(other.shared);
    expect((await cluster.run(['srun', 'hostname'])).stdout).toMatch(/^gpu\d\n$/);
  });
});

describe.skipIf(absent)('a Slurm that does not come up', () => {
  it('says why, and leaves nothing', async () => {
    await expect(startSlurm({ nodes: 1, cpuNodes: 0, conf: ['NoSuchOption=1'] })).rejects.toThrow(
      /slurm(ctl)?d on slurm\d+-.* did not start:\n(.*\n)*.*NoSuchOption/,
    );
    expect(ownFolders()).toEqual([]);
  });

  it('leaves nothing when it is ended before', async () => {
    for (const afterMs of [100, 400, 900]) {
      await expect(
        startSlurm({ nodes: 1, cpuNodes: 0, accounting: true, homeSizeMiB: 8, signal: AbortSignal.timeout(afterMs) }),
      ).rejects.toThrow();
      expect(ownFolders()).toEqual([]);
    }
  });
});

describe.skipIf(absent)('a login host of another site', () => {
  const shells: { shell: LoginShell; present: boolean }[] = [
    { shell: 'tcsh', present: part('tcsh').present },
    { shell: 'fish', present: part('fish').present },
  ];
  for (const { shell, present } of shells) {
    it.skipIf(!present)(`has ${shell}, and a quota that is soon used up`, async () => {
      const cluster = await startSlurm({ nodes: 1, cpuNodes: 0, shell, banner: 'HELLO', homeSizeMiB: 1 });
      try {
        expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(cluster.shared.replace(/shared$/, 'home'));
        // Without a command, ssh starts a login shell, which reads its input; tcsh takes none together with -l.
        const { stdout } = await run(['ssh', '-F', cluster.login.sshConfigFile, cluster.login.name], { stdin: 'srun hostname\n' });
        expect(stdout).toMatch(/HELLO\n(.*\n)*gpu0\n$/);
        const full = await cluster.runAsUser(['srun', 'dd', 'if=/dev/zero', 'of=big', 'bs=1M', 'count=2'], { check: false });
        expect(full.stderr).toContain('No space left on device');
        expect((await ssh(cluster, 'echo more > x', false)).code).not.toBe(0);
      } finally {
        await cluster.close();
      }
    });
  }
});

describe.skipIf(absent)('a Slurm with accounting', () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await startSlurm({ nodes: 1, cpuNodes: 0, accounting: true, enforceLimits: true });
  });
  afterAll(() => cluster?.close());

  it('tells what a job used', async () => {
    const id = await submit(cluster, 'sleep 1; exit 3', '--gres=gpu:1');
    await became(cluster, id, 'FAILED');
    const fields = ['JobIDRaw', 'State', 'ExitCode', 'AllocTRES', 'NodeList'].join(',');
    const sacct = () => cluster.run(['sacct', '-nP', '-j', id, '-o', fields]);
    await until('its record', async () => (await sacct()).stdout.includes('.batch|FAILED'), { everyMs: 50 });
    expect((await sacct()).stdout.split('\n')[0]).toBe(`${id}|FAILED|3:0|billing=1,cpu=1,gres/gpu=1,node=1|gpu0`);
  });

  it('refuses those without an account, until they have one', async () => {
    const asUser = () => cluster.runAsUser(['sbatch', '--parsable', '--wrap=true'], { check: false });
    expect(await asUser()).toMatchObject({ code: 1, stderr: expect.stringContaining('Invalid account or account/partition combination') });
    await cluster.run([
      'sacctmgr',
      '-i',
      'add',
      'account',
      'research',
      'Cluster=' + /ClusterName=(.*)/.exec(readFileSync(cluster.conf, 'utf8'))?.[1],
    ]);
    await cluster.run(['sacctmgr', '-i', 'add', 'user', 'bench', 'Account=research']);
    await until('its association', async () => (await asUser()).code === 0, { everyMs: 200 });
  });
});
