import { prng, seedOf } from '@bench/core';
import type { Misbehaviour, TestServerOptions } from './options.ts';

/** Says how each request goes wrong, by its key; called once for each, in order of arrival. Null: not at all. */
export function chooseFault(options: TestServerOptions): (key: string) => Misbehaviour | null {
  const { misbehave = [], faults = [], seed = 0 } = options;
  let turn = 0;
  return (key) => {
    const ordered = misbehave.length > 0 ? misbehave[turn++ % misbehave.length] : null;
    if (ordered) return ordered;
    const drawn = faults.find(({ oneIn }, i) => prng(seedOf(seed, 'fault', i, key)).next() * oneIn < 1);
    return drawn?.fault ?? null;
  };
}
