import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '@bench/core';

export interface RawLog {
  readonly path: string;
  /** In the order of the calls. */
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * A new file with every byte that was written, both streams in the order in which they came. Mode 0600: programs print secrets.
 * @throws the file system's own error, when it is opened or when something could not be written.
 */
export async function openRawLog(path: string): Promise<RawLog> {
  await makeFolder(dirname(path));
  const file: FileHandle = await open(path, 'w', 0o600);
  let last: Promise<unknown> = Promise.resolve();
  return {
    path,
    write: (chunk) => {
      const written = last.then(async () => {
        await file.writeFile(chunk);
      });
      last = written.catch(() => undefined);
      return written;
    },
    close: async () => {
      await last;
      await file.close();
    },
  };
}
