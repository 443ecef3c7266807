import { groupBy } from '@bench/core';
import { z } from 'zod';
import type { Topology } from '../types.ts';

const rankSchema = z.object({
  rank: z.int(),
  worldSize: z.int(),
  localRank: z.int(),
  localWorldSize: z.int(),
  nodeRank: z.int(),
  host: z.string(),
  node: z.string(),
  pid: z.int(),
  gpus: z.object({
    /** The variable that says which GPUs the rank may use; null: none does, it may use all. */
    variable: z.string().nullable(),
    visible: z.string().nullable(),
    /** GPUs that nvidia-smi lists there; null: it is not there. */
    installed: z.int().nullable(),
  }),
});

const testResultSchema = z.object({
  benchLaunchTest: z.literal(1),
  worldSize: z.int(),
  master: z.object({ address: z.string(), port: z.int() }),
  ranks: z.array(rankSchema),
  connections: z.object({
    asked: z.int(),
    failed: z.array(z.object({ from: z.int(), to: z.int(), address: z.string(), error: z.string() })),
  }),
  problems: z.array(z.string()),
});

/** What rank 0 of the reference program printed. */
export type TestResult = z.output<typeof testResultSchema>;

/** The result in a line of output; null for any other line. */
export function parseTestResult(line: string): TestResult | null {
  const at = line.indexOf('{"benchLaunchTest":');
  if (at === -1) return null;
  try {
    return testResultSchema.safeParse(JSON.parse(line.slice(at))).data ?? null;
  } catch {
    return null;
  }
}

/** All that is wrong with how the ranks were started; empty: nothing. */
export function testProblems(result: TestResult, topology: Topology): string[] {
  const { ranks, connections, worldSize } = result;
  const problems = [...result.problems];
  if (worldSize !== topology.ranks) problems.push(`WORLD_SIZE is ${worldSize}, and ${topology.ranks} ranks were asked for`);
  for (const one of ranks) {
    if (one.worldSize !== worldSize) problems.push(`rank ${one.rank} has WORLD_SIZE ${one.worldSize}, rank 0 has ${worldSize}`);
    if (one.localWorldSize !== topology.ranksPerNode)
      problems.push(
        `rank ${one.rank} has LOCAL_WORLD_SIZE ${one.localWorldSize}, and ${topology.ranksPerNode} ranks per node were asked for`,
      );
  }
  const byNode = groupBy(ranks, ({ nodeRank }) => nodeRank);
  for (const [nodeRank, members] of byNode) {
    const names = [...new Set(members.map(({ node }) => node))];
    if (names.length > 1) problems.push(`NODE_RANK ${nodeRank} is on more than one node: ${names.join(', ')}`);
    const local = members.map(({ localRank }) => localRank).sort((a, b) => a - b);
    if (local.some((localRank, i) => localRank !== i))
      problems.push(`the ranks of node ${nodeRank} have the LOCAL_RANKs ${local.join(', ')}`);
  }
  if (byNode.size !== topology.nodes) problems.push(`the ranks are on ${byNode.size} nodes, and ${topology.nodes} were asked for`);
  for (const { from, to, address, error } of connections.failed.slice(0, 10))
    problems.push(`rank ${from} cannot reach rank ${to} at ${address}: ${error}`);
  if (connections.failed.length > 10) problems.push(`and ${connections.failed.length - 10} more connections failed`);
  return problems;
}

/** A table of the ranks, a line each, for people. */
export function testTable(result: TestResult): string {
  const rows = [
    ['rank', 'node', 'local', 'host', 'pid', 'GPUs'],
    ...result.ranks.map((one) => [
      String(one.rank),
      String(one.nodeRank),
      String(one.localRank),
      nameOf(one),
      String(one.pid),
      gpuText(one.gpus),
    ]),
  ];
  const widths = (rows[0] as string[]).map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const numeric = new Set([0, 1, 2, 4]);
  return rows
    .map((row) =>
      row
        .map((cell, i) => (numeric.has(i) ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const nameOf = ({ host, node }: { host: string; node: string }) =>
  host === node || host.startsWith(`${node}.`) ? host : `${node} (${host})`;

function gpuText({ variable, visible, installed }: TestResult['ranks'][number]['gpus']): string {
  const there = installed === null ? '' : ` of ${installed}`;
  if (variable !== null && visible !== null)
    return visible === '' || visible === '-1' ? `none (${variable})` : `${visible}${there} (${variable})`;
  return installed === null || installed === 0 ? 'none seen' : `all ${installed}`;
}
