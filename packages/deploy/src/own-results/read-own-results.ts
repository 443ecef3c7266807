import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BenchError, type RequestRecord } from '@bench/core';
import { METRICS_LIMITS, type OwnMetrics, parseMetrics } from './read-metrics.ts';
import { parseRequests } from './read-requests.ts';

/** What a recipe's own program left in its output folder. */
export interface OwnResults {
  /** Of `metrics.json`; empty without one. */
  metrics: OwnMetrics;
  /** Of `requests.jsonl`; null without one. */
  requests: RequestRecord[] | null;
}

/** Bytes of a `requests.jsonl`. */
const REQUESTS_BYTES = 512 << 20;

/**
 * Reads `metrics.json` and `requests.jsonl` of a folder, when they are there.
 * @throws BenchError `BENCH_OWN_RESULTS` with a line for each problem: file, line or figure, and what is wrong.
 */
export async function readOwnResults(folder: string, options: { signal?: AbortSignal } = {}): Promise<OwnResults> {
  const problems: string[] = [];
  const metrics = await withFile(folder, 'metrics.json', METRICS_LIMITS.bytes, problems, async (file) => {
    const read = parseMetrics(await file.readFile('utf8'));
    problems.push(...read.problems.map((problem) => `metrics.json: ${problem}`));
    return read.metrics;
  });
  const requests = await withFile(folder, 'requests.jsonl', REQUESTS_BYTES, problems, async (file) => {
    const rows = parseRequests();
    for await (const line of createInterface({
      input: file.createReadStream({ encoding: 'utf8', autoClose: false }),
      crlfDelay: Infinity,
    })) {
      options.signal?.throwIfAborted();
      rows.push(line);
    }
    const read = rows.done();
    problems.push(...read.problems.map((problem) => `requests.jsonl: ${problem}`));
    return read.records;
  });
  if (problems.length === 0) return { metrics: metrics ?? {}, requests };
  throw new BenchError({
    code: 'BENCH_OWN_RESULTS',
    message: problems.slice(0, 10).join('\n'),
    hint: 'metrics.json is {name: {value, unit, better}}; a row of requests.jsonl has at least {"sentMs":…,"endMs":…}',
    details: { folder },
  });
}

/** A link is not followed: what a container left may point anywhere on this machine. */
async function withFile<T>(
  folder: string,
  name: string,
  maxBytes: number,
  problems: string[],
  read: (file: FileHandle) => Promise<T>,
): Promise<T | null> {
  let file: FileHandle;
  try {
    file = await open(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    problems.push(
      `${name}: ${code === 'ELOOP' ? 'is a link, and must be a file' : `cannot be read (${code ?? (error as Error).message})`}`,
    );
    return null;
  }
  try {
    const facts = await file.stat();
    if (!facts.isFile()) problems.push(`${name}: is no file`);
    else if (facts.size > maxBytes) problems.push(`${name}: ${facts.size} bytes; at most ${maxBytes} can be read`);
    else return await read(file);
    return null;
  } finally {
    await file.close();
  }
}
