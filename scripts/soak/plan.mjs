/** mulberry32: equal seeds, equal kills. @param {number} seed @returns {() => number} */
export function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * The kills, in the order that they are made. Spread evenly over a life: half by the share of its length, half by the share of what its ledger
 * and journal say in the end; drawn within each stretch.
 * @param {number} kills
 * @param {() => number} random
 * @returns {{ n: number, by: 'time' | 'events', share: number }[]}
 */
export function planOfKills(kills, random) {
  const all = Array.from({ length: kills }, (_, n) => ({
    n,
    by: n % 2 === 0 ? 'time' : 'events',
    share: (Math.floor(n / 2) + random()) / Math.ceil(kills / 2),
  }));
  for (let n = all.length - 1; n > 0; n--) {
    const other = Math.floor(random() * (n + 1));
    [all[n], all[other]] = [all[other], all[n]];
  }
  return all;
}
