import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Those that this process has not finished yet. */
const unfinished = new Set<string>();

/**
 * Has something written to a temporary file beside `path`, hidden and of a name of its own; `write` renames it when it is whole. It is removed when `write`
 * fails, and when the process exits meanwhile: who stops a program does not look for hidden files.
 * @throws what `write` throws.
 */
export async function withTemporary<T>(path: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 60)}.${randomUUID().slice(0, 8)}.tmp`);
  if (unfinished.size === 0) process.on('exit', removeUnfinished);
  unfinished.add(temporary);
  try {
    return await write(temporary);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    unfinished.delete(temporary);
    if (unfinished.size === 0) process.off('exit', removeUnfinished);
  }
}

/** Nothing asynchronous happens any more. */
function removeUnfinished(): void {
  for (const temporary of unfinished) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // The others are removed all the same.
    }
  }
}
