/** The load generator as one file: program and worker thread in one. Each loads only its own half. */
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  void import('./main.ts').then(async ({ main }) => {
    process.exitCode = await main(process.argv.slice(2), new URL(import.meta.url));
  });
} else {
  void import('../serve-worker.ts').then(({ serveWorker }) => serveWorker());
}
