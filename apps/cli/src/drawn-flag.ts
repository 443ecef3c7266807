import type { Drawn } from '@bench/loadgen/testing';
import { usage } from './asked.ts';

/**
 * A value that is always the same or drawn: `50ms`, `uniform:20ms-80ms`, `lognormal:50ms,0.4` (median, and standard deviation of the
 * logarithm). `parse` reads one value, and throws for what is none.
 * @throws BenchError `BENCH_USAGE` that names the flag
 */
export function drawnFlag(flag: string, text: string, parse: (flag: string, text: string) => number): Drawn {
  const [, kind, first = '', second = ''] = /^(uniform|lognormal):([^-,]*)[-,](.*)$/.exec(text) ?? [];
  if (kind === undefined) {
    if (!text.includes(':')) return parse(flag, text);
    throw usage(`${flag} ${text}: expected one value, uniform:MIN-MAX or lognormal:MEDIAN,SIGMA`);
  }
  if (kind === 'uniform') {
    const drawn = { kind: 'uniform' as const, min: parse(flag, first), max: parse(flag, second) };
    if (drawn.min > drawn.max) throw usage(`${flag} ${text}: ${first} is more than ${second}`);
    return drawn;
  }
  const sigma = Number(second);
  if (second.trim() === '' || !Number.isFinite(sigma) || sigma < 0)
    throw usage(`${flag} ${text}: "${second}" is no standard deviation`, 'for example lognormal:50ms,0.4');
  return { kind: 'lognormal', median: parse(flag, first), sigma };
}
