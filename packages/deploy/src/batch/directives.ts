import { parseDuration, parseSize } from '@bench/core';
import type { SlurmDirectives } from '@bench/provisioning/slurm';
import type { SlurmSection, Task } from '@bench/recipe';
import { asksForGpus } from './gpus.ts';
import type { BatchTiming } from './types.ts';

type Resources = { cpus?: number | undefined; memory?: string | number | undefined };
type Place = Partial<NonNullable<SlurmSection['clients']>>;

const PLACE_KEYS = ['partition', 'account', 'qos', 'reservation', 'constraint', 'exclude'] as const;
const JOB_KEYS = ['nodes', 'ntasks_per_node', 'gres', 'gpus_per_node', 'gpus', 'cpus_per_task', 'mem', 'comment'] as const;

/** What the first job of a task asks for: its `slurm` section, and where that is silent what the rest of the recipe says. */
export function firstDirectives(
  task: Task,
  o: { gres: string | undefined; resources: Resources; timing: BatchTiming; defaults: SlurmDirectives },
): SlurmDirectives {
  const { slurm } = task.resolved;
  const asked = { ...o.defaults, ...pick(slurm ?? {}, [...PLACE_KEYS, ...JOB_KEYS]), ...timeOf(slurm) };
  return {
    nodes: 1,
    ...sizes(o.resources),
    ...(o.gres === undefined || asksForGpus(asked) ? {} : { gres: [asked.gres, o.gres].filter((part) => part !== undefined).join(',') }),
    ...without(asked, asksForGpus(asked) || o.gres === undefined ? [] : ['gres']),
    extra: extraOf(slurm?.extra, { time: asked.time, timing: o.timing }),
  };
}

/**
 * What a client's job asks for. It goes where the service goes, unless `slurm.clients` names a partition of its own: then what singles out nodes of
 * the service's does not hold. It gets no GPUs that it does not ask for.
 */
export function clientDirectives(
  task: Task,
  o: { gres?: string | undefined; resources: Resources; timing: BatchTiming; defaults: SlurmDirectives },
): SlurmDirectives {
  const { slurm } = task.resolved;
  const own: Place = slurm?.clients ?? {};
  const service = { ...pick(o.defaults, [...PLACE_KEYS, 'time']), ...pick(slurm ?? {}, PLACE_KEYS), ...timeOf(slurm) };
  const elsewhere = own.partition !== undefined && own.partition !== service.partition;
  const place = elsewhere ? pick(service, ['account', 'time']) : service;
  const asked: SlurmDirectives = { ...place, ...pick(own, [...PLACE_KEYS, ...JOB_KEYS]), ...timeOf(own) };
  return {
    nodes: 1,
    ...sizes(o.resources),
    ...(o.gres === undefined || asksForGpus(asked) ? {} : { gres: o.gres }),
    ...asked,
    extra: extraOf((own as { extra?: readonly string[] }).extra, { time: asked.time, timing: o.timing }),
  };
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

/** Slurm may send a signal a minute before it is due: a job this short would be told at its start, seconds. */
const TOO_SHORT_S = 180;

/** Asks Slurm to tell the script alone, before its time is up, so that it can end what it runs. */
function extraOf(extra: readonly string[] = [], o: { time: number | undefined; timing: BatchTiming }): string[] {
  if (o.time === undefined) return [...extra, `--signal=B:USR1@${o.timing.noticeS}`];
  return o.time < TOO_SHORT_S ? [...extra] : [...extra, `--signal=B:USR1@${Math.min(o.timing.noticeS, Math.floor(o.time / 4))}`];
}

function pick(from: object, keys: readonly string[]): SlurmDirectives {
  const values = from as Record<string, unknown>;
  return Object.fromEntries(keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])));
}

function without(from: SlurmDirectives, keys: readonly string[]): SlurmDirectives {
  return Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key)));
}
