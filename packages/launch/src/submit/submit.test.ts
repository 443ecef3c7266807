import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localHost } from '@bench/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { submit } from './submit.ts';
import { planSubmit, type SubmitPlan } from './submit-plan.ts';

const dir = mkdtempSync(join(tmpdir(), 'bench-submit-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Programs that stand in for sbatch, which do what a scheduler may. */
beforeAll(() => {
  const program = (name: string, body: string) => {
    writeFileSync(join(dir, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(dir, name), 0o755);
  };
  program('takes', `cat >${dir}/received; echo 'Welcome!'; echo '4711;left'`);
  program('refuses', `echo 'sbatch: error: invalid partition specified: nopart' >&2; exit 1`);
  program('busy', `echo 'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)' >&2; exit 1`);
  program('silent', 'exit 0');
  program('qsub-takes', `cat >${dir}/received; echo 'Job will run soon.'; echo '4711.pbs01'`);
  program('qsub-refuses', `echo 'qsub: Unknown queue' >&2; exit 170`);
});

const plan = (program: string, scheduler = program.startsWith('qsub') ? 'pbs' : 'slurm'): SubmitPlan => ({
  ...planSubmit({ scheduler, options: {}, env: {}, folder: dir, job: { command: ['true'], launch: [], cwd: '/' } }),
  argv: [join(dir, program)],
});
const send = (program: string) => submit(plan(program), { host: localHost(), signal: new AbortController().signal });

describe('submit', () => {
  it('gives the script on stdin and reads the job id', async () => {
    expect(await send('takes')).toEqual({
      scheduler: 'slurm',
      jobId: '4711',
      cluster: 'left',
      show: ['squeue', '-M', 'left', '-j', '4711'],
      cancel: ['scancel', '-M', 'left', '4711'],
    });
    expect(readFileSync(join(dir, 'received'), 'utf8')).toBe(plan('takes').script);
  });

  it('does the same with PBS', async () => {
    expect(await send('qsub-takes')).toEqual({
      scheduler: 'pbs',
      jobId: '4711.pbs01',
      cluster: null,
      show: ['qstat', '4711.pbs01'],
      cancel: ['qdel', '4711.pbs01'],
    });
    expect(readFileSync(join(dir, 'received'), 'utf8')).toMatch(/^#PBS -N bench$/m);
  });

  it.each([
    // A submission that failed is never a success.
    [
      'refuses',
      {
        code: 'BENCH_SUBMIT_FAILED',
        exitCode: 4,
        retryable: false,
        hint: expect.stringContaining('--queue'),
        message: expect.stringContaining('nopart'),
      },
    ],
    ['qsub-refuses', { code: 'BENCH_SUBMIT_FAILED', exitCode: 4, hint: expect.stringContaining('--queue') }],
    ['busy', { code: 'BENCH_SUBMIT_FAILED', exitCode: 4, retryable: true }],
    ['silent', { code: 'BENCH_SUBMIT_UNKNOWN', exitCode: 4 }],
    ['absent', { code: 'BENCH_NO_SCHEDULER', exitCode: 3 }],
  ])('%s', async (program, error) => {
    await expect(send(program)).rejects.toMatchObject(error);
  });
});
