import type { CloudAccess, FoundMachine, RentRequest } from '@bench/benchmark';
import { formatDuration, printable } from '@bench/core';
import type { CliContext } from './context.ts';
import { confirmSpending } from './confirm.ts';
import { machineText } from './left-machines.ts';
import type { Job } from './perform.ts';
import { planOf } from './plan-run-cost.ts';
import { planLines } from './ui/plan-lines.ts';
import { type Styles, styles } from './ui/style.ts';
import { terminalWidth } from './ui/width.ts';

/**
 * Shows what a run would rent and may cost, and which of its machines it uses again, and asks once; where nothing is to be rented it asks nothing.
 * @throws BenchError when the answer was no
 */
export async function confirmRun(request: RentRequest, o: { job: Job; cloud: CloudAccess; context: CliContext }): Promise<void> {
  const { job, cloud, context } = o;
  if (!job.asked.cloud) return;
  const { tasks, groups, left } = request;
  const deployOnly = job.asked.mode === 'deploy';
  const keep = deployOnly || job.asked.keep === true;
  const what = left.length > 0 ? 'rent this too' : 'rent this';
  const style = styles(process.stderr);
  const lines = left.map((machine) => leftLine(machine, style));
  if (groups.length > 0) {
    const plan = await planOf({
      tasks,
      only: groups,
      deployOnly,
      keep,
      cloud: job.asked.cloud,
      providers: cloud.providers,
      io: context.io,
    });
    lines.push(...planLines(plan, style, { short: true, width: terminalWidth(process.stderr) }));
    // Nothing gets into them by SSH that could set a timer.
    if (job.asked.cloud.workload === 'container')
      lines.push(style.yellow('containers have no timer: if this computer is lost they cost money until bench gc runs'));
  }
  await confirmSpending({
    context,
    yes: job.yes || groups.length === 0,
    question: keep ? `${what}, and keep it up to ${formatDuration(job.asked.cloud.keepS * 1000)}?` : `${what}?`,
    lines,
  });
}

function leftLine(machine: FoundMachine, style: Styles): string {
  const { problem } = machine;
  if (problem === null) return `still there, and used again: ${machineText(machine)}`;
  return `${style.yellow('not used again:')} ${machineText(machine)}: ${printable(problem)}`;
}
