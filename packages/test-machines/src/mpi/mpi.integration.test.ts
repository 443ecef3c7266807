import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { hostfileMachines, type HostfileMachines } from '../index.ts';
import { run } from '../run.ts';

const absent = [part('netns'), part('sshd')].some(({ present }) => !present);

/** Prints the host, the rank and the number of ranks, by the variables of the MPI. */
const print = (rank: string, size: string) => ['sh', '-c', `echo "$(hostname) $(id -un) $${rank} $${size}"`];
const OF_OPENMPI = print('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE');
const OF_MPICH = print('PMI_RANK', 'PMI_SIZE');
const RANKS = ['', 'node0 bench 0 4', 'node0 bench 1 4', 'node1 bench 2 4', 'node1 bench 3 4'];
const sorted = ({ stdout }: { stdout: string }) => stdout.split('\n').sort();

describe.skipIf(absent)('machines for hostfiles', () => {
  let group: HostfileMachines;
  const openmpiFile = (hosts: readonly string[]) => hostfile('openmpi.hosts', hosts, ' slots=2');
  const mpichFile = (hosts: readonly string[]) => hostfile('mpich.hosts', hosts, ':2');
  const hostfile = (name: string, hosts: readonly string[], slots: string) => {
    const path = join(group.shared, name);
    writeFileSync(path, hosts.map((host) => `${host}${slots}\n`).join(''));
    return path;
  };
  beforeAll(async () => {
    group = await hostfileMachines(2);
  });
  afterAll(() => group?.close());

  it('let their user in on each other, by name and by address', async () => {
    for (const host of ['node1', group.addresses[1] as string]) {
      expect((await group.runAsUser(['ssh', '-o', 'BatchMode=yes', host, 'hostname; pwd'])).stdout).toBe('node1\n/home/bench\n');
    }
  });

  it.skipIf(!part('openmpi').present)('run ranks of Open MPI, from the first machine and from here', async () => {
    const argv = (hosts: readonly string[]) => ['mpirun.openmpi', '--hostfile', openmpiFile(hosts), '-np', '4', ...OF_OPENMPI] as const;
    expect(sorted(await group.runAsUser(argv(group.names)))).toEqual(RANKS);
    expect(sorted(await group.runAsUser(argv(group.addresses)))).toEqual(RANKS);
    expect(sorted(await here(argv(group.names)))).toEqual(RANKS);
    expect(sorted(await here(argv(group.addresses)))).toEqual(RANKS);
  });

  it.skipIf(!part('mpich').present)('run ranks of MPICH, from the first machine and from here', async () => {
    const argv = (hosts: readonly string[]) => ['mpiexec.hydra', '-f', mpichFile(hosts), '-n', '4', ...OF_MPICH] as const;
    expect(sorted(await group.runAsUser(argv(group.names)))).toEqual(RANKS);
    expect(sorted(await group.runAsUser(argv(group.addresses)))).toEqual(RANKS);
    expect(sorted(await here(argv(group.names)))).toEqual(RANKS);
    expect(sorted(await here(argv(group.addresses)))).toEqual(RANKS);
  });

  const here = (argv: readonly [string, ...string[]]) => {
    const variables = Object.entries(group.env).map(([key, value]) => `${key}=${value}`);
    return run(['env', '-C', group.shared, ...variables, ...argv], { timeoutMs: 20_000 });
  };
});
