import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { BenchError, messageOf } from '@bench/core';
import type { TestServerOptions, TruthRecord } from '../testing/options.ts';

/** A test server in a thread of its own: what it does takes no turn of the client's event loops. */
export interface ServerThread {
  url: string;
  /** What it did since this was last asked. */
  truth(): Promise<TruthRecord[]>;
  close(): Promise<void>;
}

/** @throws BenchError `BENCH_SELFCHECK_SERVER` when it does not come up, or is asked after it ended; its built file is missing. */
export async function startServerThread(options: TestServerOptions): Promise<ServerThread> {
  const worker = new Worker(builtServer(), { workerData: options, execArgv: [], name: 'bench-selfcheck-server' });
  let ended: BenchError | null = null;
  let waiting: { resolve(message: unknown): void; reject(error: BenchError): void } | null = null;
  const end = (why: string, cause?: unknown) => {
    ended ??= new BenchError({ code: 'BENCH_SELFCHECK_SERVER', message: `the test server of the self-check ended: ${why}`, cause });
    waiting?.reject(ended);
  };
  worker.on('error', (error) => end(messageOf(error), error));
  worker.on('exit', (code) => end(`code ${code}`));
  worker.on('message', (message) => waiting?.resolve(message));
  const next = <T>() =>
    new Promise<T>((resolve, reject) => {
      if (ended) reject(ended);
      else waiting = { resolve, reject };
    });
  const { url } = await next<{ url: string }>();
  return {
    url,
    async truth() {
      const answer = next<{ truth: TruthRecord[] }>();
      worker.postMessage('truth');
      return (await answer).truth;
    },
    async close() {
      await worker.terminate();
    },
  };
}

/** Beside this file or above it when built, in `dist` when run from source. */
function builtServer(): URL {
  const candidates = ['./selfcheck-server.js', '../selfcheck-server.js', '../../dist/selfcheck-server.js'];
  const found = candidates.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(fileURLToPath(url)));
  if (found) return found;
  throw new BenchError({
    code: 'BENCH_SELFCHECK_SERVER',
    message: 'the built test server of @bench/loadgen is missing',
    hint: 'run `npm run build` first',
  });
}
