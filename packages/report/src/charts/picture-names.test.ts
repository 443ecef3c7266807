import { describe, expect, it } from 'vitest';
import { markup } from '../html/markup.ts';
import { pictureNames } from './picture-names.ts';

const chart = (id: string, names?: readonly string[]) => ({
  id,
  title: '',
  subtitle: '',
  svg: markup``,
  legend: [],
  ...(names && { names }),
});

describe('pictureNames', () => {
  it('names pictures by what they show', () => {
    expect(
      pictureNames([
        chart('curve-ttft_ms'),
        chart('pareto-0-throughput-latency', ['Qwen/Qwen3-8B, 2000 in']),
        chart('series-3-1', ['tiny-cpu / default', '4 concurrent']),
      ]),
    ).toEqual(['curve-ttft_ms', 'pareto-throughput-latency-qwen-qwen3-8b-2000-in', 'series-tiny-cpu-default-4-concurrent']);
  });

  it('tells names apart that would be one, and keeps them safe and short', () => {
    const names = pictureNames([
      chart('ttft-0', ['A']),
      chart('ttft-1', ['a']),
      chart('ttft-2', ['../../etc/passwd\u0000']),
      chart('ttft-3', ['\u202E💥']),
      chart('ttft-4', ['x'.repeat(10_000)]),
      chart('ttft-5', ['a 2']),
    ]);
    expect(names.slice(0, 4)).toEqual(['ttft-a', 'ttft-a-2', 'ttft-etc-passwd', 'ttft']);
    expect(names[5]).toBe('ttft-a-2-2');
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9._-]{1,60}$/);
  });
});
