import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, EXIT, type Io } from '@bench/core';
import { processState, thisProcess, type ProcessHolder } from './holder.ts';

/** A holder that cannot be seen from here is taken for dead when its lock stood still for so long; it is held for milliseconds. */
const ELSEWHERE_MS = 60_000;
const GIVE_UP_MS = 120_000;
/** Older locks that are kept: a list of the folder that is read while others lock must not miss the newest. */
const KEPT = 16;
const TEMPORARY_MS = 3_600_000;

/**
 * Runs `work` while no other process of any computer that shares the folder does. Each holding has a number, one more than the last; a file
 * with the number as its name appears with its holder in it, by a hard link, so a number is given once. An empty file: let go. The holder of
 * a dead process is succeeded, not removed, so two that find it dead cannot both have the next number.
 * @throws BenchError `BENCH_LEDGER_BUSY` when a living process holds it for two minutes; the file system's own errors.
 */
export async function withLock<T>(folder: string, io: Io, work: () => Promise<T>): Promise<T> {
  const path = await acquire(folder, io);
  try {
    return await work();
  } finally {
    await truncate(path, 0);
  }
}

async function acquire(folder: string, io: Io): Promise<string> {
  const started = io.monotonic();
  const own = join(folder, `.${process.pid}.${randomBytes(6).toString('hex')}`);
  let seen = { number: -1, sinceMs: started };
  try {
    await writeFile(own, JSON.stringify(thisProcess()), { flag: 'wx', mode: 0o600 });
    for (;;) {
      const last = newest(await readdir(folder));
      if (seen.number !== last) seen = { number: last, sinceMs: io.monotonic() };
      const standsStillMs = io.monotonic() - seen.sinceMs;
      const holder = last < 0 ? null : await holderOf(join(folder, String(last)));
      if (holder === 'gone') continue;
      if (holder !== null && !isDead(holder, standsStillMs)) {
        if (io.monotonic() - started > GIVE_UP_MS) throw busy(folder, holder);
        await io.sleep(2 + io.random() * 20);
        continue;
      }
      const path = join(folder, String(last + 1));
      if (!(await linked(own, path))) continue;
      // Whoever read an old list may have been given a number that was used and tidied away; then a higher one is there.
      const names = await readdir(folder);
      if (newest(names) > last + 1) {
        await rm(path, { force: true });
        continue;
      }
      await tidy(folder, names, last + 1);
      return path;
    }
  } finally {
    await rm(own, { force: true });
  }
}

/** Makes the folder of a lock. */
export async function makeLock(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

function isDead(holder: ProcessHolder, standsStillMs: number): boolean {
  const state = processState(holder);
  return state === 'dead' || (state === 'elsewhere' && standsStillMs > ELSEWHERE_MS);
}

/** Null: let go. `gone`: the file is not there any more. */
async function holderOf(path: string): Promise<ProcessHolder | 'gone' | null> {
  try {
    const text = await readFile(path, 'utf8');
    return text === '' ? null : (JSON.parse(text) as ProcessHolder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    if (error instanceof SyntaxError) return null; // a file system that lost its end: nobody is named
    throw error;
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

const isNumber = (name: string) => /^\d+$/.test(name);
const newest = (names: readonly string[]) => Math.max(-1, ...names.filter(isNumber).map(Number));

async function tidy(folder: string, names: readonly string[], mine: number): Promise<void> {
  for (const name of names) {
    const path = join(folder, name);
    if (isNumber(name) ? Number(name) < mine - KEPT : await isAbandoned(path, join(folder, String(mine)))) await rm(path, { force: true });
  }
}

/** A temporary file that a killed process left: an hour older than ours by the file system's own clock. */
async function isAbandoned(path: string, ours: string): Promise<boolean> {
  const [theirs, now] = await Promise.all([stat(path).catch(() => null), stat(ours).catch(() => null)]);
  return theirs !== null && now !== null && now.mtimeMs - theirs.mtimeMs > TEMPORARY_MS;
}

function busy(folder: string, holder: ProcessHolder): BenchError {
  return new BenchError({
    code: 'BENCH_LEDGER_BUSY',
    message: `process ${holder.pid} holds the ledger (${folder})`,
    hint: 'it is stopped or hangs: continue or end it, then try again',
    exitCode: EXIT.missingPart,
    retryable: true,
    details: { pid: holder.pid, machineId: holder.machineId },
  });
}
