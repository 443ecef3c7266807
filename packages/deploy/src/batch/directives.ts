import { parseDuration, parseSize } from '@bench/core';
import type { SlurmDirectives } from '@bench/provisioning/slurm';
import type { SlurmSection, Task } from '@bench/recipe';
import { asksForGpus } from './gpus.ts';
import { noticeOf } from './notice.ts';
import type { BatchPlanOptions, BatchTiming } from './types.ts';

type Resources = { cpus?: number | undefined; memory?: string | number | undefined };
type Place = Partial<NonNullable<SlurmSection['clients']>>;

/** What directives depend on besides the recipe. */
interface Asked {
  gres?: string | undefined;
  resources: Resources;
  timing: BatchTiming;
  defaults: SlurmDirectives;
  limitOf?: BatchPlanOptions['limitOf'];
}

const PLACE_KEYS = ['partition', 'account', 'qos', 'reservation', 'constraint', 'exclude'] as const;
const JOB_KEYS = ['nodes', 'ntasks_per_node', 'gres', 'gpus_per_node', 'gpus', 'cpus_per_task', 'mem', 'comment'] as const;

/** What the first job of a task asks for: its `slurm` section, and where that is silent what the rest of the recipe says. */
export function firstDirectives(task: Task, o: Asked): SlurmDirectives {
  const { slurm } = task.resolved;
  const asked = { ...o.defaults, ...pick(slurm ?? {}, [...PLACE_KEYS, ...JOB_KEYS]), ...timeOf(slurm) };
  const directives: SlurmDirectives = {
    nodes: 1,
    ...sizes(o.resources),
    ...(o.gres === undefined || asksForGpus(asked) ? {} : { gres: [asked.gres, o.gres].filter((part) => part !== undefined).join(',') }),
    ...without(asked, asksForGpus(asked) || o.gres === undefined ? [] : ['gres']),
  };
  return timed(directives, slurm?.extra, o);
}

/**
 * What a client's job asks for. It goes where the service goes, unless `slurm.clients` names a partition of its own: then what singles out nodes of
 * the service's does not hold. It gets no GPUs that it does not ask for.
 */
export function clientDirectives(task: Task, o: Asked): SlurmDirectives {
  const { slurm } = task.resolved;
  const own: Place = slurm?.clients ?? {};
  const service = { ...pick(o.defaults, [...PLACE_KEYS, 'time']), ...pick(slurm ?? {}, PLACE_KEYS), ...timeOf(slurm) };
  const elsewhere = own.partition !== undefined && own.partition !== service.partition;
  const place = elsewhere ? pick(service, ['account', 'time']) : service;
  const asked: SlurmDirectives = { ...place, ...pick(own, [...PLACE_KEYS, ...JOB_KEYS]), ...timeOf(own) };
  const directives: SlurmDirectives = {
    nodes: 1,
    ...sizes(o.resources),
    ...(o.gres === undefined || asksForGpus(asked) ? {} : { gres: o.gres }),
    ...asked,
  };
  return timed(directives, (own as { extra?: readonly string[] }).extra, o);
}

function sizes({ cpus, memory }: Resources): SlurmDirectives {
  return {
    ...(cpus === undefined ? {} : { cpus_per_task: Math.ceil(cpus) }),
    ...(memory === undefined ? {} : { mem: `${Math.ceil(parseSize(memory) / 1024 ** 2)}M` }),
  };
}

function timeOf(place: Place | undefined): { time?: number } {
  return place?.time_limit === undefined ? {} : { time: Math.ceil(parseDuration(place.time_limit) / 1000) };
}

/** With the time that the job has, where that is known, and a word to the script alone before it is up. */
function timed(
  directives: SlurmDirectives,
  extra: readonly string[] = [],
  { limitOf, timing }: Pick<Asked, 'limitOf' | 'timing'>,
): SlurmDirectives {
  const time = directives.time ?? limitOf?.(directives);
  const { slurmS } = noticeOf(time, timing);
  return {
    ...directives,
    ...(time === undefined ? {} : { time }),
    extra: [...extra, ...(slurmS === 0 ? [] : [`--signal=B:USR1@${slurmS}`])],
  };
}

function pick(from: object, keys: readonly string[]): SlurmDirectives {
  const values = from as Record<string, unknown>;
  return Object.fromEntries(keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])));
}

function without(from: SlurmDirectives, keys: readonly string[]): SlurmDirectives {
  return Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key)));
}
