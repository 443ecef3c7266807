import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FailoverOptions, runFailover, stopLine } from './run-failover.ts';
import { splitNodes } from './split-nodes.ts';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'bench-failover-')), 'failover-7');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

type Outcome = { code: number; lines?: string[] };

/** Runs the program `behave` on nodes: what it does depends on where it is. */
function failover(behave: (nodes: readonly string[], n: number) => Outcome, over: Partial<FailoverOptions> = {}) {
  return runFailover({
    active: ['a', 'b'],
    spare: ['c', 'd'],
    maxRetries: 5,
    folder,
    signal: new AbortController().signal,
    attempt: ({ n, nodes, onLine }) => {
      expect(readFileSync(join(folder, 'active.hostfile'), 'utf8')).toBe(`${nodes.join('\n')}\n`);
      const { code, lines = ['step=1'] } = behave(nodes, n);
      for (const text of lines) onLine({ stream: 'stdout', text });
      return Promise.resolve({ code });
    },
    ...over,
  });
}

const tried = (result: { attempts: { nodes: string[] }[] }) => result.attempts.map(({ nodes }) => nodes.join(''));

describe('runFailover', () => {
  it('replaces the node that is named, in its place, and notes it', async () => {
    const result = await failover((nodes) => (nodes.includes('a') ? { code: 1, lines: ['step=1', 'Node failure on a'] } : { code: 0 }));
    expect(result).toMatchObject({ code: 0, stop: 'success' });
    expect(tried(result)).toEqual(['ab', 'cb']);
    expect(readFileSync(join(folder, 'bad_nodes.txt'), 'utf8')).toBe('a\tSlurm says that it failed\tattempt 1\n');
  });

  it('never takes a node again that was named', async () => {
    const result = await failover((nodes) => ({ code: 1, lines: ['step=1', `Node failure on ${nodes[0] as string}`] }));
    expect(tried(result)).toEqual(['ab', 'cb', 'db']);
    expect(result).toMatchObject({ code: 1, stop: 'exhausted' });
    expect(stopLine(result)).toMatch(/^FAILOVER STOP: exhausted: 1 to replace and 0 spare;/);
  });

  it('finds a bad node that nobody names, by turns', async () => {
    const result = await failover((nodes) => ({ code: nodes.includes('b') ? 124 : 0 }), { spare: ['c'] });
    // Not b, then: a is innocent and comes back.
    expect(tried(result)).toEqual(['ab', 'cb', 'ca']);
    expect(result).toMatchObject({ code: 0, stop: 'success', bad: [] });
  });

  it.each<[string, (nodes: readonly string[], n: number) => Outcome, Partial<FailoverOptions>, string, number, number]>([
    ['the time is over', () => ({ code: 143 }), {}, 'walltime', 143, 1],
    ['nothing moves twice', () => ({ code: 1, lines: [] }), {}, 'stuck_pre_training', 1, 2],
    ['no spare is left', () => ({ code: 3 }), { spare: [] }, 'exhausted', 3, 1],
    ['it was tried often enough', () => ({ code: 3 }), { maxRetries: 2 }, 'retries', 3, 3],
    ['the launcher lies', () => ({ code: 0, lines: ['Execution finished with 4'] }), { spare: [] }, 'exhausted', 4, 1],
    ['the user stops it', () => ({ code: 1 }), { signal: AbortSignal.abort() }, 'interrupted', 130, 1],
  ])('stops when %s', async (_, behave, over, stop, code, attempts) => {
    const result = await failover(behave, over);
    expect(result).toMatchObject({ stop, code });
    expect(result.attempts).toHaveLength(attempts);
  });
});

describe('splitNodes', () => {
  it.each([
    [2, 'auto' as const, ['a', 'b'], ['c', 'd']],
    [2, 1, ['a', 'b'], ['c']],
    [4, 'auto' as const, ['a', 'b', 'c', 'd'], []],
  ])('%i needed, spare %s', (needed, spare, active, waiting) => {
    expect(splitNodes(['a', 'b', 'c', 'd'], { needed, spare })).toEqual({ active, spare: waiting });
  });

  it('refuses more than there are', () => {
    expect(() => splitNodes(['a', 'b'], { needed: 2, spare: 1 })).toThrow(/more than the 2 of the allocation/);
  });
});
