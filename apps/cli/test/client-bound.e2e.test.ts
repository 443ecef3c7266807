import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startTestServer, type TestServer } from '@bench/loadgen/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { bench, type Finished, folder, type Running, show, start, tinyRecipe } from './cli.ts';
import { type CpuQuota, cpuQuota } from './cpu-quota.ts';

const missing = part('cpu-quota').skipped;
/** As quick as the server writes its tokens. */
const GAP_MS = 5;

let server: TestServer | null = null;
let quota: CpuQuota | null = null;
const running: Running[] = [];
afterEach(async () => {
  for (const { child, finished } of running.splice(0)) {
    child.kill('SIGKILL');
    await finished;
  }
  await quota?.remove();
  await server?.close();
  server = quota = null;
});

interface Point {
  counts: { sent: number; ok: number };
  scalars: { output_throughput: number };
  client: { cpuWaitMax: number | null; quotaUsedUp: number | null };
  flags: { code: string; message: string }[];
}

function load(url: string, flags: readonly string[], through: readonly string[] = []): Running {
  const fixed = ['--model', 'm', '--input-len', '20', '--strict', '--json'];
  const started = start(['load', url, ...fixed, ...flags], { through });
  running.push(started);
  return started;
}

const pointOf = (ended: Finished): Point => {
  expect(ended.stdout, show(ended)).toMatch(/^\{/);
  return JSON.parse(ended.stdout) as Point;
};

const bound = ({ flags }: Point) => flags.find(({ code }) => code === 'client_bound')?.message ?? null;

describe.skipIf(missing !== undefined)(`a load client with a CPU quota${missing === undefined ? '' : ` (${missing})`}`, () => {
  it(
    'is said to be the limit, with the cause, and --strict ends with 8; at half of what it managed it is not',
    { timeout: 280_000 },
    async () => {
      server = await startTestServer({ ttftMs: 20, gapMs: GAP_MS });
      quota = cpuQuota(0.05);
      const starved = load(server.url, ['--concurrency', '200', '--requests', '200', '--output-len', '200']);
      // From the first measured request on: the quota is not to make the start of the command take a minute.
      while (!server.truth().some(({ id }) => id !== '') && starved.child.exitCode === null) await delay(2);
      quota.take(starved.child.pid as number);
      const ended = await starved.finished;
      const point = pointOf(ended);
      expect(point.counts).toMatchObject({ sent: 200, ok: 200 });
      expect(bound(point), show(ended)).toMatch(/^the client was the limit: .*% of the time/);
      expect(bound(point)).toContain('of the periods its CPU quota was used up');
      expect(point.client.quotaUsedUp).toBeGreaterThan(0.5);
      expect(ended.code, show(ended)).toBe(8);
      expect(ended.stderr).toContain('note: the client was the limit');

      // The same streams, as many as make half of that. What else runs on the machine may starve a client too, and is kept away from it by its priority.
      const streams = Math.max(1, Math.floor(((point.scalars.output_throughput / 2) * GAP_MS) / 1000));
      const half = load(server.url, ['--concurrency', String(streams), '--duration', '4s', '--output-len', '100'], ['chrt', '--fifo', '1']);
      const light = await half.finished;
      const calm = pointOf(light);
      expect(calm.counts.ok, show(light)).toBeGreaterThan(0);
      expect(bound(calm), show(light)).toBeNull();
      expect(calm.client.quotaUsedUp).toBeNull();
      // Whatever else there is to say of it on a machine with much to do.
      const doubts = calm.flags.filter(({ code }) => code !== 'few_samples');
      expect(light.code, show(light)).toBe(doubts.length > 0 ? 8 : 0);
    },
  );
});

it('bench run --strict ends with 8, too, and says of which point', async () => {
  const root = await folder();
  const recipe = await tinyRecipe(root);
  await writeFile(
    join(recipe, 'recipe.yaml'),
    `model: {random: tiny}
engine: {llm: {context_length: 512, max_concurrent_requests: 4, embedded: {}}}
# More than any client can send.
benchmark: {random_input_len: 64, random_output_len: 1, num_prompts: 600, arrival: constant, request_rate: 100000}
`,
  );
  const ended = await bench(['run', recipe, '--out', join(root, 'runs'), '--strict', '--no-report']);
  expect(ended.stderr).toMatch(/^in doubt: tiny\/default point 0: the client was the limit: requests left \d+\.\d ms late \(p99; /m);
  expect(ended.code, show(ended)).toBe(8);
});
