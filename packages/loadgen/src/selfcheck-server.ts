/** Entry of the thread that a self-check's server runs in. */
import { parentPort, workerData } from 'node:worker_threads';
import { startTestServer } from './testing/server.ts';
import type { TestServerOptions } from './testing/options.ts';

if (parentPort) {
  const port = parentPort;
  void startTestServer(workerData as TestServerOptions).then((server) => {
    let told = 0;
    port.on('message', () => {
      const truth = server.truth();
      port.postMessage({ truth: truth.slice(told) });
      told = truth.length;
    });
    port.postMessage({ url: server.url });
  });
}
