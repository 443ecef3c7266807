import { BenchError } from '@bench/core';
import { expect, it } from 'vitest';
import { parseSite } from './site-name.ts';

it('reads every form of a site', () => {
  expect(parseSite('local')).toEqual({ kind: 'local', name: 'local' });
  expect(parseSite('docker')).toEqual({ kind: 'docker', name: 'docker' });
  expect(parseSite('ssh:me@gpu1:2222')).toEqual({ kind: 'ssh', name: 'ssh:me@gpu1:2222', targets: ['me@gpu1:2222'] });
  expect(parseSite('ssh:gpu1,gpu2')).toEqual(parseSite('ssh:gpu1,ssh:gpu2'));
  expect(parseSite('cloud')).toEqual({ kind: 'cloud', name: 'cloud', providers: null });
  expect(parseSite('vast')).toEqual({ kind: 'cloud', name: 'vast', providers: ['vast'] });
  expect(parseSite('slurm')).toEqual({ kind: 'slurm', name: 'slurm', login: null });
  expect(parseSite('slurm:me@login1:2222')).toEqual({ kind: 'slurm', name: 'slurm:me@login1:2222', login: 'me@login1:2222' });
  expect(parseSite('slurm', { providers: ['slurm'] }).kind).toBe('slurm');
  expect(parseSite('byo', { providers: ['byo'] })).toEqual({ kind: 'cloud', name: 'byo', providers: ['byo'] });
});

it.each(['', 'gpu1', 'ssh:', 'ssh:a,', 'ssh:a,a', 'clowd', 'slurm:', 'slurmy'])('refuses %j with what is possible', (text) => {
  const failure = (() => {
    try {
      return parseSite(text);
    } catch (error) {
      return error;
    }
  })();
  expect(failure).toSatisfy(BenchError.is);
  expect(failure).toMatchObject({ code: 'BENCH_SITE', exitCode: 2 });
  expect((failure as BenchError).hint).toMatch(/ssh:|slurm:/);
});
