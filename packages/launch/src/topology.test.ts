import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectAllocation, findTopology } from './index.ts';
import { paperSystem } from './testing/paper-system.ts';

/** Four nodes of a Slurm job. */
const job = (env: Record<string, string> = {}) =>
  detectAllocation(paperSystem({ env: { SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'n[1-4]', ...env } }));
const four = { gpus: { SLURM_GPUS_ON_NODE: '4' }, tasks: { SLURM_NTASKS_PER_NODE: '2' } };
const here = (env: Record<string, string> = {}) => detectAllocation(paperSystem({ env }));

describe('topology', () => {
  it.each([
    ['all nodes, one rank each', job(), {}, '4x1'],
    ['a rank for each GPU', job(four.gpus), {}, '4x4'],
    ['what the job was asked for, before its GPUs', job({ ...four.gpus, ...four.tasks }), {}, '4x2'],
    ['ranks and ranks per node give the nodes', job(), { ranks: 6, ranksPerNode: 3 }, '2x3'],
    ['ranks and nodes give the ranks per node', job(), { ranks: 6, nodes: 2 }, '2x3'],
    ['all three that agree', job(), { ranks: 6, nodes: 2, ranksPerNode: 3 }, '2x3'],
    ['ranks per node alone: all nodes', job(four.gpus), { ranksPerNode: 2 }, '4x2'],
    ['nodes alone', job(four.gpus), { nodes: 2 }, '2x4'],
    ['ranks alone: the fewest nodes with room', job(four.gpus), { ranks: 8 }, '2x4'],
    ['ranks alone: evenly', job(four.gpus), { ranks: 6 }, '2x3'],
    ['ranks alone: less than a node', job(four.gpus), { ranks: 3 }, '1x3'],
    ['ranks alone on nodes without GPUs: all nodes', job(), { ranks: 8 }, '4x2'],
    ['more than the GPUs, because it is said', job(four.gpus), { ranks: 32, ranksPerNode: 8 }, '4x8'],
    ['chosen nodes', job(), { nodeNames: ['n2', 'n4'] }, '2x1'],
    ['this machine', here(), {}, '1x2'],
    ['this machine with GPUs', here({ CUDA_VISIBLE_DEVICES: '0,1,2' }), {}, '1x3'],
    ['this machine and a world size', here({ WORLD_SIZE: '5' }), {}, '1x5'],
    ['this machine takes what it is given', here({ CUDA_VISIBLE_DEVICES: '0' }), { ranks: 7 }, '1x7'],
  ])('%s', (_name, allocation, asked, expected) => {
    const { topology } = findTopology(asked, allocation);
    expect(`${topology.nodes}x${topology.ranksPerNode}`).toBe(expected);
    expect(topology.ranks).toBe(topology.nodes * topology.ranksPerNode);
  });

  it.each([
    ['more nodes than there are', { nodes: 5 }, '5 nodes wanted, but there are 4'],
    ['ranks that need more nodes', { ranks: 10, ranksPerNode: 2 }, '5 nodes wanted, but there are 4'],
    ['ranks not divided by ranks per node', { ranks: 7, ranksPerNode: 2 }, '7 ranks cannot be divided into 2 per node'],
    ['fewer ranks than ranks per node', { ranks: 2, ranksPerNode: 4 }, '2 ranks cannot be divided into 4 per node'],
    ['ranks not divided by nodes', { ranks: 7, nodes: 2 }, '7 ranks cannot be divided over 2 nodes'],
    ['three that do not agree', { ranks: 8, ranksPerNode: 2, nodes: 2 }, '8 ranks of 2 per node are 4 nodes, not 2'],
    ['ranks that fit nowhere evenly', { ranks: 13 }, '13 ranks cannot be laid out evenly on 4 nodes with at most 4 on each'],
    ['more ranks than there is room for', { ranks: 20 }, '20 ranks cannot be laid out evenly on 4 nodes with at most 4 on each'],
    ['none', { ranks: 0 }, 'ranks: 0 is not a positive whole number'],
    ['a part', { ranksPerNode: 1.5 }, 'ranks per node: 1.5 is not a positive whole number'],
  ])('refuses %s', (_name, asked, message) => {
    expect(() => findTopology(asked, job(four.gpus))).toThrow(
      expect.objectContaining({ code: 'BENCH_TOPOLOGY', exitCode: 2, message }) as Error,
    );
  });

  it.each([
    [{ nodes: 2 }, ['2 of 4 nodes used']],
    [{ ranksPerNode: 3 }, ['3 of 4 GPUs of each node get a rank']],
    [{ ranksPerNode: 8 }, ['8 ranks share 4 GPUs on each node']],
    [{}, []],
  ])('%j is said to be %j', (asked, notes) => expect(findTopology(asked, job(four.gpus)).notes).toEqual(notes));

  it('either refuses or adds up, and never takes more nodes than there are', () => {
    const count = fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined });
    fc.assert(
      fc.property(count, count, count, (ranks, ranksPerNode, nodes) => {
        const asked = { ranks, ranksPerNode, nodes };
        try {
          const { topology } = findTopology(asked, job(four.gpus));
          expect(topology.ranks).toBe(topology.nodes * topology.ranksPerNode);
          expect(topology.nodes).toBeLessThanOrEqual(4);
          expect(topology).toMatchObject(Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)));
        } catch (error) {
          expect(error).toMatchObject({ code: 'BENCH_TOPOLOGY' });
        }
      }),
    );
  });
});
