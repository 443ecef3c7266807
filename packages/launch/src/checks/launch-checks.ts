import { BenchError, messageOf, sameNode } from '@bench/core';
import { detectAllocation, type DetectOptions } from '../detect/allocation.ts';
import { onPath } from '../detect/on-path.ts';
import { chooseLauncher } from '../launchers/choose-launcher.ts';
import { parseHostfile } from '../nodes/hostfile.ts';
import type { Allocation, System } from '../types.ts';

/** One thing that `bench launch` and `bench submit` stand on. */
export interface LaunchCheck {
  name: 'scheduler' | 'commands' | 'queue' | 'job' | 'hostfile' | 'GPUs' | 'launcher' | 'machine';
  status: 'ok' | 'warning' | 'error';
  message: string;
  /** What to do about it; absent where nothing need be done. */
  remedy?: string;
}

/** What is used of each scheduler. */
const PROGRAMS: Record<string, readonly string[]> = {
  slurm: ['sbatch', 'srun', 'squeue', 'scancel', 'scontrol'],
  pbs: ['qsub', 'qstat', 'qdel'],
};

/** Looks at everything that a launch needs here, and says how to mend what is missing. Starts nothing. */
export function launchChecks(system: System, options: DetectOptions & { node: string }): LaunchCheck[] {
  let allocation: Allocation;
  try {
    allocation = detectAllocation(system, options);
  } catch (error) {
    return [failed('scheduler', error)];
  }
  const { scheduler, source, machine } = allocation;
  const checks: LaunchCheck[] = [
    {
      name: 'scheduler',
      status: 'ok',
      message:
        scheduler === 'none'
          ? 'none here: bench launch starts ranks on this machine'
          : `${scheduler}, by ${source['scheduler'] ?? 'its programs'}`,
    },
    ...commands(system, scheduler),
    ...job(allocation),
    ...hostfile(system, allocation),
  ];
  if (machine !== null) checks.push({ name: 'machine', status: 'ok', message: `${machine.name}, by ${source['machine'] ?? 'its name'}` });
  if (scheduler !== 'none' || allocation.gpusPerNode > 0)
    checks.push({
      name: 'GPUs',
      status: 'ok',
      message: allocation.gpusPerNode === 0 ? 'none seen here' : `${allocation.gpusPerNode} per node, by ${source['gpusPerNode'] ?? ''}`,
    });
  return [...checks, launcher(system, allocation, options)];
}

function commands(system: System, scheduler: string): LaunchCheck[] {
  const programs = PROGRAMS[scheduler];
  if (programs === undefined) return [];
  const missing = programs.filter((program) => !onPath(system, program));
  if (missing.length > 0)
    return [
      {
        name: 'commands',
        status: 'error',
        message: `not on the PATH: ${missing.join(', ')}`,
        remedy: `log in to a host of the cluster, or load the module that brings them (module load ${scheduler})`,
      },
    ];
  const asked = scheduler === 'slurm' ? (['scontrol', 'ping'] as const) : (['qstat', '-B'] as const);
  const { code, stdout, stderr } = system.exec([...asked]);
  const down = scheduler === 'slurm' && !/\bis UP\b/.test(stdout);
  if (code === 0 && !down) return [{ name: 'queue', status: 'ok', message: 'it answers' }];
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(0, 2).join('; ');
  return [
    {
      name: 'queue',
      status: 'error',
      message: `it does not answer${said === '' ? '' : `: ${said}`}`,
      remedy: `see what ${asked.join(' ')} says; the site's status page tells of maintenance`,
    },
  ];
}

function job({ scheduler, jobId, nodes, source }: Allocation): LaunchCheck[] {
  if (scheduler === 'none') return [];
  if (jobId === null)
    return [
      {
        name: 'job',
        status: 'warning',
        message: 'this is not inside a job: bench launch uses this machine alone',
        remedy: `submit one with bench submit, or begin one with ${scheduler === 'pbs' ? 'qsub -I' : 'salloc'}`,
      },
    ];
  return [
    {
      name: 'job',
      status: 'ok',
      message: `${jobId}, by ${source['jobId'] ?? ''}: ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}, by ${source['nodes'] ?? ''}`,
    },
  ];
}

/** Hostfiles that variables name: each must be readable, and they must agree. */
function hostfile(system: System, { jobId, nodes }: Allocation): LaunchCheck[] {
  return ['PBS_NODEFILE', 'HOSTFILE'].flatMap((variable): LaunchCheck[] => {
    const path = system.env[variable];
    if (path === undefined || path === '') return [];
    const text = system.files(path);
    if (text === null)
      return [
        {
          name: 'hostfile',
          status: 'error',
          message: `${variable}=${path} cannot be read`,
          remedy: `unset ${variable}, or name a file with --hostfile`,
        },
      ];
    let listed: string[];
    try {
      listed = parseHostfile(text, path).nodes;
    } catch (error) {
      return [failed('hostfile', error)];
    }
    const foreign = listed.filter((node) => !nodes.some((one) => sameNode(one, node)));
    const lacking = nodes.filter((node) => !listed.some((one) => sameNode(one, node)));
    if (jobId === null || (foreign.length === 0 && lacking.length === 0))
      return [{ name: 'hostfile', status: 'ok', message: `${variable}: ${listed.length} ${listed.length === 1 ? 'node' : 'nodes'}` }];
    const differences = [
      ...(foreign.length === 0 ? [] : [`${foreign.join(' ')} not in the job`]),
      ...(lacking.length === 0 ? [] : [`${lacking.join(' ')} not in the file`]),
    ];
    return [
      {
        name: 'hostfile',
        status: 'warning',
        message: `${variable}=${path} and the job's nodes differ: ${differences.join(', ')}`,
        remedy: `unset ${variable} if it is of another job; --hostfile says which to use`,
      },
    ];
  });
}

function launcher(system: System, allocation: Allocation, options: DetectOptions & { node: string }): LaunchCheck {
  try {
    const { program, flavour, version } = chooseLauncher(system, {
      request: {},
      allocation,
      plugins: options.plugins ?? [],
      node: options.node,
    });
    if (flavour !== 'local')
      return { name: 'launcher', status: 'ok', message: `${program}: ${flavour}${version === null ? '' : ` ${version}`}` };
    const several = allocation.nodes.length > 1;
    return {
      name: 'launcher',
      status: several ? 'error' : 'ok',
      message: several ? `no MPI, and the job has ${allocation.nodes.length} nodes` : 'no MPI: ranks on this machine are started without',
      ...(several ? { remedy: 'load the module that brings mpiexec or mpirun' } : {}),
    };
  } catch (error) {
    return failed('launcher', error);
  }
}

function failed(name: LaunchCheck['name'], error: unknown): LaunchCheck {
  const remedy = BenchError.is(error) ? error.hint : undefined;
  return { name, status: 'error', message: messageOf(error), remedy: remedy ?? 'bench launch --dry-run -- true shows how far it gets' };
}
