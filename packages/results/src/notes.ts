import { readFile } from 'node:fs/promises';
import { BenchError, didYouMean, type Io, writeAtomic } from '@bench/core';
import { z } from 'zod';
import { lockRun, type RunLock } from './lock.ts';
import { paths } from './paths.ts';
import { readRunFile } from './read-run-file.ts';
import { type Notes, notesSchema } from './run-file.ts';

/** A change of the notes takes milliseconds: who holds them longer than this does not let go. */
const LOCK_MS = 10_000;
const RETRY_MS = 20;

/** What a tag may be: words of any language, `release/1.2`, `driver=570`, `nightly`. No spaces, and nothing that a shell would expand. */
const TAG = /^[\p{L}\p{N}][\p{L}\p{N}._:+/=@-]{0,63}$/u;

/**
 * Notes with tags added, each once and in the order of their coming, and others taken away.
 * @throws BenchError `BENCH_BAD_TAG` for a text that cannot be a tag, `BENCH_NO_SUCH_NOTE` for one to take away that is not there.
 */
export function withTags(notes: Notes, { add = [], remove = [] }: { add?: readonly string[]; remove?: readonly string[] }): Notes {
  const bad = add.find((tag) => !TAG.test(tag));
  if (bad !== undefined) {
    throw new BenchError({
      code: 'BENCH_BAD_TAG',
      message: `${JSON.stringify(bad.slice(0, 80))} cannot be a tag`,
      hint: 'a tag is 1 to 64 letters, digits and . _ : + / = @ -, and begins with a letter or a digit; bench note takes any text',
      exitCode: 2,
    });
  }
  const missing = remove.find((tag) => !notes.tags.includes(tag));
  if (missing !== undefined) {
    const near = didYouMean(missing, notes.tags);
    throw new BenchError({
      code: 'BENCH_NO_SUCH_NOTE',
      message: `it has no tag ${JSON.stringify(missing.slice(0, 80))}${near === null ? '' : `; ${near}`}`,
      hint: notes.tags.length === 0 ? 'it has no tags' : `its tags: ${notes.tags.join(', ')}`,
      exitCode: 2,
    });
  }
  return { ...notes, tags: [...new Set([...notes.tags, ...add])].filter((tag) => !remove.includes(tag)) };
}

/** Notes without the remark at position `n`, from 1. @throws BenchError `BENCH_NO_SUCH_NOTE`: there is none. */
export function withoutRemark(notes: Notes, n: number): Notes {
  if (notes.remarks[n - 1] === undefined) {
    throw new BenchError({
      code: 'BENCH_NO_SUCH_NOTE',
      message: `it has no remark ${n}`,
      hint: notes.remarks.length === 0 ? 'it has no remarks' : `its remarks: 1 to ${notes.remarks.length}`,
      exitCode: 2,
    });
  }
  return { ...notes, remarks: notes.remarks.filter((_, i) => i !== n - 1) };
}

/**
 * Changes `notes.json` of a run: at any time, also while another process writes the run. Two changes at once come one after the other, and
 * neither is lost.
 * @param change the new notes, from those that are there
 * @returns the notes as they are now
 * @throws BenchError `BENCH_RUN_NOT_FOUND`, `BENCH_RUN_DAMAGED`, `BENCH_RUN_TOO_NEW`; `BENCH_NOTES_DAMAGED` rather than write over what
 * somebody noted; `BENCH_RUN_BUSY` when another process holds the notes for 10 seconds.
 */
export async function changeNotes(
  dir: string,
  change: (notes: Notes) => Notes,
  io: Pick<Io, 'sleep' | 'monotonic'>,
  signal?: AbortSignal,
): Promise<Notes> {
  await readRunFile(dir);
  const lock = await waitForLock(paths.notesLock(dir), io, signal);
  try {
    const before = await readNotes(dir);
    const after = notesSchema.parse(change(before));
    if (JSON.stringify(after) !== JSON.stringify(before)) await writeAtomic(paths.notes(dir), `${JSON.stringify(after, null, 1)}\n`);
    return after;
  } finally {
    await lock.release();
  }
}

async function waitForLock(path: string, io: Pick<Io, 'sleep' | 'monotonic'>, signal?: AbortSignal): Promise<RunLock> {
  const until = io.monotonic() + LOCK_MS;
  for (;;) {
    try {
      return await lockRun(path);
    } catch (error) {
      if (!BenchError.is(error) || error.code !== 'BENCH_RUN_BUSY' || io.monotonic() > until) throw error;
    }
    await io.sleep(RETRY_MS, signal);
  }
}

/** Notes of a run; empty ones where nothing was noted. */
async function readNotes(dir: string): Promise<Notes> {
  const path = paths.notes(dir);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  try {
    return notesSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BenchError({
      code: 'BENCH_NOTES_DAMAGED',
      message: `${path} cannot be read: ${cause instanceof z.ZodError ? z.prettifyError(cause) : 'it is not JSON'}`,
      hint: 'mend it, or move it away: nothing is written over it',
      cause,
      exitCode: 2,
    });
  }
}
