import { type FileHandle, open } from 'node:fs/promises';
import { messageOf } from '@bench/core';
import { containerLogs, type LogOptions } from './container-log.ts';

export interface LogPump {
  /** Resolves when all of this container's log is here. Never rejects. */
  whole(container: string): Promise<void>;
  /** Time of the last line of this container that is here, as the daemon tells it; empty: none yet. */
  last(container: string): string;
  stop(): Promise<void>;
}

/**
 * Copies containers' logs to files of this machine as they grow. Files are for their owner only: an engine may print what it was given.
 * `files`: by container.
 */
export function pumpLogs(options: Omit<LogOptions, 'containers' | 'signal' | 'follow'> & { files: ReadonlyMap<string, string> }): LogPump {
  const { files, io } = options;
  const stop = new AbortController();
  const last = new Map<string, string>();
  const waiting = new Map([...files.keys()].map((container) => [container, gate()]));
  const done = (async () => {
    const handles = new Map<string, FileHandle>();
    try {
      for (const [container, path] of files) handles.set(container, await open(path, 'a', 0o600));
      const containers = [...files.keys()];
      for await (const line of containerLogs({ ...options, containers, follow: true, signal: stop.signal })) {
        if ('ended' in line) waiting.get(line.container)?.resolve();
        else {
          await handles.get(line.container)?.appendFile(`${line.text}\n`);
          last.set(line.container, line.at);
        }
      }
    } finally {
      for (const file of handles.values()) await file.close();
    }
  })()
    .catch((error: unknown) => {
      if (!stop.signal.aborted) io.logger.log('warn', `cannot follow logs: ${messageOf(error)}`);
    })
    .finally(() => {
      for (const { resolve } of waiting.values()) resolve();
    });
  return {
    whole: (container) => waiting.get(container)?.promise ?? Promise.resolve(),
    last: (container) => last.get(container) ?? '',
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}

/** A promise that is resolved from outside. */
function gate(): { promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve: () => resolve() };
}
