import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, it } from 'vitest';
import { withinTime } from './within-time.ts';

let server: Server | null = null;
afterEach(() => {
  server?.close();
});

/** Accepts, and says nothing. */
async function silent(): Promise<string> {
  const made = createServer((socket) => socket.unref());
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(made.address() as { port: number }).port}/`;
}

it('ends what takes too long, also after the memory was cleared up', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const url = await silent();
  const asked = withinTime({ timeoutMs: 500, signal: new AbortController().signal }, (signal) => fetch(url, { signal }));
  const outcome = asked.then(
    () => 'answered',
    (error: Error) => error.name,
  );
  for (let i = 0; i < 5; i++) {
    await delay(50);
    collect();
  }
  expect(await outcome).toBe('TimeoutError');
});

it('ends with the signal, for its reason', async () => {
  const stop = new AbortController();
  const reason = new Error('no more');
  const run = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  const asked = withinTime({ timeoutMs: 60_000, signal: stop.signal }, run);
  stop.abort(reason);
  await expect(asked).rejects.toBe(reason);
  await expect(withinTime({ timeoutMs: 60_000, signal: stop.signal }, (signal) => Promise.reject(signal.reason as Error))).rejects.toBe(
    reason,
  );
});

it('leaves neither timer nor listener', async () => {
  const { signal } = new AbortController();
  let inner: AbortSignal | undefined;
  expect(await withinTime({ timeoutMs: 1, signal }, (own) => Promise.resolve(((inner = own), 7)))).toBe(7);
  await delay(20);
  expect(inner?.aborted).toBe(false);
});
