import { BenchError, EXIT, findGpu } from '@bench/core';
import type { Task } from '@bench/recipe';
import { chooseGpus, describeGpus } from '../choose-gpus.ts';
import type { SiteGpu } from '../contract.ts';

/** What one host has. */
export interface HostGpus {
  /** As the user named it, for messages. */
  host: string;
  gpus: readonly SiteGpu[];
  /** Names of cards that no driver drives (`siteGpus` finds them). They fit nothing, and a refusal says that they are there. */
  withoutDriver?: readonly string[];
}

export interface FitOptions {
  /** The user chose the variants (`--variant`, `--filter`): leaving one out would not be what was asked. */
  explicit: boolean;
}

export interface FittedTasks {
  /** Those that at least one host can run, in their order. */
  tasks: Task[];
  leftOut: { task: Task; reason: string }[];
}

/**
 * Picks the variants that the hosts' GPUs are for: a task stays when a host has as many of its `deploy.gpu` (same product of the
 * catalogue, same memory) as it asks for; without `deploy.gpu` it fits everywhere. Pure.
 * @throws BenchError `BENCH_GPU_UNFIT` (exit code 3), naming all that do not fit, when nothing is left or the choice was explicit.
 */
export function fitTasks(tasks: readonly Task[], hosts: readonly HostGpus[], options: FitOptions): FittedTasks {
  const fitted: Task[] = [];
  const leftOut: FittedTasks['leftOut'] = [];
  for (const task of tasks) {
    if (hosts.some(({ gpus }) => fitsHost(task, gpus))) fitted.push(task);
    else leftOut.push({ task, reason: reasonOf(task, hosts) });
  }
  if (leftOut.length > 0 && (options.explicit || fitted.length === 0)) throw unfit(leftOut, { hosts, all: fitted.length === 0 });
  return { tasks: fitted, leftOut };
}

/** Whether a machine with these GPUs has all that a task asks for. */
export function fitsHost(task: Task, gpus: readonly SiteGpu[]): boolean {
  const { gpu, gpu_count: count } = task.resolved.deploy;
  return gpu === undefined || chooseGpus(gpus, gpu, count).length === count;
}

function reasonOf(task: Task, hosts: readonly HostGpus[]): string {
  const { gpu = 'GPU', gpu_count: count } = task.resolved.deploy;
  if (hosts.length === 0) return `needs ${count}× ${gpu}; there is no host`;
  return `needs ${count}× ${gpu}; ${hosts.map((each) => `${each.host} has ${describeHost(each, gpu)}`).join(', ')}`;
}

/** With the memory of a card that carries the right name and is another product: the name alone would contradict the refusal. */
function describeHost({ gpus, withoutDriver = [] }: HostGpus, wanted: string): string {
  const asked = findGpu(wanted)?.id ?? wanted;
  const impostor = ({ name, memoryMiB }: SiteGpu) =>
    memoryMiB !== undefined && findGpu(name)?.id === asked && findGpu(name, { memoryMiB })?.id !== asked;
  const text = describeGpus(gpus.map((gpu) => (impostor(gpu) ? { ...gpu, name: `${gpu.name} of ${gpu.memoryMiB} MiB` } : gpu)));
  const idle = describeGpus(withoutDriver.map((name) => ({ id: name, name })));
  return [text === 'none' ? (idle === 'none' ? 'no GPU' : '') : text, idle === 'none' ? '' : `${idle} without a driver`]
    .filter(Boolean)
    .join(' and ');
}

function unfit(leftOut: FittedTasks['leftOut'], { hosts, all }: { hosts: readonly HostGpus[]; all: boolean }): BenchError {
  const where = hosts.length === 1 ? (hosts[0]?.host ?? 'the host') : `any of ${hosts.length} hosts`;
  const many = leftOut.length > 1;
  const what = all
    ? `no variant fits ${where}`
    : `${leftOut.length} of the variants that were asked for ${many ? 'do' : 'does'} not fit ${where}`;
  return new BenchError({
    code: 'BENCH_GPU_UNFIT',
    message: [`${what}:`, ...leftOut.map(({ task, reason }) => `  ${task.recipe}/${task.variant}: ${reason}`)].join('\n'),
    hint: hosts.some((host) => (host.withoutDriver ?? []).length > 0)
      ? 'install the driver: bench doctor tells how, --bootstrap does it on a host of yours'
      : all
        ? 'name a host that has these GPUs, or a recipe with a variant for the ones that are there'
        : 'take these variants out of the choice, or name a host that has their GPUs',
    exitCode: EXIT.missingPart,
    details: { leftOut: leftOut.map(({ task, reason }) => ({ recipe: task.recipe, variant: task.variant, reason })) },
  });
}
