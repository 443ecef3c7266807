import { BenchError, EXIT, type Host, type Io, isNodeName, sameNode } from '@bench/core';
import { commandTransport, remoteHost } from '@bench/host';
import type { Allocation } from '../types.ts';

/** How commands get to a node: this machine itself, SSH, a step of the Slurm job, or one rank of an MPI launcher. */
export type NodeAccess = 'here' | 'ssh' | 'srun' | 'pals' | 'mpich' | 'openmpi';

export interface NodeHostOptions {
  allocation: Pick<Allocation, 'scheduler' | 'jobId' | 'addresses'>;
  /** This machine, as it calls itself. */
  hostname: string;
  /** Default: a step inside a Slurm job, otherwise SSH. */
  via?: Exclude<NodeAccess, 'here'> | undefined;
}

/** Which way leads to a node. */
export function accessTo(node: string, options: NodeHostOptions): NodeAccess {
  if (sameNode(node, options.hostname) || node === 'localhost' || node === '127.0.0.1') return 'here';
  return options.via ?? (options.allocation.scheduler === 'slurm' && options.allocation.jobId !== null ? 'srun' : 'ssh');
}

/**
 * What runs a command on one node; null where no program does (this machine, SSH).
 * @throws BenchError `BENCH_NODE_NAME`, and `BENCH_NO_JOB` for a step outside of a job
 */
export function nodeCommand(node: string, options: NodeHostOptions): [string, ...string[]] | null {
  const { allocation } = options;
  if (!isNodeName(node))
    throw new BenchError({ code: 'BENCH_NODE_NAME', message: `"${node.slice(0, 80)}" cannot be the name of a node`, exitCode: EXIT.usage });
  const address = allocation.addresses[node] ?? node;
  switch (accessTo(node, options)) {
    case 'here':
    case 'ssh':
      return null;
    case 'pals':
      return ['mpiexec', '-n', '1', '--ppn', '1', '--hosts', address];
    case 'mpich':
      return ['mpiexec.hydra', '-n', '1', '-hosts', address];
    case 'openmpi':
      return ['mpirun', '-n', '1', '--host', address];
    case 'srun': {
      if (allocation.jobId === null)
        throw new BenchError({
          code: 'BENCH_NO_JOB',
          message: 'srun reaches nodes of a job only, and there is none here',
          hint: 'run this inside the job, or use --via ssh',
          exitCode: EXIT.usage,
        });
      // Beside the steps that hold the CPUs and GPUs of the job, and with none of the job's wishes for its ranks.
      const step = ['--overlap', '--nodes=1', '--ntasks=1', '--gres=none', '--cpu-bind=none', '--mpi=none', '--export=ALL', '--quiet'];
      return ['srun', `--jobid=${allocation.jobId}`, ...step, `--nodelist=${node}`];
    }
  }
}

/** Opens a node as a host. Close it. @throws as {@link nodeCommand} */
export async function openNode(node: string, options: NodeHostOptions & { io: Io }): Promise<Host> {
  const argv = nodeCommand(node, options);
  if (argv !== null) return remoteHost(commandTransport(node, argv), { name: node });
  if (accessTo(node, options) === 'here') return options.io.connect('local');
  return options.io.connect(`ssh:${options.allocation.addresses[node] ?? node}`);
}
