import type { RequestRecord } from '@bench/core';
import type { LoadResult } from '../result.ts';
import type { TruthRecord } from '../testing/options.ts';
import { spread, type TruthSpread } from '../testing/truth.ts';
import { requestId } from '../worker/sender.ts';

/** How far a client's times are from those of the server that it measured; both stamp by the machine's monotonic clock. Milliseconds. */
export interface ClientError {
  /** Stamp of the first token minus its write by the server: what the client adds to a TTFT. */
  ttftMs: TruthSpread | null;
  /** |gap between two tokens as measured − gap between their writes|. */
  itlMs: TruthSpread | null;
  /** |mean gap of a request as measured − as written|. */
  tpotMs: TruthSpread | null;
  /** Stamp of each token minus its write. */
  stampMs: TruthSpread | null;
  /** The server's own part: when a token was written minus when it was due. No error of the client's. */
  serverLateMs: TruthSpread | null;
}

/** Compares measured requests that ended well with what the server says it did; those it says something else of are passed over. */
export function clientError({ records, gaps, zeroMonotonicMs, summary }: LoadResult, truths: readonly TruthRecord[]): ClientError {
  const truthOf = new Map(truths.map((truth) => [truth.id, truth]));
  const gapsOf = new Map(gaps.map((list) => [list.index, list.gapsMs]));
  const ttft: number[] = [];
  const itl: number[] = [];
  const tpot: number[] = [];
  const stamp: number[] = [];
  const late: number[] = [];
  for (const record of records) {
    const truth = truthOf.get(requestId(summary.load.seed, record.index));
    const seen = tokenTimes(record, gapsOf.get(record.index), zeroMonotonicMs);
    if (!truth || seen.length === 0 || seen.length !== truth.writesMs.length) continue;
    const { writesMs, dueMs } = truth;
    const off = seen.map((at, i) => at - (writesMs[i] as number));
    const first = off[0] as number;
    const last = off.at(-1) as number;
    ttft.push(first);
    if (off.length > 1) tpot.push(Math.abs(last - first) / (off.length - 1));
    for (const [i, error] of off.entries()) {
      stamp.push(error);
      late.push((writesMs[i] as number) - (dueMs[i] as number));
      if (i > 0) itl.push(Math.abs(error - (off[i - 1] as number)));
    }
  }
  return { ttftMs: spread(ttft), itlMs: spread(itl), tpotMs: spread(tpot), stampMs: spread(stamp), serverLateMs: spread(late) };
}

/** When each chunk of a measured request was read, on the machine's clock. */
function tokenTimes(record: RequestRecord, gapsMs: Float32Array | undefined, zeroMs: number): number[] {
  if (record.phase !== 'measured' || record.status !== 'ok' || record.firstTokenMs === null) return [];
  let at = record.firstTokenMs + zeroMs;
  return [at, ...Array.from(gapsMs ?? [], (gap) => (at += gap))];
}
