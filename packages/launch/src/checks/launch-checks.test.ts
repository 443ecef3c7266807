import { describe, expect, it } from 'vitest';
import { paperSystem } from '../testing/paper-system.ts';
import { launchChecks } from './launch-checks.ts';

const slurm = Object.fromEntries(['sbatch', 'srun', 'squeue', 'scancel'].map((program) => [program, '']));
const up = { ...slurm, scontrol: 'Slurmctld(primary) at login1 is UP\n', srun: 'slurm 23.11.4' };
const pbs = { qsub: '', qstat: '', qdel: '', mpiexec: 'mpiexec (OpenRTE) 4.1.4' };

const checks = (parts: Parameters<typeof paperSystem>[0]) => launchChecks(paperSystem(parts), { node: '/usr/bin/node' });
const brief = (parts: Parameters<typeof paperSystem>[0]) => checks(parts).map(({ name, status }) => `${name} ${status}`);

describe('launchChecks', () => {
  it.each<[string, NonNullable<Parameters<typeof paperSystem>[0]>, string[]]>([
    ['a laptop', {}, ['scheduler ok', 'launcher ok']],
    ['a login host', { programs: up }, ['scheduler ok', 'queue ok', 'job warning', 'GPUs ok', 'launcher ok']],
    [
      'a Slurm job',
      { programs: up, env: { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'gpu[0-1]' } },
      ['scheduler ok', 'queue ok', 'job ok', 'GPUs ok', 'launcher ok'],
    ],
    [
      'a controller that is down',
      { programs: { ...up, scontrol: 'Slurmctld(primary) at login1 is DOWN\n' } },
      ['scheduler ok', 'queue error', 'job warning', 'GPUs ok', 'launcher ok'],
    ],
    [
      'a Slurm job without its programs',
      { env: { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'gpu[0-1]' } },
      ['scheduler ok', 'commands error', 'job ok', 'GPUs ok', 'launcher error'],
    ],
    [
      'a PBS job',
      { hostname: 'n1', programs: pbs, env: { PBS_JOBID: '8.s', PBS_NODEFILE: '/n' }, files: { '/n': 'n1\nn2\n' } },
      ['scheduler ok', 'queue ok', 'job ok', 'hostfile ok', 'GPUs ok', 'launcher ok'],
    ],
    [
      'a HOSTFILE of another job',
      {
        hostname: 'n1',
        programs: pbs,
        env: { PBS_JOBID: '8.s', PBS_NODEFILE: '/n', HOSTFILE: '/old' },
        files: { '/n': 'n1\nn2\n', '/old': 'n1\nn9\n' },
      },
      ['scheduler ok', 'queue ok', 'job ok', 'hostfile ok', 'hostfile warning', 'GPUs ok', 'launcher ok'],
    ],
    ['a scheduler that nobody knows', { env: { BENCH_SCHEDULER: 'slrm' } }, ['scheduler error']],
  ])('on %s', (_, parts, expected) => {
    expect(brief(parts)).toEqual(expected);
  });

  it('says of all that is wrong what to do', () => {
    const all = [
      ...checks({ programs: { ...up, scontrol: { code: 1, stderr: 'slurm_load_ctl_conf error: Unable to contact slurm controller' } } }),
      ...checks({ env: { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'gpu[0-1]', HOSTFILE: '/gone' } }),
      ...checks({ env: { BENCH_SCHEDULER: 'slrm' } }),
    ];
    const wrong = all.filter(({ status }) => status !== 'ok');
    expect(wrong.length).toBeGreaterThanOrEqual(6);
    for (const check of wrong) expect(check.remedy, check.message).toBeTruthy();
  });

  it('names the difference between hostfiles', () => {
    const found = checks({
      hostname: 'n1',
      programs: pbs,
      env: { PBS_JOBID: '8.s', PBS_NODEFILE: '/n', HOSTFILE: '/old' },
      files: { '/n': 'n1\nn2\n', '/old': 'n1\nn9\n' },
    });
    expect(found.find(({ status }) => status === 'warning')?.message).toBe(
      `HOSTFILE=/old and the job's nodes differ: n9 not in the job, n2 not in the file`,
    );
  });

  // `a100:4` is four GPUs, and a list of ids is as many as it names.
  it.each([
    [{ SLURM_GPUS_PER_NODE: 'a100:4' }, '4 per node, by SLURM_GPUS_PER_NODE'],
    [{ SLURM_JOB_GPUS: '0,1,2,3' }, '4 per node, by SLURM_JOB_GPUS'],
  ])('counts GPUs by %j', (env, message) => {
    const found = checks({ programs: up, env: { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'gpu0', ...env } });
    expect(found.find(({ name }) => name === 'GPUs')?.message).toBe(message);
  });
});
