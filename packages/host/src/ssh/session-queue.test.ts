import { describe, expect, it } from 'vitest';
import { SessionQueue } from './session-queue.ts';

describe('the queue for sessions', () => {
  it('learns the limit from a refusal, and lets the refused one go first', async () => {
    const queue = new SessionQueue({ monotonic: () => 0, initialLimit: Number.POSITIVE_INFINITY });
    const leases = await Promise.all([1, 2, 3].map(() => queue.acquire()));
    leases[0]?.confirmed();
    leases[1]?.confirmed();
    leases[2]?.refused();
    expect(queue.limit).toBe(2);
    const order: string[] = [];
    const late = queue.acquire().then((lease) => (order.push('late'), lease));
    const again = queue.acquire({ again: true }).then((lease) => (order.push('again'), lease));
    leases[0]?.release();
    (await again).release();
    leases[1]?.release();
    await late;
    expect(order).toEqual(['again', 'late']);
  });

  it('tries one more after a while, since a refusal may have been of the moment', async () => {
    let now = 0;
    const queue = new SessionQueue({ monotonic: () => now, initialLimit: 10 });
    const first = await queue.acquire();
    first.confirmed();
    (await queue.acquire()).refused();
    expect(queue.limit).toBe(1);
    now = 2000;
    const second = await queue.acquire();
    second.confirmed();
    expect(queue.limit).toBe(2);
  });

  it('keeps its count when a lease is given back twice', async () => {
    const queue = new SessionQueue({ monotonic: () => 0, initialLimit: 1 });
    const lease = await queue.acquire();
    lease.confirmed();
    lease.release();
    lease.release();
    expect(queue.open).toBe(0);
    const next = await queue.acquire();
    const waiting = queue.acquire({ signal: AbortSignal.timeout(20) });
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' });
    const rejected = queue.acquire();
    queue.rejectAll(new Error('closed'));
    await expect(rejected).rejects.toThrow('closed');
    next.release();
  });
});
