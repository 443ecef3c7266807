import { BenchError, type LoadSpec } from '@bench/core';

/**
 * Deals a load to `n` clients that send it together: requests, prompts, concurrency and arrivals. All of them together send what one would:
 * every request of the load once, with the same prompt, at the same time of an open loop's schedule, never more than the cap in flight. What the
 * parts say of the load (rate, cap, number of requests, seed) is still said of the whole; {@link LoadSpec.share} tells whose part it is.
 *
 * Under a cap the first clients get a slot more where it cannot be divided, and the last have nothing to do where there are more clients than
 * slots. An open loop's cap holds for each client's part: an arrival may wait at one client while another has a slot free.
 * @throws BenchError `BENCH_LOAD` when `n` is no positive integer, or the load is a part already.
 */
export function splitLoad(load: LoadSpec, n: number): LoadSpec[] {
  if (!Number.isInteger(n) || n < 1) throw new BenchError({ code: 'BENCH_LOAD', message: `a load cannot be dealt to ${n} clients` });
  if (load.share) {
    throw new BenchError({
      code: 'BENCH_LOAD',
      message: `a part of a load (client ${load.share.client} of ${load.share.of}) cannot be dealt again`,
    });
  }
  return n === 1 ? [load] : Array.from({ length: n }, (_, client) => ({ ...load, share: { client, of: n } }));
}
