import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { readRankEnd } from './index.ts';
import { wrapForRanks } from './rank-wrapper.ts';

const master = { address: 'n1', port: 20_001 };
const VARIABLES = ['MASTER_ADDR', 'MASTER_PORT', 'WORLD_SIZE', 'RANK', 'LOCAL_RANK', 'LOCAL_WORLD_SIZE', 'NODE_RANK'];

/** Runs the wrapper in a real shell, as rank 5 of 2 x 4. */
function rank(flavour: string, env: Record<string, string>, command: string[] = ['env'], read?: string) {
  const [file = '', ...args] = wrapForRanks({ command, flavour, read, master, ranksPerNode: 4, ranks: 8 });
  return spawnSync(file, args, { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } });
}

const seen = (text: string) => {
  const all = new Map(text.split('\n').map((entry) => entry.split('=', 2) as [string, string]));
  return VARIABLES.map((name) => all.get(name)).join(' ');
};

describe('the environment of a rank', () => {
  it.each<[string, Record<string, string>]>([
    ['srun', { SLURM_PROCID: '5', SLURM_LOCALID: '1', SLURM_STEP_NUM_TASKS: '8', SLURM_NTASKS: '1' }],
    // What Slurm says of the batch script is not what Open MPI says of its ranks.
    [
      'openmpi',
      {
        OMPI_COMM_WORLD_RANK: '5',
        OMPI_COMM_WORLD_LOCAL_RANK: '1',
        OMPI_COMM_WORLD_SIZE: '8',
        SLURM_PROCID: '0',
        SLURM_LOCALID: '0',
        RANK: '0',
      },
    ],
    ['mpich', { PMI_RANK: '5', MPI_LOCALRANKID: '1', PMI_SIZE: '8', SLURM_PROCID: '0' }],
    ['intelmpi', { PMI_RANK: '5', MPI_LOCALRANKID: '1', PMI_SIZE: '8' }],
    ['pals', { PALS_RANKID: '5', PALS_LOCAL_RANKID: '1', PMI_SIZE: '8' }],
    ['pals', { PALS_RANKID: '5', PALS_LOCAL_RANKID: '1' }],
    ['flux', { PMIX_RANK: '5', PMI_LOCAL_RANK: '1' }],
  ])('is the same under %s', (flavour, env) => expect(seen(rank(flavour, env).stdout)).toBe('n1 20001 8 5 1 4 1'));

  it("is read by a plugin's own words", () => {
    const { stdout } = rank(
      'flux',
      { FLUX_TASK_RANK: '5', FLUX_TASK_LOCAL_ID: '1' },
      ['env'],
      'RANK=$FLUX_TASK_RANK; LOCAL_RANK=$FLUX_TASK_LOCAL_ID',
    );
    expect(seen(stdout)).toBe('n1 20001 8 5 1 4 1');
  });

  it('leaves nothing of its own behind', () => {
    const { stdout } = rank('mpich', { PMI_RANK: '0', MPI_LOCALRANKID: '0', PMI_SIZE: '8' });
    expect(stdout.split('\n').filter((entry) => /^[rls]=/.test(entry))).toEqual([]);
  });

  it.each([
    ['no rank', 'mpich', {}, 'the launcher gave this process no rank'],
    ['another number of ranks', 'mpich', { PMI_RANK: '0', MPI_LOCALRANKID: '0', PMI_SIZE: '1' }, 'the launcher started 1 ranks, not 8'],
  ])('is refused with a remedy: %s', (_name, flavour, env, message) => {
    const { status, stdout, stderr } = rank(flavour, env);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toBe(
      `bench launch: ${message}. Launcher and MPI or PMI do not fit together: say what the launcher is with --mpi, or choose another with --launcher\n`,
    );
  });
});

describe('the command of a rank', () => {
  const env = {
    PMI_RANK: '0',
    MPI_LOCALRANKID: '0',
    PMI_SIZE: '8',
    PALS_RANKID: '0',
    PALS_LOCAL_RANKID: '0',
    SLURM_PROCID: '0',
    SLURM_LOCALID: '0',
  };

  it.each(['mpich', 'pals', 'srun'])('gets its words as they are under %s', (flavour) => {
    const words = ['a b', '', '$HOME', "it's", '"', 'x\ny', '*', '-n', '--', ';id', '`id`', '\\', ':', '=', '=x'];
    const { stdout } = rank(flavour, env, [process.execPath, '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--', ...words]);
    expect(JSON.parse(stdout)).toEqual(words);
  });

  it.each(['srun', 'openmpi', 'mpich', 'intelmpi', 'pals'])('has no word that %s would take for the end of it', (flavour) => {
    const command = ['app', ':', 'other'];
    expect(wrapForRanks({ command, flavour, master, ranksPerNode: 1, ranks: 1 })).not.toContain(':');
    expect(wrapForRanks({ command: ['app', 'a:b'], flavour, master, ranksPerNode: 1, ranks: 1 }).slice(-2)).toEqual(['app', 'a:b']);
  });

  it('ends as it ends', () => {
    expect(rank('pals', env, ['sh', '-c', 'exit 42']).status).toBe(42);
    expect(rank('pals', env, ['sh', '-c', 'kill -9 $$']).signal).toBe('SIGKILL');
    expect(rank('pals', env, ['no-such-program']).status).toBe(127);
  });

  it.each([
    ['sh', 'exit 42', 42],
    ['sh', 'kill -9 $$', 137],
    ['no-such-program', '', 127],
  ])('under Hydra ends by a signal and is told by a line: %s %s', (file, script, code) => {
    const { signal, stderr } = rank('mpich', { ...env, PMI_RANK: '5' }, [file, '-c', script]);
    expect(signal).toBe('SIGTERM');
    expect(readRankEnd(stderr.trimEnd().split('\n').at(-1) ?? '')).toEqual({ rank: 5, host: hostname(), code });
  });

  it('under Hydra ends well when it does', () => expect(rank('mpich', env, ['true'])).toMatchObject({ status: 0, stderr: '' }));
});
