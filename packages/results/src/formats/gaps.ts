import { Buffer } from 'node:buffer';
import { endianness } from 'node:os';
import { gunzipSync, gzipSync } from 'node:zlib';
import { BenchError, type GapList, messageOf } from '@bench/core';

/** All gaps of a point in buckets whose width is relative: each gap is known to `relativeError` of its value. */
export interface GapHistogram {
  count: number;
  sumMs: number;
  minMs: number;
  maxMs: number;
  /** In ascending order. `valueMs` stands for every gap of its bucket; 0 is exactly 0. */
  buckets: { valueMs: number; count: number }[];
}

export interface DecodedGaps {
  /** One entry a request; empty when the point had more gaps than the cap. */
  lists: GapList[];
  /** What is kept instead of lists past the cap; else null. */
  histogram: GapHistogram | null;
  /** Gaps that are kept exactly at most. */
  cap: number;
  /** 0: exact (32-bit floats). */
  relativeError: number;
}

const MAGIC = 'BGAP';
const VERSION = 1;
const HEADER_BYTES = 24;
const DEFAULT_CAP = 4_000_000;
/** What fits into a file that is not refused for its size. */
const LARGEST_CAP = 200_000_000;
const ERROR = 0.01;
/** Bounds of successive buckets: the geometry of DDSketch (Masson, Rim, Lee 2019), whose midpoint is within ERROR of any value. */
const gammaOf = (error: number) => (1 + error) / (1 - error);
/** A file that claims to be larger than this is not one of ours. */
const MAX_BYTES = 1 << 30;
/** Gaps below a nanosecond count as none at all. */
const SMALLEST_MS = 1e-6;

/**
 * The content of `gaps.bin.gz`: a gzip stream of a 24-byte header and the gaps, little-endian. Gaps are exact as 32-bit floats up to
 * `capSamples` in all (default 4 million, 200 million at most); past that, all lists are replaced by one histogram with a relative error of 1 %.
 *
 * Header: magic `BGAP`, u16 version, u16 kind (0 lists, 1 histogram), u32 cap, f32 relative error, u32 entries, u32 zero.
 * Lists: `entries` × (u32 index, u32 length), then all gaps as f32.
 * Histogram: f64 sum, f64 min, f64 max, then `entries` × (i32 bucket, u32 zero, f64 count); bucket −2³¹ holds zeros.
 */
export function encodeGaps(lists: readonly GapList[], options: { capSamples?: number } = {}): Buffer {
  const cap = Math.min(options.capSamples ?? DEFAULT_CAP, LARGEST_CAP);
  const total = lists.reduce((sum, list) => sum + list.gapsMs.length, 0);
  return gzipSync(total <= cap ? encodeLists(lists, total, cap) : encodeHistogram(lists, cap), { level: 1 });
}

function header(body: Buffer, kind: 0 | 1, cap: number, relativeError: number, entries: number): void {
  body.write(MAGIC, 0, 'latin1');
  body.writeUInt16LE(VERSION, 4);
  body.writeUInt16LE(kind, 6);
  body.writeUInt32LE(cap, 8);
  body.writeFloatLE(relativeError, 12);
  body.writeUInt32LE(entries, 16);
}

function encodeLists(lists: readonly GapList[], total: number, cap: number): Buffer {
  const body = Buffer.alloc(HEADER_BYTES + lists.length * 8 + total * 4);
  header(body, 0, cap, 0, lists.length);
  let row = HEADER_BYTES;
  let at = HEADER_BYTES + lists.length * 8;
  for (const { index, gapsMs } of lists) {
    body.writeUInt32LE(index, row);
    body.writeUInt32LE(gapsMs.length, row + 4);
    row += 8;
    const bytes = Buffer.from(gapsMs.buffer, gapsMs.byteOffset, gapsMs.byteLength);
    bytes.copy(body, at);
    if (endianness() === 'BE') body.subarray(at, at + bytes.length).swap32();
    at += bytes.length;
  }
  return body;
}

const ZEROS = -(2 ** 31);

