import type { Cancel } from '@bench/core';
import { usage } from '../asked.ts';
import { durationFlag } from '../duration-flag.ts';

/** What `--cancel` asks for: `0.1`, `0.1:2s`, `0.1:500ms-5s`. @throws BenchError `BENCH_USAGE` when it cannot be read */
export function cancelOf(text: string): Cancel {
  const match = /^(\d*\.?\d+)(?::([^-]+)(?:-([^-]+))?)?$/.exec(text);
  const ratio = Number(match?.[1]);
  if (!match || !(ratio > 0 && ratio < 1))
    throw usage(`--cancel ${text}: expected a part of the requests below 1, such as 0.1, 0.1:2s or 0.1:500ms-5s`);
  if (match[2] === undefined) return { ratio };
  const min = durationFlag('--cancel', match[2]);
  const max = match[3] === undefined ? min : durationFlag('--cancel', match[3]);
  if (min > max) throw usage(`--cancel ${text}: the first time is the shorter one`);
  return { ratio, afterMs: { min, max } };
}
