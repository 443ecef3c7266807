import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import { connect } from '@bench/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseLaunchArguments } from '../arguments/parse.ts';
import { paperSystem } from '../testing/paper-system.ts';
import type { SchedulerPlugin, System } from '../types.ts';
import { MACHINES } from '../machines/known-machines.ts';
import { planOn, prepareLaunch } from './prepare-launch.ts';
import { runLaunch } from './run-launch.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bench-run-launch-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Nodes of tests cannot be reached. */
const onlyHere = (target: string) => (target === 'local' ? connect(target) : Promise.reject(new Error('unreachable')));

async function launch(
  words: readonly string[],
  { system = paperSystem(), plugins = [], faster = 1 }: { system?: System; plugins?: SchedulerPlugin[]; faster?: number } = {},
) {
  const shown = { stdout: '', stderr: '' };
  const notes: string[] = [];
  const prepared = prepareLaunch(parseLaunchArguments(words), {
    system,
    id: 'l-run',
    folder: join(dir, 'plan'),
    node: process.execPath,
    plugins,
  });
  const { code, test } = await runLaunch(prepared, {
    // What waits, waits no longer than it must for a test.
    io: {
      ...createIo({ connect: onlyHere }),
      sleep: (ms, signal) => createIo().sleep(Math.min(ms, 300), signal),
      monotonic: () => createIo().monotonic() * faster,
    },
    signal: new AbortController().signal,
    system,
    show: (stream, chunk) => {
      shown[stream] += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
    },
    note: (line) => notes.push(line),
    cwd: dir,
  });
  return { code, test, notes, ...shown };
}

const sh = (script: string) => ['--', 'sh', '-c', script];

