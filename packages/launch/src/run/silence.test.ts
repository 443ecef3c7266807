import { describe, expect, it } from 'vitest';
import { watchSilence } from './silence.ts';

/** A clock that goes on when it is told to. */
function clock() {
  let now = 0;
  const sleepers: { at: number; wake: () => void }[] = [];
  return {
    io: {
      monotonic: () => now,
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((wake, fail) => {
          sleepers.push({ at: now + ms, wake });
          signal?.addEventListener('abort', () => fail(new Error('aborted')), { once: true });
        }),
    },
    advance: async (ms: number) => {
      now += ms;
      for (const { at, wake } of sleepers) if (at <= now) wake();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function watched(limitMs: number) {
  const { io, advance } = clock();
  const over = new AbortController();
  const watch = watchSilence({ io, limitMs, signal: over.signal });
  let silent: boolean | null = null;
  void watch.silent.then((value) => (silent = value));
  return { watch, advance, over, silent: () => silent };
}

describe('watchSilence', () => {
  it('counts from what was heard last', async () => {
    const { watch, advance, silent } = watched(1000);
    for (let i = 0; i < 5; i++) {
      await advance(900);
      watch.heard();
    }
    await advance(999);
    expect(silent()).toBe(null);
    await advance(1);
    expect(silent()).toBe(true);
  });

  it('takes no slow reader for silence', async () => {
    const { watch, advance, silent } = watched(1000);
    let read: () => void = () => undefined;
    const handing = watch.busy(() => new Promise<void>((resolve) => (read = resolve)));
    await advance(5000);
    expect(silent()).toBe(null);
    read();
    await handing;
    await advance(999);
    expect(silent()).toBe(null);
    await advance(1000);
    expect(silent()).toBe(true);
  });

  it('ends without a finding', async () => {
    const { advance, over, silent } = watched(1000);
    over.abort();
    await advance(1);
    expect(silent()).toBe(false);
  });
});
