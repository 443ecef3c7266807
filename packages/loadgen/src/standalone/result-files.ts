import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { BenchError, messageOf, writeAtomic, type GapList, type RequestRecord } from '@bench/core';
import type { LoadResult } from '../result.ts';

/**
 * All of a {@link LoadResult} but the gaps, of which it has the lengths; gzipped JSON lines: one without the records, then one a record.
 * Written last: where it is, the rest is too.
 */
export const RESULT_FILE = 'result.jsonl.gz';
/** The gaps of all requests one after another, 32-bit floats, little-endian, gzipped. */
const GAPS_FILE = 'gaps.f32.gz';
/** What went wrong instead: `{code, message, hint}`. */
export const ERROR_FILE = 'error.json';

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** The first line. */
interface StoredResult extends Omit<LoadResult, 'gaps' | 'records'> {
  version: 1;
  gapLengths: { index: number; length: number }[];
}

/** Writes a result as the program leaves it: each file whole or not at all, and readable to others: in a container it may run as another user. */
export async function writeResult(folder: string, { gaps, records, ...rest }: LoadResult): Promise<void> {
  const all = Buffer.alloc(gaps.reduce((sum, { gapsMs }) => sum + gapsMs.byteLength, 0));
  let at = 0;
  for (const { gapsMs } of gaps) {
    at += Buffer.from(gapsMs.buffer, gapsMs.byteOffset, gapsMs.byteLength).copy(all, at);
  }
  if (endianness() === 'BE') all.swap32();
  const gapLengths = gaps.map(({ index, gapsMs }) => ({ index, length: gapsMs.length }));
  const stored: StoredResult = { version: 1, ...rest, gapLengths };
  await writeAtomic(join(folder, GAPS_FILE), await pack(all, { level: 1 }));
  await writeAtomic(join(folder, RESULT_FILE), await packLines([stored, ...records]));
}

/**
 * The result that the program left in `folder`.
 * @throws BenchError the program's own error when it left one, `BENCH_LOAD_RESULT` when there is neither or it is damaged.
 */
export async function readResult(folder: string): Promise<LoadResult> {
  const packed = await readFile(join(folder, RESULT_FILE)).catch(() => null);
  if (!packed) throw (await leftError(folder)) ?? damaged('there is no result');
  try {
    const [stored, ...records] = parseLines(await unpack(packed)) as [StoredResult | undefined, ...RequestRecord[]];
    if (stored?.version !== 1) throw new Error(`it has version ${String(stored?.version)}, this program reads version 1`);
    const { version: _one, gapLengths, ...rest } = stored;
    return { ...rest, records, gaps: cutGaps(await unpack(await readFile(join(folder, GAPS_FILE))), gapLengths) };
  } catch (error) {
    throw damaged(messageOf(error), error);
  }
}

async function packLines(values: readonly unknown[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  // In slices: a million records as one string pass what a string can hold.
  for (let at = 0; at < values.length; at += 10_000) {
    const lines = values.slice(at, at + 10_000).map((value) => `${JSON.stringify(value)}\n`);
    parts.push(Buffer.from(lines.join('')));
  }
  return pack(Buffer.concat(parts), { level: 1 });
}

function parseLines(content: Buffer): unknown[] {
  const values: unknown[] = [];
  for (let at = 0, end = content.indexOf(10); end !== -1; at = end + 1, end = content.indexOf(10, at)) {
    values.push(JSON.parse(content.toString('utf8', at, end)));
  }
  return values;
}

function cutGaps(bytes: Buffer, lengths: StoredResult['gapLengths']): GapList[] {
  // Copied: a view of 32-bit floats must begin at a multiple of four.
  const all = new Uint8Array(bytes);
  if (endianness() === 'BE') Buffer.from(all.buffer).swap32();
  if (all.byteLength !== 4 * lengths.reduce((sum, { length }) => sum + length, 0))
    throw new Error('the gaps have another length than it says');
  let at = 0;
  return lengths.map(({ index, length }) => {
    const gapsMs = new Float32Array(all.buffer.slice(at, at + 4 * length));
    at += 4 * length;
    return { index, gapsMs };
  });
}

/** The error that the program left in `folder`, or null. */
export async function leftError(folder: string): Promise<BenchError | null> {
  const text = await readFile(join(folder, ERROR_FILE), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const { code, message, hint } = JSON.parse(text) as { code?: unknown; message?: unknown; hint?: unknown };
    return new BenchError({
      code: typeof code === 'string' && code.startsWith('BENCH_') ? (code as `BENCH_${string}`) : 'BENCH_LOAD_RESULT',
      message: typeof message === 'string' ? message : 'the load failed',
      hint: typeof hint === 'string' ? hint : undefined,
    });
  } catch (error) {
    return damaged(messageOf(error), error);
  }
}

function damaged(why: string, cause?: unknown): BenchError {
  return new BenchError({
    code: 'BENCH_LOAD_RESULT',
    message: `the result of the load cannot be read: ${why}`,
    hint: 'run the point again',
    cause,
  });
}
