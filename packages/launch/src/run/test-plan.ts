import type { LaunchPlan } from '../types.ts';

/** For tests: a plan that runs `argv` on this machine. */
export function testPlan(argv: readonly [string, ...string[]], over: Partial<LaunchPlan> = {}): LaunchPlan {
  return {
    id: 'l-test',
    allocation: {
      scheduler: 'none',
      jobId: null,
      nodes: ['localhost'],
      addresses: {},
      hostfile: null,
      gpusPerNode: 0,
      slotsPerNode: null,
      cpusPerNode: null,
      cpusPerRank: null,
      insideStep: false,
      worldSize: null,
      machine: null,
      source: {},
      notes: [],
    },
    topology: { nodes: 1, ranksPerNode: 1, ranks: 1 },
    launcher: { program: argv[0], flavour: 'local', version: null },
    nodes: ['localhost'],
    argv: [...argv],
    env: {},
    files: [],
    notes: [],
    master: { address: '127.0.0.1', port: 29500 },
    labelled: false,
    ...over,
  };
}