function encodeHistogram(lists: readonly GapList[], cap: number): Buffer {
  const counts = new Map<number, number>();
  const width = Math.log(gammaOf(ERROR));
  let [sum, min, max] = [0, Infinity, -Infinity];
  for (const { gapsMs } of lists) {
    for (const gap of gapsMs) {
      // A gap is a difference of one monotonic clock: anything else than a positive number is no time at all.
      const value = gap > 0 ? Math.min(gap, 3.4e38) : 0;
      sum += value;
      min = Math.min(min, value);
      max = Math.max(max, value);
      const bucket = value < SMALLEST_MS ? ZEROS : Math.ceil(Math.log(value) / width);
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    }
  }
  const body = Buffer.alloc(HEADER_BYTES + 24 + counts.size * 16);
  header(body, 1, cap, ERROR, counts.size);
  body.writeDoubleLE(sum, HEADER_BYTES);
  body.writeDoubleLE(min, HEADER_BYTES + 8);
  body.writeDoubleLE(max, HEADER_BYTES + 16);
  let at = HEADER_BYTES + 24;
  for (const [bucket, count] of [...counts].sort(([a], [b]) => a - b)) {
    body.writeInt32LE(bucket, at);
    body.writeDoubleLE(count, at + 8);
    at += 16;
  }
  return body;
}

/**
 * Reads what {@link encodeGaps} wrote.
 * @throws BenchError `BENCH_GAPS_DAMAGED` when it is cut, changed or something else; `BENCH_GAPS_TOO_NEW` for a later format.
 */
export function decodeGaps(content: Uint8Array): DecodedGaps {
  let body: Buffer;
  try {
    body = gunzipSync(content, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    throw damaged(messageOf(cause), cause);
  }
  if (body.length < HEADER_BYTES || body.toString('latin1', 0, 4) !== MAGIC) throw damaged('it does not begin as a gaps file does');
  const version = body.readUInt16LE(4);
  if (version > VERSION) {
    throw new BenchError({
      code: 'BENCH_GAPS_TOO_NEW',
      message: `gaps file has format ${version}; this version reads up to ${VERSION}`,
      hint: 'update @bench/cli',
    });
  }
  const kind = body.readUInt16LE(6);
  const cap = body.readUInt32LE(8);
  const relativeError = Number(body.readFloatLE(12).toPrecision(6));
  const entries = body.readUInt32LE(16);
  if (kind === 0) return { lists: readLists(body, entries), histogram: null, cap, relativeError: 0 };
  if (kind === 1 && relativeError > 0 && relativeError < 1)
    return { lists: [], histogram: readHistogram(body, entries, gammaOf(relativeError)), cap, relativeError };
  throw damaged(`kind ${kind} is not known`);
}

function readLists(body: Buffer, entries: number): GapList[] {
  let at = HEADER_BYTES + entries * 8;
  if (body.length < at) throw damaged('its list of requests is cut');
  const lists: GapList[] = [];
  for (let i = 0; i < entries; i++) {
    const row = HEADER_BYTES + i * 8;
    const end = at + body.readUInt32LE(row + 4) * 4;
    if (end > body.length) throw damaged('its gaps are cut');
    // Copied: views must be aligned, and must not keep the whole file alive.
    const bytes = new Uint8Array(body.subarray(at, end));
    if (endianness() === 'BE') Buffer.from(bytes.buffer).swap32();
    lists.push({ index: body.readUInt32LE(row), gapsMs: new Float32Array(bytes.buffer) });
    at = end;
  }
  if (at !== body.length) throw damaged('something follows its gaps');
  return lists;
}

function readHistogram(body: Buffer, entries: number, gamma: number): GapHistogram {
  const start = HEADER_BYTES + 24;
  if (body.length !== start + entries * 16) throw damaged('its histogram has the wrong length');
  const buckets: GapHistogram['buckets'] = [];
  let count = 0;
  for (let at = start; at < body.length; at += 16) {
    const bucket = body.readInt32LE(at);
    const inIt = body.readDoubleLE(at + 8);
    count += inIt;
    buckets.push({ valueMs: bucket === ZEROS ? 0 : (2 * gamma ** bucket) / (gamma + 1), count: inIt });
  }
  return {
    count,
    sumMs: body.readDoubleLE(HEADER_BYTES),
    minMs: body.readDoubleLE(HEADER_BYTES + 8),
    maxMs: body.readDoubleLE(HEADER_BYTES + 16),
    buckets,
  };
}

/** Percentile `q` (0 to 100) of a histogram: the value of the bucket that holds the nearest rank. NaN when it is empty. */
export function histogramPercentile(histogram: GapHistogram, q: number): number {
  const rank = ((histogram.count - 1) * q) / 100;
  let below = 0;
  for (const { valueMs, count } of histogram.buckets) {
    below += count;
    if (below > rank) return Math.min(Math.max(valueMs, histogram.minMs), histogram.maxMs);
  }
  return Number.NaN;
}

function damaged(why: string, cause?: unknown): BenchError {
  return new BenchError({
    code: 'BENCH_GAPS_DAMAGED',
    message: `gaps file cannot be read: ${why}`,
    hint: 'the other files of the point are not affected; run the point again to have its gaps',
    cause,
  });
}
