import type { RunView } from '@bench/results';
import { expect, it } from 'vitest';
import { adviceAfter } from './advice.ts';

const view = (...codes: string[]) =>
  ({ tasks: codes.map((code) => ({ file: { status: 'failed', error: { code, message: '' } } })) }) as unknown as RunView;
const advice = (status: 'done' | 'failed' | 'interrupted', of: RunView) =>
  adviceAfter({ outcome: { id: 'rabc', status }, view: of, out: 'runs' }).join('\n');

it('advises to go on where that can help', () => {
  expect(advice('done', view())).toBe('');
  expect(advice('interrupted', view('BENCH_IMAGE_NOT_FOUND'))).toContain('bench run --resume rabc');
  expect(advice('failed', view('BENCH_IMAGE_NOT_FOUND', 'BENCH_SSH_LOST'))).toContain('bench run --resume rabc');
});

it('advises to begin anew where the recipe would only fail again', () => {
  expect(advice('failed', view('BENCH_IMAGE_NOT_FOUND'))).toContain('bench rerun rabc');
  expect(advice('failed', view('BENCH_IMAGE_NOT_FOUND'))).not.toContain('--resume');
});

it('advises to begin anew where a queue would refuse the same job again', () => {
  const refused = (code: string, message: string) =>
    ({ tasks: [{ file: { status: 'failed', error: { code, message } } }] }) as unknown as RunView;
  const large = refused('BENCH_PROVIDER_CAPACITY', 'slurm: no node of the partition has what the job asks for: sbatch: error: …');
  for (const of of [large, view('BENCH_PROVIDER_REQUEST'), view('BENCH_JOB_PRELUDE')])
    expect(advice('failed', of)).toContain('bench rerun rabc');
  for (const of of [view('BENCH_PROVIDER_CAPACITY'), view('BENCH_PROVIDER_TRANSIENT')])
    expect(advice('failed', of)).toContain('--resume rabc');
});

it('does not advise to go on with a run that has spent what it may cost', () => {
  const outcome = { id: 'rabc', status: 'interrupted', stoppedBy: { code: 'BENCH_MAX_COST', message: '', hint: undefined } } as const;
  expect(adviceAfter({ outcome, view: view(), out: 'runs' })).toEqual([]);
});
