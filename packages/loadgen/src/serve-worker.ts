import { parentPort, workerData } from 'node:worker_threads';
import { BenchError, messageOf } from '@bench/core';
import type { FromWorker, ToWorker, WorkerSetup } from './worker/protocol.ts';
import { createLoadWorker } from './worker/load-worker.ts';
import { serveTokenizer } from './worker/serve-tokenizer.ts';
import { isTokenizerSetup } from './worker/tokenizer-protocol.ts';

/**
 * What a thread does, away from the caller's event loop: it makes prompts, sends, stamps and reads, or it counts tokens, as it was set up. Nothing outside
 * a thread.
 */
export function serveWorker(): void {
  if (!parentPort) return;
  const port = parentPort;
  if (isTokenizerSetup(workerData)) {
    void serveTokenizer(port, workerData.tokenizer);
    return;
  }
  const post = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  const worker = createLoadWorker(workerData as WorkerSetup, post);
  port.on('message', (message: ToWorker) => {
    if (message.type === 'exit') {
      worker.close();
      port.close();
      return;
    }
    worker.handle(message).catch((error: unknown) => {
      post({
        type: 'failed',
        code: BenchError.is(error) ? error.code : 'BENCH_LOADGEN_WORKER',
        message: messageOf(error),
        hint: BenchError.is(error) ? error.hint : undefined,
      });
    });
  });
}
