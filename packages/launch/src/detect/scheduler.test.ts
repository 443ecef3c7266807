import { describe, expect, it } from 'vitest';
import { detectAllocation, schedulerHere } from '../index.ts';
import { paperSystem } from '../testing/paper-system.ts';

const slurmJob = { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'n[1-2]' };
const pbsJob = { PBS_JOBID: '9.server', PBS_NODEFILE: '/nodes' };
const nodes = { '/nodes': 'here\n' };

describe('the scheduler', () => {
  it.each([
    ['what is asked for', { asked: 'pbs', env: { ...slurmJob, BENCH_SCHEDULER: 'slurm' } }, 'pbs', 'asked'],
    ['BENCH_SCHEDULER', { env: { ...slurmJob, BENCH_SCHEDULER: 'none' } }, 'none', 'BENCH_SCHEDULER'],
    ['PBS_JOBID before SLURM_JOB_ID', { env: { ...slurmJob, ...pbsJob }, files: nodes }, 'pbs', 'PBS_JOBID'],
    ['SLURM_JOB_ID', { env: slurmJob }, 'slurm', 'SLURM_JOB_ID'],
    ['SLURM_JOBID', { env: { SLURM_JOBID: '7', SLURM_NODELIST: 'n1' } }, 'slurm', 'SLURM_JOBID'],
    ['an Aurora node', { hostname: 'x4117c6s5b0n0' }, 'pbs', 'machine aurora'],
    ['a Sunspot node', { hostname: 'x1921c1s4b0n0.hostmgmt2000.cm' }, 'pbs', 'machine sunspot'],
    ['a Polaris node', { hostname: 'x3005c0s7b1n0.hsn.cm.polaris.alcf.anl.gov' }, 'pbs', 'machine polaris'],
    ['Sophia', { hostname: 'sophia-gpu-08' }, 'pbs', 'machine sophia'],
    ['Frontier', { hostname: 'frontier00033' }, 'slurm', 'machine frontier'],
    ['Perlmutter', { hostname: 'login01', env: { NERSC_HOST: 'perlmutter' } }, 'slurm', 'machine perlmutter'],
    // A login node of any site was once taken for Perlmutter.
    ['a login node of somewhere', { hostname: 'login01' }, 'none', 'nothing'],
    ['a node that begins as Perlmutter nodes do', { hostname: 'nid000001' }, 'none', 'nothing'],
    ['a name that only begins as a known one', { hostname: 'frontier-of-science' }, 'none', 'nothing'],
    ['qsub', { programs: { qsub: '' } }, 'pbs', 'qsub'],
    ['sbatch', { programs: { sbatch: '' } }, 'slurm', 'sbatch'],
    ['sbatch with a qsub that stands in for it', { programs: { sbatch: '', qsub: 'slurm 22.05' } }, 'slurm', 'sbatch'],
    ['sbatch with a real qsub', { programs: { sbatch: '', 'qsub --version': 'pbs_version = 2022.1.1' } }, 'pbs', 'qsub'],
    ['nothing', {}, 'none', 'nothing'],
  ])('%s', (_name, { asked, ...parts }: { asked?: string } & Parameters<typeof paperSystem>[0], scheduler, source) => {
    const found = detectAllocation(paperSystem(parts), { scheduler: asked });
    expect([found.scheduler, found.source.scheduler]).toEqual([scheduler, source]);
  });

  it('is told to who submits a job without a question to the queue, whatever job this is said to be in', () => {
    const system = paperSystem({
      hostname: 'login',
      env: { PBS_JOBID: '9.gone', PBS_NODEFILE: '/gone', HOSTFILE: '/gone' },
      programs: { qsub: '', qstat: { code: 1, stderr: 'qstat: cannot connect to server' } },
    });
    expect(schedulerHere(system)).toEqual({ name: 'pbs', source: 'PBS_JOBID' });
    expect(schedulerHere(system, { scheduler: 'slurm' })).toEqual({ name: 'slurm', source: 'asked' });
    expect(system.asked.filter((line) => line.startsWith('qstat'))).toEqual([]);
  });

  it('refuses a name that nobody has, and says the nearest', () => {
    expect(() => detectAllocation(paperSystem({ env: { BENCH_SCHEDULER: 'slurn' } }))).toThrow(
      expect.objectContaining({ code: 'BENCH_UNKNOWN_SCHEDULER', hint: 'did you mean "slurm"?', exitCode: 2 }) as Error,
    );
  });

  it('asks a plugin before the built-in ones', () => {
    const flux = {
      name: 'flux',
      detect: ({ env }: { env: Readonly<Record<string, string | undefined>> }) => env.FLUX_URI !== undefined,
      job: () => ({ jobId: 'f1', source: 'FLUX_JOB_ID' }),
      nodes: () => ['tux1', 'tux2'],
      launchLine: () => ['flux', 'run'] as [string, ...string[]],
    };
    const found = detectAllocation(paperSystem({ env: { ...slurmJob, FLUX_URI: 'local:///f' } }), { plugins: [flux] });
    expect(found).toMatchObject({ scheduler: 'flux', jobId: 'f1', nodes: ['tux1', 'tux2'], source: { nodes: 'plugin flux' } });
  });
});

describe('the machine', () => {
  const named = (system: Parameters<typeof paperSystem>[0], options = {}) => detectAllocation(paperSystem(system), options);

  it.each([
    [
      'the batch server says it',
      { hostname: 'x1000c0s0b0n0', env: { PBS_JOBID: '1.aurora-pbs-0001.hostmgmt.cm.aurora.alcf.anl.gov' } },
      'aurora',
    ],
    ['a variable of the site before a name', { hostname: 'x3005c0s7b1n0', env: { NERSC_HOST: 'perlmutter' } }, 'perlmutter'],
    ['said by BENCH_MACHINE', { env: { BENCH_MACHINE: 'frontier' } }, 'frontier'],
    ['denied', { hostname: 'x4117c6s5b0n0', env: { BENCH_MACHINE: 'none' } }, undefined],
  ])('%s', (_name, system, machine) => expect(named({ ...system, programs: { qstat: '' } }).machine?.name).toBe(machine));

  it('says that it guessed by a name', () => {
    expect(named({ hostname: 'x4117c6s5b0n0' }).notes).toContain('taken for aurora by its host name; --machine none if it is another');
    expect(named({ env: { BENCH_MACHINE: 'aurora' } }).notes.join()).not.toContain('taken for');
  });

  it('may be one of the user, who may also replace a known one', () => {
    const own = { name: 'aurora', scheduler: 'slurm', signs: { env: {}, hostname: ['box'] }, gpus_per_node: 3, launcher_args: [] };
    const found = named({ hostname: 'box.home' }, { machines: [own] });
    expect(found).toMatchObject({ machine: { name: 'aurora', gpus_per_node: 3 }, scheduler: 'slurm', gpusPerNode: 3 });
    expect(named({ hostname: 'x4117c6s5b0n0' }, { machines: [own] }).machine).toBeNull();
  });

  it('must be known', () => {
    expect(() => named({}, { machine: 'arora' })).toThrow(
      expect.objectContaining({ code: 'BENCH_UNKNOWN_MACHINE', hint: 'did you mean "aurora"?' }) as Error,
    );
  });
});
