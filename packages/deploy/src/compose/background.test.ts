import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, createIo, type Host, type Io, type RemoteProcess } from '@bench/core';
import { localHost } from '@bench/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runInBackground } from './background.ts';

let root: string;
let host: Host;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-background-'));
  host = localHost({ stateDir: join(root, 'state') });
});
afterEach(async () => {
  await (await host.attach('job'))?.discard();
  await rm(root, { recursive: true, force: true });
});

const lost = () => new BenchError({ code: 'BENCH_SSH_LOST', message: 'the connection was lost', retryable: true });

/** Its connection is lost for so many questions of each kind, the first start's answer on its way back. */
function unsteady(outage: { of: number; after?: number }): Host {
  const asked = new Map<string, number>();
  const away = (name: string) => {
    const n = (asked.get(name) ?? 0) + 1;
    asked.set(name, n);
    return n > (outage.after ?? 0) && n <= (outage.after ?? 0) + outage.of;
  };
  const through = async <T>(name: string, ask: () => Promise<T>) => {
    if (away(name)) throw lost();
    return ask();
  };
  const wrapped = (process: RemoteProcess): RemoteProcess => ({
    ...process,
    status: () => through('status', process.status),
    readLog: (offset) => through('readLog', () => process.readLog(offset)),
    discard: () => through('discard', process.discard),
  });
  return {
    ...host,
    attach: (id) => through('attach', async () => ((p) => p && wrapped(p))(await host.attach(id))),
    start: async (command, options) => {
      const process = await host.start(command, options);
      if (away('start')) throw lost();
      return wrapped(process);
    },
  };
}

/** Waits cost it no time, but its clock goes on by them; no wait is longer than 20 ms. */
function hasty(): Io {
  const io = createIo();
  let waited = 0;
  return {
    ...io,
    monotonic: () => waited,
    sleep: (ms, signal) => {
      waited += ms;
      return io.sleep(Math.min(ms, 20), signal);
    },
  };
}

const run = (on: Host, script: string, signal = new AbortController().signal, io = hasty()) =>
  runInBackground(on, { argv: ['sh', '-c', script] }, { id: 'job', io, signal });

describe('a command in the background', () => {
  it('outlives an outage, and is begun once', async () => {
    const file = join(root, 'begun');
    const { code, output } = await run(unsteady({ of: 20 }), `echo once >> ${file}; echo said; exit 3`);
    expect({ code, output }).toEqual({ code: 3, output: 'said\n' });
    expect(await readFile(file, 'utf8')).toBe('once\n');
    expect(await host.attach('job')).toBeNull();
  });

  it('is left at work when its host stays away', async () => {
    await expect(run(unsteady({ of: Infinity, after: 1 }), 'sleep 60')).rejects.toMatchObject({ code: 'BENCH_SSH_LOST' });
    expect(await (await host.attach('job'))?.status()).toEqual({ running: true });
  });

  it('is ended when aborted', async () => {
    const abort = new AbortController();
    const running = run(host, 'sleep 60', abort.signal, createIo());
    await expect.poll(async () => (await host.attach('job')) !== null).toBe(true);
    abort.abort(new Error('enough'));
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(await host.attach('job')).toBeNull();
  });
});
