import { BenchError } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { takenDown } from './taken-down.ts';

const io = { redact: (text: string) => text.replaceAll('s3cret', '***') };
const reason = new BenchError({ code: 'BENCH_ENGINE_EXITED', message: 'ended with code 3' });

describe('takenDown', () => {
  it('answers the reason when all is down', async () => {
    let down = false;
    const takeDown = async () => void (down = true);
    expect(await takenDown({ reason, takeDown, io, details: {} })).toBe(reason);
    expect(down).toBe(true);
  });

  it('tells of what is left first, with how to remove it, and the reason after that', async () => {
    const takeDown = () =>
      Promise.reject(new BenchError({ code: 'BENCH_HOST_LOST', message: 'gpu1 is away, s3cret', hint: 'docker rm x' }));
    expect(await takenDown({ reason, takeDown, io, details: { host: 'gpu1' } })).toMatchObject({
      code: 'BENCH_CLEANUP_INCOMPLETE',
      message: 'gpu1 is away, ***\nbefore that: ended with code 3',
      hint: 'docker rm x',
      exitCode: 6,
      cause: reason,
      details: { host: 'gpu1' },
    });
  });
});
