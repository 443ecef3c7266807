import { pointLabel } from '@bench/benchmark';
import { generatesText, type LoadSpec } from '@bench/core';
import type { RunView } from '@bench/results';
import type { Asked } from '../asked.ts';
import { OPEN_TIME, PORT, RUN_ID } from './made-up-site.ts';
import { indent, stepLines } from './step-lines.ts';
import type { PlannedDeploy, PlannedMeasurement } from './planned-deploy.ts';

/** A plan, for people to read: every file with its content, every command. */
export function planText(o: {
  asked: Asked;
  deployments: readonly PlannedDeploy[];
  began: RunView | null;
  bootstrap: readonly string[];
  /** What is rented, by kind of machine. */
  rent?: readonly { title: string; lines: readonly string[] }[];
  /** Of the variants shown, the hosts' GPUs choose. */
  narrowed: boolean;
}): string {
  const { asked, deployments, began } = o;
  const refused = deployments.some((d) => d.problems.length > 0);
  const lines = [
    `Nothing is done; on site "${asked.site}" this would be:`,
    ...(began === null ? [] : [`(only what run ${began.run.id} misses)`]),
    ...legend(asked, deployments),
    ...(o.narrowed ? ['Variants for GPUs that the host does not have are left out then.'] : []),
    ...(asked.scaleOut === undefined
      ? []
      : [`Spare GPUs (--scale-out ${asked.scaleOut}) are known when the host is looked at; here none are spare.`]),
    ...(began?.live ?? []).map((left) => `${left.deployment} is still up on ${left.machineName} and is used again, or ended.`),
    ...(o.rent ?? []).flatMap(({ title, lines: steps }) => ['', `for ${title}:`, ...indent(steps, 2)]),
    ...(o.bootstrap.length > 0 ? ['', 'make each host ready:', ...indent(o.bootstrap, 2)] : []),
    ...deployments.flatMap((d) => ['', ...deploymentLines(d, asked)]),
  ];
  if (deployments.length === 0) lines.push('', 'nothing is missing');
  else if (asked.mode === 'deploy' && deployments.length > 1)
    lines.push('', 'To deploy, name one of these: --variant NAME, --filter KEY=GLOB or --gpu NAME.');
  if (refused) lines.push('', 'bench would refuse this before anything is started.');
  return `${lines.join('\n')}\n`;
}

function legend(asked: Asked, deployments: readonly PlannedDeploy[]): string[] {
  if (!deployments.some((d) => d.steps.length > 0)) return [];
  if (asked.site === 'local') return [`(port ${PORT} stands for the free one that is chosen then)`];
  const open = deployments.some((d) => d.steps.some((step) => step.kind === 'command' && step.argv.includes(OPEN_TIME)));
  return [
    `(${RUN_ID} stands for the run’s id, /home/user for the home folder there, ports from ${PORT} for free ones)`,
    ...(open
      ? [
          '(LIMIT stands for the time limit of the job’s partition, as sinfo tells it, or a day, and NOTICE for 0; under 4 minutes the notice is a quarter of LIMIT, under 3 there is no --signal and NOTICE is that quarter)',
        ]
      : []),
  ];
}

function deploymentLines(d: PlannedDeploy, asked: Asked): string[] {
  const gpus = d.gpu === null ? '' : ` on ${d.gpuCount > 1 ? `${d.gpuCount}× ` : ''}${d.gpu}`;
  const several = asked.site.split(',').length > 1 ? ', on the first host that is free and has what it needs' : '';
  // A command is not deployed: what is done is the measurement.
  const isCommand = d.kind === 'command' && d.tasks.length > 0;
  const measured = d.tasks.flatMap((task) => indent(measureLines(task), 2));
  return [
    isCommand
      ? `run ${d.tasks.map((task) => `${task.recipe}/${task.variant}${times(task)}`).join(', ')}${gpus}${several}`
      : `deploy ${d.engine}${gpus}${several}`,
    ...d.problems.map(({ message, hint }) => `  cannot run here: ${message}${hint === undefined ? '' : ` (${hint})`}`),
    ...d.steps.flatMap((step) => indent(stepLines(step), 2)),
    ...(d.load === '' ? [] : [`  ${d.load}`]),
    ...(isCommand ? [] : measured),
    ...d.teardown.map((text) => `  ${asked.keep ? `(unless it is the last one, which stays up) ${text}` : text}`),
    ...(asked.mode === 'deploy' && d.steps.length > 0 ? ['  leave it up; bench teardown ends it'] : []),
  ];
}

function measureLines(task: PlannedMeasurement): string[] {
  return [
    `measure ${task.recipe}/${task.variant}${times(task)}`,
    ...(task.adaptive ? [`  ${task.adaptive.what}: up to ${task.adaptive.mostPoints} points, each chosen by those before it`] : []),
    ...task.points.flatMap((load) => (load === null ? [] : [`  ${task.adaptive ? 'first ' : ''}${pointLabel(load)}  ${amount(load)}`])),
  ];
}

const times = ({ repeats }: PlannedMeasurement) => (repeats > 1 ? ` ${repeats} times` : '');

function amount(load: LoadSpec): string {
  const whole = load.arrival.kind === 'trace' ? 'all requests' : '? requests';
  const counted = load.numPrompts === undefined ? whole : `${load.numPrompts} requests`;
  const what = load.durationMs === undefined ? counted : `${load.durationMs / 1000} s`;
  const data =
    load.data.kind === 'random'
      ? `${range(load.data.inputTokens)} tokens in${generatesText(load.api) ? `, ${range(load.data.outputTokens)} out` : ''}`
      : `${load.data.kind === 'trace' ? `${load.data.format} trace` : load.data.kind} ${load.data.path}`;
  return `${what}, ${data}, warm-up ${load.warmupMs === undefined ? load.warmupRequests : `${load.warmupMs / 1000} s`}`;
}

const range = (r: { min: number; max: number }) => (r.min === r.max ? String(r.min) : `${r.min}–${r.max}`);
