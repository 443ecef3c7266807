import { BenchError } from '@bench/core';
import { expect, it } from 'vitest';
import { closeAll } from './close-all.ts';

it('all that is open is ended, and what could not be is told at the end', async () => {
  const ended: string[] = [];
  const open = new Map<string, () => Promise<void>>();
  const add = (id: string, failure?: Error) =>
    open.set(id, async () => {
      ended.push(id);
      if (failure) throw failure;
      open.delete(id);
    });
  add('p0', new BenchError({ code: 'BENCH_SSH_LOST', message: 'gpu1: the connection was lost' }));
  add('p1');
  add(
    'p2',
    new BenchError({ code: 'BENCH_CLEANUP_INCOMPLETE', message: '/r/p2 could not be removed', hint: 'sudo rm -rf /r/p2', exitCode: 6 }),
  );
  const failure = closeAll(open, 'gpu1');
  await expect(failure).rejects.toMatchObject({ code: 'BENCH_CLEANUP_INCOMPLETE', exitCode: 6, hint: 'sudo rm -rf /r/p2' });
  await expect(failure).rejects.toThrow(/load p0: gpu1: the connection was lost\n\s*load p2: \/r\/p2 could not be removed/);
  expect(ended).toEqual(['p0', 'p1', 'p2']);
  expect([...open.keys()]).toEqual(['p0', 'p2']);
});

it('nothing is left when all could be ended', async () => {
  await expect(closeAll(new Map([['p0', () => Promise.resolve()]]), 'gpu1')).resolves.toBeUndefined();
});