describe('a launch on this machine', () => {
  it('gives ranks their place and passes the exit code on', async () => {
    expect(await launch(['-n', '3', '--prefix', ...sh('echo "rank $RANK of $WORLD_SIZE"; exit 5')])).toMatchObject({ code: 5 });
    const { stdout } = await launch(['-n', '3', '--prefix', ...sh('echo "rank $RANK of $WORLD_SIZE"')]);
    expect(stdout.trim().split('\n').sort()).toEqual(['[0] rank 0 of 3', '[1] rank 1 of 3', '[2] rank 2 of 3']);
  });

  it('passes variables on, and refuses one that is not there', async () => {
    const system = paperSystem({ env: { TOKEN: 'from here' } });
    const { stdout } = await launch(['-n', '1', '--env', 'TOKEN', '--env', "A=it's", ...sh('echo "$TOKEN, $A"')], { system });
    expect(stdout).toBe("from here, it's\n");
    await expect(launch(['--env', 'MISSING', 'true'])).rejects.toThrow(/--env MISSING: it is not set here/);
  });

  it('keeps a log for what filters hide, and says how many', async () => {
    const { stdout, notes } = await launch(['-n', '1', '--filter', 'noise .*', ...sh('echo noise 1; echo signal; echo noise 2')]);
    expect(stdout).toBe('signal\n');
    const log = join(dir, 'logs', 'launch-l-run.log');
    expect(notes).toEqual([`hidden: 2 lines by noise .*; all is in ${log}`]);
    expect(readFileSync(log, 'utf8')).toBe('noise 1\nsignal\nnoise 2\n');
  });

  it('hides nothing unasked', async () => {
    const lines = ['using cuda:0', 'srun: jobid 7: nodes(2):`n[1-2]`', 'AttributeError: x'];
    const { stdout, notes } = await launch(['-n', '1', '--', 'printf', String.raw`%s\n`, ...lines]);
    expect(stdout).toBe(`${lines.join('\n')}\n`);
    expect(notes).toEqual([]);
  });

  it('leaves nothing in the working folder: a hostfile lies elsewhere, and goes afterwards', async () => {
    const program = join(dir, 'bin', 'mpirun');
    mkdirSync(join(dir, 'bin'));
    writeFileSync(program, `#!/bin/sh\nwhile [ "$1" != --hostfile ]; do shift; done\necho "$2"; cat "$2"; pwd; ls\n`);
    chmodSync(program, 0o755);
    const work = join(dir, 'work');
    mkdirSync(work);
    const before = process.cwd();
    process.chdir(work);
    try {
      const system = paperSystem({
        files: { '/nodes': 'here\n' },
        programs: { [program]: 'mpirun (Open MPI) 4.1.4' },
      });
      const { code, stdout } = await launch(['--launcher', program, '--hostfile', '/nodes', '-n', '2', 'true'], { system });
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${join(dir, 'plan', 'hostfile')}\nhere slots=2\n${work}\n` });
      expect(readdirSync(work)).toEqual([]);
      expect(existsSync(join(dir, 'plan'))).toBe(false);
    } finally {
      process.chdir(before);
    }
  });

  it('tries again, with a log for each try', async () => {
    const again = 'echo try; test -e "$0" && exit 0; touch "$0"; exit 9';
    const result = await launch(['-n', '1', '--retries', '2', '--log', 'x.log', '--', 'sh', '-c', again, join(dir, 'seen')]);
    expect(result).toMatchObject({ code: 0, stdout: 'try\ntry\n', notes: ['exit code 9; try 1 of 2 more in 5.0 s'] });
    expect(readdirSync(dir).sort()).toEqual(['seen', 'x.log', 'x.log.2']);
  });

  it('--test: passes, and shows nothing of its own', async () => {
    const result = await launch(['-n', '4', '--test']);
    expect(result).toMatchObject({
      code: 0,
      stdout: '',
      test: { problems: [], result: { worldSize: 4, connections: { asked: 12, failed: [] } } },
    });
  });

  it('--test: gives up on a launcher that waits for ever', async () => {
    const program = join(dir, 'mpirun');
    writeFileSync(program, '#!/bin/sh\nexec sleep 600\n');
    chmodSync(program, 0o755);
    const system = paperSystem({ programs: { [program]: 'mpirun (Open MPI) 4.1.4' } });
    const { code, notes } = await launch(['--test', '--launcher', program], { system, faster: 1000 });
    expect({ code, notes }).toEqual({ code: 124, notes: [expect.stringMatching(/^nothing was heard for 5m/)] });
  });
});

/** A scheduler with three nodes whose launcher knows which of them is bad. */
function cluster(bad: string, word = `Node failure on ${bad}`): { plugin: SchedulerPlugin; system: System } {
  const program = join(dir, 'launcher');
  writeFileSync(
    program,
    `#!/bin/sh\nnodes=$1; shift\ncase ,$nodes, in *,${bad},*) echo "step=1"; echo "${word}"; exit 1;; esac\necho "on $nodes"; exec "$@"\n`,
  );
  chmodSync(program, 0o755);
  const plugin: SchedulerPlugin = {
    name: 'toy',
    detect: () => true,
    job: () => ({ jobId: '77', source: 'toy' }),
    nodes: () => ['n1', 'n2', 'n3'],
    rankScript: 'RANK=0; LOCAL_RANK=0',
    launchLine: ({ nodes, command }) => [program, nodes.join(','), ...command],
  };
  return { plugin, system: paperSystem() };
}

describe('failover', () => {
  it('goes on with a spare node, in the same place', async () => {
    const { plugin, system } = cluster('n1');
    const { code, stdout, notes } = await launch(['--failover', '-nh', '2', '-ppn', '1', ...sh('echo done')], {
      system,
      plugins: [plugin],
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'step=1\nNode failure on n1\non n3,n2\ndone\n' });
    const folder = join(dir, 'logs', 'failover-77-l-run');
    expect(notes).toContain(`logs of all attempts: ${folder}; spare nodes: n3`);
    expect(notes).toContain('attempt 1: known: n1: Slurm says that it failed; n3 in place of n1');
    expect(notes.at(-1)).toBe('FAILOVER STOP: success: it ended with 0');
    expect(readdirSync(folder).sort()).toEqual(['active.hostfile', 'attempt-1.log', 'attempt-2.log', 'bad_nodes.txt']);
    expect(readFileSync(join(folder, 'active.hostfile'), 'utf8')).toBe('n3\nn2\n');
  });

  // Which machine it is decides nothing of what a log's words mean.
  it.each(
    [...MACHINES.map(({ name }) => name), 'none'].flatMap((machine) => [
      [machine, 'Node failure on n1', 'Slurm says that it failed'],
      [machine, 'n1: shepherd died from signal 9', 'its shepherd was killed'],
    ]),
  )('names the bad node on %s by "%s"', async (machine, word, says) => {
    const { plugin, system } = cluster('n1', word);
    const words = ['--failover', '--machine', machine, '-nh', '2', '-ppn', '1', ...sh('true')];
    const { code, notes } = await launch(words, { system, plugins: [plugin] });
    expect(code).toBe(0);
    expect(notes).toContain(`attempt 1: known: n1: ${says}; n3 in place of n1`);
  });

  it('swaps nodes under Slurm, too: srun is told which', () => {
    const system = paperSystem({ env: { SLURM_JOB_ID: '5', SLURM_JOB_NODELIST: 'gpu[0-3]' }, programs: { srun: 'slurm 23.11.4' } });
    const prepared = prepareLaunch(parseLaunchArguments(['--failover', '-nh', '2', '-ppn', '1', 'true']), {
      system,
      id: 'l',
      folder: '/f',
      node: 'node',
    });
    expect(prepared.split).toEqual({ active: ['gpu0', 'gpu1'], spare: ['gpu2', 'gpu3'] });
    expect(prepared.plan.argv).toContain('--nodelist=gpu[0-1]');
    const swapped = planOn(prepared, ['gpu2', 'gpu1']);
    expect(swapped.argv).toContain('--distribution=arbitrary');
    expect(swapped.env['SLURM_HOSTFILE']).toBe('/f/hostfile');
    expect(swapped.files).toMatchObject([{ path: '/f/hostfile', content: 'gpu2\ngpu1\n' }]);
  });
});
