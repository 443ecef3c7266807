import { afterEach } from 'vitest';
import { startTestServer, type TestServer, type TestServerOptions } from './index.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Done when the test is over. */
export function afterwards(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** A test server until the test is over. */
export async function serve(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer(options);
  afterwards(() => server.close());
  return server;
}
