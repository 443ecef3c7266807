import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { driveLoad } from './run-load.ts';
import { startTestServer } from './testing/index.ts';
import { builtWorker } from './worker-crew.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A worker whose second thread does `what` when it is asked to do `step`, besides what it is there for. */
async function spoilt(step: string, what: string): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'loadgen-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  const file = join(folder, 'worker.mjs');
  await writeFile(
    file,
    `import { parentPort, workerData } from 'node:worker_threads';
import ${JSON.stringify(builtWorker().href)};
parentPort.on('message', ({ type }) => {
  if (type === ${JSON.stringify(step)} && workerData.id === 1) setTimeout(() => { ${what} }, 60);
});
`,
  );
  return pathToFileURL(file);
}

describe('a worker thread that is lost', () => {
  it.each([
    ['throws in mid-run', 'measure', 'throw new Error("boom")', /a load worker crashed: boom/],
    ['ends in mid-run', 'measure', 'process.exit(7)', /a load worker ended with code 7/],
    ['throws in the warm-up', 'warmup', 'throw new Error("boom")', /a load worker crashed: boom/],
    ['throws before it has made its prompts', 'prepare', 'throw new Error("boom")', /a load worker crashed: boom/],
  ])('%s is an error, not a result without its requests, and the others stop', async (_what, step, act, message) => {
    // Whoever has no answer waits for ever: only a closed connection ends it.
    const server = await startTestServer({ misbehave: [{ kind: 'stall', after: 1 }] });
    cleanups.push(() => server.close());
    const load = {
      data: { kind: 'random' as const, inputTokens: { min: 30, max: 30 }, outputTokens: { min: 6, max: 6 } },
      maxConcurrency: 6,
      numPrompts: 60,
      warmupRequests: step === 'warmup' ? 6 : 0,
      seed: 5,
    };
    const lost = driveLoad({ baseUrl: server.url, model: 'test', load, workers: 3 }, await spoilt(step, act));
    await expect(lost).rejects.toMatchObject({ code: 'BENCH_LOADGEN_WORKER', message: expect.stringMatching(message) as string });
    while (server.open() !== 0) await delay(5);
    expect(server.truth().filter((t) => t.id !== '' && t.outcome === 'done')).toEqual([]);
  });
});
