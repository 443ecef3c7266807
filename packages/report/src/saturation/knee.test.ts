import { describe, expect, it } from 'vitest';
import { kneeInterval } from './knee-interval.ts';
import { kneeOf } from './knee.ts';

/*
 * Expected values by numpy 2.4.6 and scipy 1.17.1:
 *
 * def knee(x, y):
 *     x = np.asarray(x, float); y = np.asarray(y, float)
 *     p = y[y >= .9 * y.max()].mean(); i = int(np.argmax(y >= .9 * p)); n = len(x)
 *     if i == n - 1 or stats.linregress(np.log(x[i:]), np.log(y[i:])).slope > .5: return 'rising', n - 1, p
 *     return ('from-start' if i == 0 else 'reached'), i, p
 */
describe('kneeOf', () => {
  const loads = [8, 12, 16, 20, 24, 28, 32, 36, 40];

  it('is where a measured sweep levels off, whatever single loads do', () => {
    const sglang = [416.15, 476.14, 558.9, 674.96, 677.45, 683.34, 675.45, 684.12, 676.05];
    expect(kneeOf(loads, sglang)).toEqual({ kind: 'reached', index: 3, plateau: expect.closeTo(678.5616666666666, 9) as number });
  });

  it('is not reached in a measured sweep whose last load is well above all others', () => {
    const vllm = [743.16, 605.68, 1018.7, 1020.56, 1267.9, 1173.38, 1292.24, 1240.78, 1493.49];
    expect(kneeOf(loads, vllm)).toEqual({ kind: 'rising', index: 8, plateau: 1493.49 });
  });

  const powers = (top: number) => Array.from({ length: Math.log2(top) + 1 }, (_, i) => 2 ** i);

  it('is the limit of an engine that takes so many at once', () => {
    // N = 2.**np.arange(9); b = np.minimum(N, 32); knee(N, b / (10 + .05 * b))
    const x = powers(256);
    expect(
      kneeOf(
        x,
        x.map((n) => Math.min(n, 32) / (10 + 0.05 * Math.min(n, 32))),
      ),
    ).toEqual({ kind: 'reached', index: 5, plateau: expect.closeTo(2.7586206896551726, 12) as number });
  });

  it('settles when the sweep goes on', () => {
    // for top in (64, 256, 1024, 4096): knee(N, N / (10 + .4 * N)), N = 2.**np.arange(0, np.log2(top) + 1)
    const at = (top: number) => {
      const x = powers(top);
      const { kind, index } = kneeOf(
        x,
        x.map((n) => n / (10 + 0.4 * n)),
      );
      return [kind, x[index]];
    };
    expect([64, 256, 1024, 4096].map(at)).toEqual([
      ['rising', 64],
      ['reached', 128],
      ['reached', 256],
      ['reached', 256],
    ]);
  });

  it('is no knee while throughput grows with the load, however close loads are', () => {
    expect(kneeOf([30, 31, 32, 33], [300, 310, 320, 330])).toMatchObject({ kind: 'rising', index: 3 });
    expect(kneeOf([1, 2, 4], [100, 101, 99])).toMatchObject({ kind: 'from-start', index: 0 });
  });
});

/*
 * def boot(x, reps, draws=20000, seed=1):
 *     r = np.random.default_rng(seed); reps = np.asarray(reps, float); n = reps.shape[1]; m = reps.mean(1)
 *     cv2 = ((reps.std(1, ddof=1) / m) ** 2).mean(); df = len(x) * (n - 1)
 *     sig = np.sqrt(cv2 * df / r.chisquare(df, draws))
 *     Y = m * (1 + sig[:, None] / np.sqrt(n) * r.standard_normal((draws, len(x))))
 *     ks = [knee(x, y) for y in Y]
 *     share of ks equal to knee(x, m); np.sort of their indexes ('rising' is len(x)) at .025 and .975
 */
describe('kneeInterval', () => {
  const loads = [1, 2, 4, 8, 16, 32];
  const found = (repeats: number[][]) => {
    const means = repeats.map((list) => list.reduce((sum, v) => sum + v, 0) / list.length);
    const measured = repeats.map((list, i) => {
      const [mean, degrees] = [means[i] as number, list.length - 1];
      const squares = list.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return {
        load: loads[i] as number,
        mean,
        repeats: list.length,
        spread: degrees > 0 ? { variance: squares / degrees, degrees } : null,
      };
    });
    const knee = kneeOf(loads, means);
    return { knee, interval: kneeInterval(measured, knee) };
  };

  it('of close repeats is narrow, and most resampled curves agree', () => {
    const { knee, interval } = found([
      [100, 104, 97],
      [195, 188, 192],
      [330, 352, 341],
      [372, 395, 380],
      [401, 380, 392],
      [385, 399, 410],
    ]);
    expect(knee).toEqual({ kind: 'reached', index: 3, plateau: expect.closeTo(390.4444444444444, 9) as number });
    // numpy: 0.921 at index 3; 0.025 and 0.975 at indexes 2 and 3.
    expect(interval).toMatchObject({ above: 2, upTo: 8 });
    expect(Math.abs((interval.agreement ?? 0) - 0.921)).toBeLessThan(0.03);
  });

  it('of repeats that differ much is wide, and may be open above', () => {
    const { interval } = found([
      [100, 120, 90],
      [195, 170, 210],
      [330, 390, 300],
      [372, 420, 350],
      [451, 380, 392],
      [385, 459, 380],
    ]);
    // numpy: 0.456 at index 3; 0.025 and 0.975 at index 2 and past the last.
    expect(interval).toMatchObject({ above: 2, upTo: null });
    expect(Math.abs((interval.agreement ?? 0) - 0.456)).toBeLessThan(0.04);
  });

  it('without repeats is that between neighbouring loads, and says nothing of agreement', () => {
    expect(found([[100], [190], [340], [380], [390], [400]]).interval).toEqual({ above: 4, upTo: 8, agreement: null });
    expect(found([[100], [190], [340], [700], [1400], [2700]]).interval).toEqual({ above: 32, upTo: null, agreement: null });
    expect(found([[100], [101], [102], [99], [100], [98]]).interval).toEqual({ above: null, upTo: 1, agreement: null });
  });
});
