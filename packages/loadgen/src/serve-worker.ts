import { parentPort, workerData } from 'node:worker_threads';
import { BenchError, messageOf } from '@bench/core';
import type { FromWorker, ToWorker, WorkerSetup } from './worker/protocol.ts';
import { createLoadWorker } from './worker/load-worker.ts';

/** What a worker thread does: it makes prompts, sends, stamps and reads, away from the caller's event loop. Nothing outside a thread. */
export function serveWorker(): void {
  if (!parentPort) return;
  const port = parentPort;
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
