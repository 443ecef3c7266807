import { describe, expect, it } from 'vitest';
import { clockTime, type JobOptions } from './job-options.ts';
import { parseJobId } from './job-id.ts';
import { planSubmit, type SubmitRequest } from './submit-plan.ts';

const job = { command: ['python3', '-m', 'app'], launch: ['/opt/node', '/opt/bench.js', 'launch', '--'], cwd: '/home/ada/work' };

function plan(scheduler: string, options: JobOptions, over: Partial<SubmitRequest> = {}) {
  return planSubmit({ scheduler, options, job, env: {}, folder: '/tmp/x', ...over });
}

const everything: JobOptions = {
  nodes: 4,
  time: '90m',
  queue: 'gpu',
  account: 'proj7',
  jobName: 'train',
  output: 'logs/%x-%j.out',
  gpusPerNode: 4,
  ranksPerNode: 4,
  cpusPerRank: 8,
  memory: '64G',
  after: '17',
};

describe('planSubmit', () => {
  it('writes a Slurm script', () => {
    const { script, ...rest } = plan('slurm', {
      ...everything,
      qos: 'high',
      gpuType: 'a100',
      error: 'e.log',
      directives: ['--constraint=ib', '--comment a b'],
    });
    expect(rest).toEqual({ scheduler: 'slurm', argv: ['sbatch', '--parsable'], scriptPath: null, notes: [] });
    expect(script).toMatchInlineSnapshot(`
      "#!/bin/bash -l
      #SBATCH --job-name=train
      #SBATCH --account=proj7
      #SBATCH --partition=gpu
      #SBATCH --qos=high
      #SBATCH --nodes=4
      #SBATCH --time=01:30:00
      #SBATCH --ntasks-per-node=4
      #SBATCH --cpus-per-task=8
      #SBATCH --gpus-per-node=a100:4
      #SBATCH --mem=64G
      #SBATCH --output=logs/%x-%j.out
      #SBATCH --error=e.log
      #SBATCH --dependency=afterok:17
      #SBATCH --constraint=ib
      #SBATCH --comment a b

      cd '/home/ada/work' || exit 1
      set -eo pipefail
      exec '/opt/node' '/opt/bench.js' 'launch' '--' 'python3' '-m' 'app'
      "
    `);
  });

  it('writes a PBS script', () => {
    const { script, argv } = plan('pbs', { ...everything, output: 'out.log', filesystems: 'home:eagle', directives: ['-l place=scatter'] });
    expect(argv).toEqual(['qsub']);
    expect(script).toMatchInlineSnapshot(`
      "#!/bin/bash -l
      #PBS -N train
      #PBS -A proj7
      #PBS -q gpu
      #PBS -l select=4:ncpus=32:mpiprocs=4:ngpus=4:mem=64gb
      #PBS -l walltime=01:30:00
      #PBS -l filesystems=home:eagle
      #PBS -o out.log
      #PBS -j oe
      #PBS -W depend=afterok:17
      #PBS -l place=scatter
      #PBS -k doe

      cd '/home/ada/work' || exit 1
      set -eo pipefail
      exec '/opt/node' '/opt/bench.js' 'launch' '--' 'python3' '-m' 'app'
      "
    `);
  });

  it('asks for one node and one hour when nothing is said', () => {
    expect(plan('slurm', {}).script).toMatch(/^#!\/bin\/bash -l\n#SBATCH --job-name=bench\n#SBATCH --nodes=1\n#SBATCH --time=01:00:00\n\n/);
    expect(plan('pbs', {}).script).toMatch(
      /^#!\/bin\/bash -l\n#PBS -N bench\n#PBS -l select=1\n#PBS -l walltime=01:00:00\n#PBS -j oe\n#PBS -k doe\n\n/,
    );
  });

  it('is safe with any value, and reads setup scripts from files only', () => {
    const nasty = `it's "$(touch /tmp/pwned)" \`x\`\n#SBATCH --qos=high`;
    const { script } = plan(
      'slurm',
      {},
      { job: { ...job, command: ['echo', nasty], cwd: `/a b/'c'`, env: { NOTE: nasty }, setup: '/home/ada/my env.sh' } },
    );
    expect(script).toContain(String.raw`cd '/a b/'\''c'\''' || exit 1`);
    expect(script).toContain(String.raw`export NOTE='it'\''s "$(touch /tmp/pwned)" `);
    expect(script).toContain(`. '/home/ada/my env.sh' || `);
    expect(script).not.toMatch(/curl|wget|source </);
    // Slurm reads directives up to the first command only.
    const lines = (script ?? '').split('\n');
    expect(lines.findLastIndex((line) => line.startsWith('#SBATCH'))).toBeGreaterThan(lines.findIndex((line) => line.startsWith('cd ')));
    expect(
      lines
        .slice(
          0,
          lines.findIndex((line) => line.startsWith('cd ')),
        )
        .filter((line) => line.includes('qos')),
    ).toEqual([]);
  });

  it.each([
    ['slurm', { SLURM_ACCOUNT: 'a', PROJECT: 'p' }, '#SBATCH --account=a'],
    ['slurm', { PROJECT: 'p', PBS_ACCOUNT: 'b' }, '#SBATCH --account=p'],
    ['pbs', { PBS_ACCOUNT: 'b', PROJECT: 'p' }, '#PBS -A b'],
    ['pbs', { PROJECT: 'p', SLURM_ACCOUNT: 'a' }, '#PBS -A p'],
  ])('takes the account of %s from %j', (scheduler, env, line) => {
    const { script, notes } = plan(scheduler, {}, { env });
    expect(script).toContain(`${line}\n`);
    expect(notes[0]).toMatch(/^account \w, from /);
    expect(plan(scheduler, { account: 'mine' }, { env }).script).not.toContain(line);
  });

  // Flags beside a script of the user's are not dropped.
  it.each([
    [
      'slurm',
      { nodes: 2, time: '30m', queue: 'gpu' },
      ['sbatch', '--parsable', '--partition=gpu', '--nodes=2', '--time=00:30:00', '/w/job.sh'],
    ],
    ['pbs', { nodes: 2, time: '30m', queue: 'gpu' }, ['qsub', '-q', 'gpu', '-l', 'select=2', '-l', 'walltime=00:30:00', '/w/job.sh']],
    ['slurm', {}, ['sbatch', '--parsable', '/w/job.sh']],
    ['pbs', { directives: ['-l place=scatter', '-V'] }, ['qsub', '-l', 'place=scatter', '-V', '/w/job.sh']],
  ])('gives %s the flags for a script that is there', (scheduler, options, argv) => {
    expect(plan(scheduler, options, { existing: '/w/job.sh', env: { PROJECT: 'p' } })).toMatchObject({ argv, script: null });
  });

  it.each<[string, JobOptions, RegExp]>([
    ['slurm', { jobName: 'a\n#SBATCH --qos=high' }, /^--job-name: .* cannot be the job name/],
    ['slurm', { queue: 'gpu --qos=high' }, /cannot be the queue/],
    ['slurm', { account: '-x' }, /cannot be the account/],
    ['pbs', { filesystems: 'home;rm' }, /cannot be the filesystems/],
    ['pbs', { output: 'a b' }, /cannot be the output/],
    ['slurm', { directives: ['--a\n#SBATCH --b'] }, /cannot be the directive/],
    ['slurm', { directives: ['exclusive'] }, /cannot be the directive/],
    ['slurm', { nodes: 0 }, /cannot be the nodes/],
    ['slurm', { time: 'later' }, /^--time: "later" cannot be the time/],
    ['slurm', { time: '0' }, /cannot be the time/],
    ['slurm', { filesystems: 'home' }, /Slurm knows no file systems/],
    ['pbs', { qos: 'high' }, /PBS knows no qos/],
    ['pbs', { gpuType: 'a100' }, /PBS knows no GPU type/],
  ])('refuses of %s %j', (scheduler, options, message) => {
    expect(() => plan(scheduler, options)).toThrow(message);
    expect(() => plan(scheduler, options)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  it('has nobody to submit to', () => {
    expect(() => plan('none', {})).toThrow(expect.objectContaining({ code: 'BENCH_NO_SCHEDULER', exitCode: 3 }));
  });

  it('lets a plugin write and submit', () => {
    const plugin = {
      name: 'lsf',
      detect: () => true,
      job: () => null,
      nodes: () => [],
      launchLine: (): [string] => ['blaunch'],
      submitScript: ({ command, time, nodes }: { command: readonly string[]; time: string; nodes: number }) =>
        `${nodes} ${time} ${command.at(-1) ?? ''}`,
      submitArgv: (path: string): [string, ...string[]] => ['bsub', path],
    };
    expect(plan('lsf', { nodes: 3 }, { plugins: [plugin] })).toMatchObject({
      argv: ['bsub', '/tmp/x/job.sh'],
      script: '3 01:00:00 app',
      scriptPath: '/tmp/x/job.sh',
    });
    expect(() => plan('lsf', { nodes: 3 }, { plugins: [plugin], existing: '/w/j' })).toThrow(/cannot be asked for nodes beside a script/);
  });
});

describe('clockTime', () => {
  it.each([
    ['90', '00:01:30'],
    ['1h30m', '01:30:00'],
    ['01:30:00', '01:30:00'],
    ['2d', '48:00:00'],
    ['1-00:00:01', '24:00:01'],
  ])('%s is %s', (text, clock) => {
    expect(clockTime(text)).toBe(clock);
  });
});

describe('parseJobId', () => {
  it.each([
    ['slurm', '1234\n', '1234', null],
    ['slurm', '1234;left\n', '1234', 'left'],
    ['slurm', 'Welcome to the cluster 2026!\n\n1234\n', '1234', null],
    ['pbs', '1234.pbs01.example.org\n', '1234.pbs01.example.org', null],
    ['pbs', 'Job will run soon.\n1234[].pbs01\n', '1234[].pbs01', null],
    ['pbs', '7\n', '7', null],
  ])('of %s: %j', (scheduler, stdout, jobId, cluster) => {
    expect(parseJobId(scheduler, stdout)).toEqual({ jobId, cluster });
  });

  it.each([
    ['slurm', ''],
    ['slurm', 'Submitted batch job x\n'],
    ['pbs', 'qsub: waiting'],
  ])('finds none of %s in %j', (scheduler, stdout) => {
    expect(parseJobId(scheduler, stdout)).toBe(null);
  });
});
