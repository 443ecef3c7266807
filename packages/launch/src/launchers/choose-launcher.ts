import { BenchError } from '@bench/core';
import { onPath } from '../detect/on-path.ts';
import type { Allocation, LauncherProgram, LaunchRequest, SchedulerPlugin, System } from '../types.ts';
import { probeLauncher } from './probe-launcher.ts';

/** Programs of MPI that are tried, in this order. */
const MPI_PROGRAMS = ['mpirun', 'mpiexec', 'mpiexec.hydra'];

/**
 * The program that will start the ranks: the one that is asked for; in a job the scheduler's (a plugin's, `srun`, or the machine profile's, else `mpiexec`, under PBS); elsewhere the
 * first MPI that is there; without any, this package's own starter.
 * @throws BenchError `BENCH_NO_LAUNCHER` when the program that is wanted is not there; `BENCH_UNKNOWN_MPI` when it does not say what it is.
 */
export function chooseLauncher(
  system: System,
  options: {
    request: Pick<LaunchRequest, 'launcher' | 'mpi'>;
    allocation: Allocation;
    plugins: readonly SchedulerPlugin[];
    /** Path of Node.js, for the own starter. */
    node: string;
  },
): LauncherProgram {
  const { request, allocation, plugins, node } = options;
  const local: LauncherProgram = { program: node, flavour: 'local', version: null };
  const { mpi, launcher } = request;
  if (launcher === 'local' || (launcher === undefined && mpi === 'local')) return local;
  if (launcher !== undefined) return identified(system, launcher, mpi ?? flavourOf(launcher));
  const { scheduler, jobId, machine } = allocation;
  if (jobId !== null) {
    if (plugins.some(({ name }) => name === scheduler)) return { program: scheduler, flavour: scheduler, version: null };
    const profile = machine?.launcher;
    if (profile !== undefined) return identified(system, profile, mpi ?? machine?.mpi ?? flavourOf(profile));
    if (scheduler === 'slurm' && (mpi === undefined || mpi === 'srun')) return identified(system, 'srun', 'srun');
    if (scheduler === 'pbs' && onPath(system, 'mpiexec')) return identified(system, 'mpiexec', mpi ?? machine?.mpi);
  }
  return firstMpi(system, mpi) ?? local;
}

const flavourOf = (launcher: string) => (/(^|\/)srun$/.test(launcher) ? 'srun' : undefined);

/** `flavour` is believed where it is given. */
function identified(system: System, program: string, flavour: string | undefined): LauncherProgram {
  const probed = flavour === 'srun' ? null : probeLauncher(system, program);
  if (probed && (flavour === undefined || probed.flavour === flavour)) return probed;
  if (!onPath(system, program)) {
    throw new BenchError({
      code: 'BENCH_NO_LAUNCHER',
      message: `${program} is not there to start the ranks`,
      hint: `load the module that brings ${program}, or name another with --launcher`,
      exitCode: 3,
    });
  }
  if (flavour !== undefined) return { program, flavour, version: null };
  throw new BenchError({
    code: 'BENCH_UNKNOWN_MPI',
    message: `${program} does not say which MPI it is`,
    hint: 'say it with --mpi openmpi, mpich, intelmpi or pals',
    exitCode: 2,
  });
}

function firstMpi(system: System, mpi: string | undefined): LauncherProgram | null {
  for (const program of MPI_PROGRAMS) {
    const found = probeLauncher(system, program);
    if (found && (mpi === undefined || found.flavour === mpi)) return found;
  }
  if (mpi === undefined) return null;
  throw new BenchError({
    code: 'BENCH_NO_LAUNCHER',
    message: `none of ${MPI_PROGRAMS.join(', ')} is ${mpi}`,
    hint: 'name the program with --launcher',
    exitCode: 3,
  });
}
