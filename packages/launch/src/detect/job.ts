import type { SchedulerName, SchedulerPlugin, System } from '../types.ts';
import type { FoundJob } from './found-job.ts';
import { pbsJob } from './pbs-job.ts';
import { slurmJob } from './slurm-job.ts';

/** The job of `scheduler` one is in. */
export function findJob(system: System, scheduler: SchedulerName, plugins: readonly SchedulerPlugin[]): FoundJob {
  const plugin = plugins.find(({ name }) => name === scheduler);
  if (plugin) return { job: plugin.job(system), notes: [] };
  if (scheduler === 'slurm') return slurmJob(system);
  if (scheduler === 'pbs') return pbsJob(system);
  return { job: null, notes: [] };
}
