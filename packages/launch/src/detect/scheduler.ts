import { BenchError, didYouMean } from '@bench/core';
import type { FoundMachine } from '../machines/find-machine.ts';
import type { SchedulerName, SchedulerPlugin, System } from '../types.ts';
import { onPath } from './on-path.ts';

export interface FoundScheduler {
  name: SchedulerName;
  /** What told: `asked`, a variable's name, `machine aurora`, a program's name, or `nothing`. */
  source: string;
}

/**
 * The scheduler of this machine, by the first of: what is asked for, `BENCH_SCHEDULER`, a plugin that knows its machine, `PBS_JOBID`, `SLURM_JOB_ID` or `SLURM_JOBID`,
 * the machine's profile, `sbatch` on the PATH, `qsub` on the PATH; else `none`. A `qsub` beside `sbatch` is Slurm's stand-in for it unless it says that it is PBS.
 * @throws BenchError `BENCH_UNKNOWN_SCHEDULER` for a name that nobody has.
 */
export function detectScheduler(
  system: System,
  options: { asked?: string | undefined; machine: FoundMachine | null; plugins: readonly SchedulerPlugin[] },
): FoundScheduler {
  const { asked, machine, plugins } = options;
  const { env } = system;
  const known = ['slurm', 'pbs', 'none', ...plugins.map(({ name }) => name)];
  if (asked !== undefined) return { name: required(asked, known), source: 'asked' };
  if (env.BENCH_SCHEDULER) return { name: required(env.BENCH_SCHEDULER, known), source: 'BENCH_SCHEDULER' };
  const plugin = plugins.find((each) => each.detect(system));
  if (plugin) return { name: plugin.name, source: `plugin ${plugin.name}` };
  if (env.PBS_JOBID) return { name: 'pbs', source: 'PBS_JOBID' };
  for (const variable of ['SLURM_JOB_ID', 'SLURM_JOBID']) if (env[variable]) return { name: 'slurm', source: variable };
  if (machine) return { name: required(machine.profile.scheduler, known), source: `machine ${machine.profile.name}` };
  const [slurm, pbs] = [onPath(system, 'sbatch'), onPath(system, 'qsub')];
  if (pbs && (!slurm || /pbs/i.test(system.exec(['qsub', '--version']).stdout))) return { name: 'pbs', source: 'qsub' };
  return slurm ? { name: 'slurm', source: 'sbatch' } : { name: 'none', source: 'nothing' };
}

function required(name: string, known: readonly string[]): string {
  if (known.includes(name)) return name;
  throw new BenchError({
    code: 'BENCH_UNKNOWN_SCHEDULER',
    message: `there is no scheduler "${name}"`,
    hint: didYouMean(name, known) ?? `there are: ${known.join(', ')}`,
    exitCode: 2,
  });
}
