import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createIo } from '@bench/core';
import { connect } from '@bench/host';
import { afterEach, describe, expect, it } from 'vitest';
import { killLaunch, type KillRequest } from './kill.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process of a launch; resolves when it is there. */
async function member(id: string, script = 'sleep 600', ...words: string[]): Promise<number> {
  const child = spawn('sh', ['-c', `echo; ${script}`, 'sh', ...words], {
    env: { ...process.env, BENCH_LAUNCH_ID: id },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child.pid as number;
}

const running = (pid: number) => existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

const kill = (request: Partial<KillRequest>) =>
  killLaunch(
    { launchId: 'l-one', nodes: ['localhost'], ...request },
    {
      io: createIo({ connect }),
      signal: new AbortController().signal,
      hostname: 'here',
      allocation: { scheduler: 'none', jobId: null, addresses: {} },
    },
  );

const pids = (result: Awaited<ReturnType<typeof killLaunch>>) => result.nodes.flatMap(({ processes }) => processes.map(({ pid }) => pid));

describe('killLaunch', () => {
  it('ends the processes of one launch, and of no other', async () => {
    const [mine, other, longer] = [await member('l-one'), await member('l-two'), await member('l-one-more')];
    const result = await kill({});
    expect(pids(result)).toContain(mine);
    expect(result.nodes[0]?.left).toEqual([]);
    expect([mine, other, longer].map(running)).toEqual([false, true, true]);
  });

  it('only looks on a dry run', async () => {
    const pid = await member('l-one', 'exec sleep 601');
    const result = await kill({ dryRun: true });
    expect(result.nodes[0]?.processes).toEqual([{ pid, command: 'sleep 601' }]);
    expect(running(pid)).toBe(true);
  });

  it('kills what does not obey TERM', async () => {
    const pid = await member('l-one', `trap '' TERM; echo; while :; do sleep 0.05; done`);
    const result = await kill({ graceMs: 300 });
    expect(result.nodes[0]?.left).toEqual([]);
    expect(running(pid)).toBe(false);
  });

  it('sends another signal alone', async () => {
    const pid = await member('l-one', 'trap "exit 0" USR1; while :; do sleep 0.05; done');
    await kill({ signal: 'USR1' });
    await expect.poll(() => running(pid)).toBe(false);
  });

  // Several filters are several conditions: they are not pasted into one pattern.
  it('takes each filter by itself and as it stands', async () => {
    const both = await member('l-one', 'while :; do sleep 0.05; done', 'train.py', 'a.*b');
    const one = await member('l-one', 'while :; do sleep 0.05; done', 'train.py', 'aXXb');
    const result = await kill({ matching: ['a.*b', 'train.py'], dryRun: true });
    expect(pids(result)).toEqual([both]);
    expect(pids(await kill({ matching: ['train.py|nothing'], dryRun: true }))).toEqual([]);
    expect(running(one)).toBe(true);
  });

  it('finds those of any launch when no id is given', async () => {
    const [one, two] = [await member('l-one'), await member('l-two')];
    expect(pids(await kill({ launchId: null, dryRun: true }))).toEqual(expect.arrayContaining([one, two]));
  });

  it('finds nothing where there is nothing', async () => {
    expect(await kill({ launchId: 'l-none' })).toEqual({ nodes: [{ node: 'localhost', processes: [], left: [] }], failed: [] });
  });

  it.each(['', '-9', 'a b', '.*', 'x\ny'])('refuses the id %j', async (launchId) => {
    await expect(kill({ launchId })).rejects.toMatchObject({ code: 'BENCH_LAUNCH_ID' });
  });
});
