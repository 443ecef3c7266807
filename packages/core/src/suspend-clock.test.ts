import { expect, it } from 'vitest';
import { suspendClock } from './suspend-clock.ts';

/** A computer that runs and is suspended; its uptime is told in whole units of so many milliseconds. */
function computer(unitMs = 1000) {
  let awake = 0;
  let up = 3_600_000;
  let looks = 0;
  const run = (ms: number) => {
    awake += ms;
    up += ms;
  };
  const uptime = () => {
    looks++;
    return Math.floor(up / unitMs) * unitMs;
  };
  return {
    run,
    suspend: (ms: number) => void (up += ms),
    awake: () => awake,
    uptime,
    looks: () => looks,
    shift: (ms: number) => void (up += ms),
  };
}

it('adds what the computer was suspended, and looks at its uptime once a second at most', () => {
  for (const unit of [10, 1000]) {
    const pc = computer(unit);
    const clock = suspendClock({ awake: pc.awake, up: pc.uptime });
    pc.run(10_000);
    expect(clock()).toBe(10_000);
    pc.suspend(8 * 3_600_000);
    const before = pc.looks();
    for (let i = 0; i < 1000; i++) {
      pc.run(2);
      clock();
    }
    expect(pc.looks() - before).toBe(2);
    expect(Math.abs(clock() - (12_000 + 8 * 3_600_000)) <= unit).toBe(true);
    pc.suspend(60_000);
    pc.run(2000);
    expect(Math.abs(clock() - (14_000 + 8 * 3_600_000 + 60_000)) <= unit).toBe(true);
  }
});

it('never goes back, and takes no rounding of the uptime and no uptime that goes back for a suspend', () => {
  const pc = computer();
  const clock = suspendClock({ awake: pc.awake, up: pc.uptime });
  let last = clock();
  for (let i = 0; i < 500; i++) {
    pc.run(777);
    if (i % 50 === 0) pc.shift(i % 100 === 0 ? -40_000 : 40_000);
    const now = clock();
    expect(now > last).toBe(true);
    last = now;
  }
  expect(clock()).toBe(pc.awake());
});

it('is the monotonic clock where nobody knows the uptime, or it stands still', () => {
  let awake = 5;
  const none = suspendClock({
    awake: () => awake,
    up: () => {
      throw new Error('no uptime here');
    },
  });
  const still = suspendClock({ awake: () => awake, up: () => 0 });
  awake = 90_000;
  expect([none(), still()]).toEqual([90_000, 90_000]);
});
