import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Prng, prng, seedOf } from '@bench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { compressNodeList, expandNodeList } from './index.ts';

const slurm = part('slurm');
const LISTS = 1_000;

const choose = <T>(random: Prng, values: readonly T[]) => values[random.integer(0, values.length - 1)] as T;
const many = <T>(random: Prng, most: number, make: () => T) => Array.from({ length: random.integer(1, most) }, make);

/** A list as clusters have them: words with none to four groups, padded or not, ranges across powers of ten, repeated names. */
function nodeList(random: Prng): string {
  const number = () => String(random.integer(0, 120)).padStart(choose(random, [0, 0, 2, 3, 4]), '0');
  const range = () => {
    const low = number();
    const high = String(Number(low) + random.integer(0, 6)).padStart(choose(random, [0, 0, 2, 5]), '0');
    return choose(random, [low, `${low}-${high}`]);
  };
  const group = () => `[${many(random, 3, range).join(',')}]`;
  const prefix = () => choose(random, ['n', 'gpu', 'rack1-node', 'x4', 'a.b-', 'nid00', 'c_']);
  const word = () => choose(random, [prefix() + number(), prefix() + group(), many(random, 3, () => prefix() + group()).join('')]);
  return many(random, 4, word).join(',');
}

describe.skipIf(!slurm.present)(`node lists as scontrol reads them${slurm.present ? '' : ` (${slurm.skipped})`}`, () => {
  let folder: string;
  const scontrol = (...args: string[]) =>
    spawnSync('scontrol', ['show', ...args], {
      encoding: 'utf8',
      env: { ...process.env, SLURM_CONF: join(folder, 'slurm.conf') },
      timeout: 20_000,
    });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bench-node-list-'));
    writeFileSync(join(folder, 'slurm.conf'), 'ClusterName=none\nSlurmctldHost=localhost\nNodeName=n0\nPartitionName=p Nodes=ALL\n');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(`agrees with scontrol show hostnames on ${LISTS} generated lists`, () => {
    const random = prng(seedOf('node lists'));
    const groups = new Set<number>();
    for (let i = 0; i < LISTS; i++) {
      const list = nodeList(random);
      groups.add(list.split('[').length - 1);
      const { stdout, stderr, status } = scontrol('hostnames', list);
      expect({ list, status, stderr, nodes: expandNodeList(list) }).toEqual({
        list,
        status: 0,
        stderr: '',
        nodes: stdout.trimEnd().split('\n'),
      });
    }
    expect(groups.size, 'the lists differ').toBeGreaterThan(5);
  });

  it('writes lists that scontrol reads back', () => {
    const random = prng(seedOf('compressed node lists'));
    for (let i = 0; i < 100; i++) {
      const nodes = expandNodeList(nodeList(random)).slice(0, 60);
      expect(scontrol('hostnames', compressNodeList(nodes)).stdout.trimEnd().split('\n')).toEqual(nodes);
    }
  });
});
