import { Worker } from 'node:worker_threads';
import { BenchError } from '@bench/core';
import type { FromTokenizer, ToTokenizer, TokenizerSetup } from './worker/tokenizer-protocol.ts';

/** Texts that go to the thread at once. */
const BATCH = 64;

/** A `tokenizer.json` in a thread of its own. */
export interface ClientTokenizer {
  /**
   * Tokens of each text, in their order; null: it could not be counted. `whole`: with the special tokens that the tokenizer puts around a text. Once it is
   * `stopped`, nothing more is counted.
   * Never throws: what was measured is not lost for want of a count.
   */
  count(texts: readonly string[], options: { whole: boolean; stopped: () => boolean }): Promise<(number | null)[]>;
  close(): Promise<void>;
}

/**
 * Reads the file in a thread that is started from `workerFile`, and waits until it can count.
 * @throws BenchError `BENCH_TOKENIZER` when the file cannot be read or is no tokenizer that is known.
 */
export async function openTokenizer(options: { path: string; workerFile: URL }): Promise<ClientTokenizer> {
  const { path, workerFile } = options;
  const setup: TokenizerSetup = { tokenizer: path };
  const worker = new Worker(workerFile, { workerData: setup, execArgv: [], name: 'bench-tokenizer' });
  let settle: ((answer: FromTokenizer) => void) | null = null;
  let over: FromTokenizer | null = null;
  const tell = (answer: FromTokenizer) => {
    settle?.(answer);
    settle = null;
  };
  const end = (message: string) => tell((over ??= { type: 'failed', message }));
  worker.on('message', tell);
  worker.on('error', (error) => end(error.message));
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      end(`its thread ended with code ${code}`);
      resolve();
    });
  });
  const answer = () =>
    new Promise<FromTokenizer>((resolve) => {
      if (over) resolve(over);
      else settle = resolve;
    });

  async function close(): Promise<void> {
    await worker.terminate();
    await exited;
  }

  const first = await answer();
  if (first.type === 'failed') {
    await close();
    throw new BenchError({
      code: 'BENCH_TOKENIZER',
      message: `tokenizer ${path}: ${first.message}`,
      hint: 'it is the tokenizer.json of a model of the Hugging Face hub',
    });
  }
  return {
    async count(texts, { whole, stopped }) {
      const counts: (number | null)[] = [];
      for (let at = 0; at < texts.length; at += BATCH) {
        const batch = texts.slice(at, at + BATCH);
        // Who stops a run waits for nothing more.
        if (stopped()) {
          counts.push(...batch.map(() => null));
          continue;
        }
        const coming = answer();
        if (!over) worker.postMessage({ texts: batch, whole } satisfies ToTokenizer);
        const got = await coming;
        counts.push(...(got.type === 'counted' ? got.counts : batch.map(() => null)));
      }
      return counts;
    },
    close,
  };
}
