import { describe, expect, it } from 'vitest';
import { bench, show, start } from './cli.ts';

describe('bench selfcheck', () => {
  it('measures the client at the levels that were named', async () => {
    const checked = await bench(['selfcheck', '--levels', '2,10/s', '--json']);
    expect(checked.code, show(checked)).toBe(0);
    const { verdict, levels } = JSON.parse(checked.stdout) as {
      verdict: string;
      levels: { level: unknown; counts: { failed: number }; error: { stampMs: { count: number } } }[];
    };
    expect(verdict).toMatch(/^This machine’s client can/);
    expect(levels.map(({ level }) => level)).toEqual([
      { kind: 'streams', streams: 2 },
      { kind: 'rate', ratePerS: 10 },
    ]);
    expect(levels.map(({ counts }) => counts.failed)).toEqual([0, 0]);
    expect(levels[0]?.error.stampMs.count).toBe(300);
  });

  it('ends at Ctrl-C', async () => {
    const running = start(['selfcheck']);
    await running.saw('checking');
    running.child.kill('SIGINT');
    const ended = await running.finished;
    expect(ended.code, show(ended)).toBe(130);
    expect(ended.stdout).toBe('');
  });

  it.each(['many', '0', '5/min', '10,'])('refuses --levels %s', async (levels) => {
    const { code, stderr } = await bench(['selfcheck', '--levels', levels]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--levels: "')]);
  });
});
