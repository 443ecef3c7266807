import { type LoadSpecInput, TIMED_WARMUP_REQUESTS } from '@bench/core';
import { usage } from './asked.ts';
import { durationFlag } from './duration-flag.ts';

/** `--warmup`: a number of requests (`32`), or a time (`30s`, `1m30s`). @throws BenchError `BENCH_USAGE` */
export function warmupOf(text: string): Pick<LoadSpecInput, 'warmupRequests' | 'warmupMs'> {
  if (/^\d+$/.test(text)) return { warmupRequests: Number(text) };
  const warmupMs = durationFlag('--warmup', text);
  if (warmupMs <= 0) throw usage('--warmup takes a number of requests, or a time above 0', 'leave it out for none');
  return { warmupRequests: TIMED_WARMUP_REQUESTS, warmupMs };
}
