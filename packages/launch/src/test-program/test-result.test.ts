import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { freePort } from '@bench/host';
import { describe, expect, it } from 'vitest';
import { testCommand } from '../test-command.ts';
import { parseTestResult, testProblems, type TestResult, testTable } from './test-result.ts';

const rankOf = (over: Partial<TestResult['ranks'][number]>): TestResult['ranks'][number] => ({
  rank: 0,
  worldSize: 4,
  localRank: 0,
  localWorldSize: 2,
  nodeRank: 0,
  host: 'gpu0.cluster',
  node: 'gpu0',
  pid: 100,
  gpus: { variable: 'CUDA_VISIBLE_DEVICES', visible: '0', installed: 2 },
  ...over,
});

const good: TestResult = {
  benchLaunchTest: 1,
  worldSize: 4,
  master: { address: 'gpu0', port: 29_500 },
  ranks: [
    rankOf({}),
    rankOf({ rank: 1, localRank: 1, pid: 101, gpus: { variable: 'CUDA_VISIBLE_DEVICES', visible: '1', installed: 2 } }),
    rankOf({ rank: 2, nodeRank: 1, host: 'vm', node: 'gpu1', gpus: { variable: null, visible: null, installed: null } }),
    rankOf({
      rank: 3,
      nodeRank: 1,
      localRank: 1,
      host: 'vm',
      node: 'gpu1',
      gpus: { variable: 'CUDA_VISIBLE_DEVICES', visible: '', installed: 2 },
    }),
  ],
  connections: { asked: 12, failed: [] },
  problems: [],
};
const topology = { nodes: 2, ranksPerNode: 2, ranks: 4 };

const changed = (at: number, over: Partial<TestResult['ranks'][number]>): TestResult => ({
  ...good,
  ranks: good.ranks.map((one, i) => (i === at ? { ...one, ...over } : one)),
});

describe('testProblems', () => {
  it.each<[string, TestResult, RegExp | null]>([
    ['nothing', good, null],
    ['what rank 0 said', { ...good, problems: ['of 4 ranks 1 did not come: 3'] }, /did not come: 3/],
    ['a world of another size', { ...good, worldSize: 2 }, /WORLD_SIZE is 2, and 4/],
    ['a rank with another world', changed(1, { worldSize: 1 }), /rank 1 has WORLD_SIZE 1/],
    ['a rank with another local size', changed(1, { localWorldSize: 4 }), /rank 1 has LOCAL_WORLD_SIZE 4/],
    ['a local rank twice', changed(1, { localRank: 0 }), /ranks of node 0 have the LOCAL_RANKs 0, 0/],
    ['a node rank on two nodes', changed(1, { node: 'gpu7' }), /NODE_RANK 0 is on more than one node: gpu0, gpu7/],
    ['too many nodes', changed(3, { nodeRank: 2, localRank: 0 }), /on 3 nodes, and 2/],
    [
      'a closed port',
      { ...good, connections: { asked: 12, failed: [{ from: 1, to: 3, address: '10.0.0.2:5', error: 'ETIMEDOUT' }] } },
      /rank 1 cannot reach rank 3 at 10.0.0.2:5: ETIMEDOUT/,
    ],
  ])('finds %s', (_, result, expected) => {
    const problems = testProblems(result, topology).join('\n');
    if (expected === null) expect(problems).toBe('');
    else expect(problems).toMatch(expected);
  });
});

it('testTable has a line for each rank', () => {
  expect(`\n${testTable(good)}\n`).toMatchInlineSnapshot(`
    "
    rank  node  local  host          pid  GPUs
       0     0      0  gpu0.cluster  100  0 of 2 (CUDA_VISIBLE_DEVICES)
       1     0      1  gpu0.cluster  101  1 of 2 (CUDA_VISIBLE_DEVICES)
       2     1      0  gpu1 (vm)     100  none seen
       3     1      1  gpu1 (vm)     100  none (CUDA_VISIBLE_DEVICES)
    "
  `);
});

it.each(['', 'noise', '{"benchLaunchTest":1}', '{"benchLaunchTest":', '{"benchLaunchTest":2,"ranks":[]}'])(
  'parseTestResult passes %j by',
  (line) => {
    expect(parseTestResult(line)).toBe(null);
  },
);

describe('the reference program', () => {
  async function world(over: (rank: number) => Record<string, string> | null) {
    const [port, [file = '', ...args]] = [await freePort(), testCommand(process.execPath)];
    const ranks = [0, 1, 2, 3].flatMap((rank) => {
      const own = over(rank);
      if (own === null) return [];
      const place = {
        RANK: String(rank),
        LOCAL_RANK: String(rank % 2),
        NODE_RANK: String(Math.floor(rank / 2)),
        SLURMD_NODENAME: `gpu${Math.floor(rank / 2)}`,
      };
      const common = { WORLD_SIZE: '4', LOCAL_WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: String(port), BENCH_LAUNCH_ID: 'l1' };
      return [spawn(file, args, { env: { PATH: process.env['PATH'], ...place, ...common, ...own }, stdio: ['ignore', 'pipe', 'pipe'] })];
    });
    const ended = await Promise.all(
      ranks.map(async (child) => {
        const code = new Promise<number | null>((resolve) => child.once('close', resolve));
        const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
        return { code: await code, stdout, stderr };
      }),
    );
    const lines = ended.flatMap(({ stdout }) => stdout.split('\n'));
    return {
      codes: ended.map(({ code }) => code),
      stderr: ended.map(({ stderr }) => stderr).join(''),
      result: lines.map(parseTestResult).find((one) => one !== null) ?? null,
    };
  }

  it('meets all ranks, and each talks to each', async () => {
    const { codes, result } = await world((rank) => ({ CUDA_VISIBLE_DEVICES: String(rank % 2) }));
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(result?.connections).toEqual({ asked: 12, failed: [] });
    expect(result?.ranks.map((one) => [one.rank, one.node, one.gpus.visible])).toEqual([
      [0, 'gpu0', '0'],
      [1, 'gpu0', '1'],
      [2, 'gpu1', '0'],
      [3, 'gpu1', '1'],
    ]);
    expect(testProblems(result as TestResult, topology)).toEqual([]);
  });

  it('names ranks that do not come', async () => {
    const { codes, result } = await world((rank) => (rank === 2 ? null : { BENCH_LAUNCH_TEST_SECONDS: '2' }));
    expect(codes).toEqual([1, 1, 1]);
    expect(result?.problems).toEqual(['of 4 ranks 1 did not come: 2']);
    expect(result?.connections.asked).toBe(6);
  });

  it('lets no strangers in', async () => {
    const { result } = await world((rank) => ({ BENCH_LAUNCH_TEST_SECONDS: '2', ...(rank === 3 ? { BENCH_LAUNCH_ID: 'other' } : {}) }));
    expect(result?.problems).toEqual(['of 4 ranks 1 did not come: 3']);
  });

  it('says what its environment lacks', async () => {
    const { codes, stderr } = await world((rank) => (rank === 0 ? { LOCAL_RANK: '', MASTER_ADDR: '' } : null));
    expect(codes).toEqual([1]);
    expect(stderr).toMatch(/has no LOCAL_RANK, MASTER_ADDR/);
  });
});
