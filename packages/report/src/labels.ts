import {
  arrivalLabel,
  concurrencyLabel,
  countEqual,
  findGpu,
  formatBytes,
  generatesText,
  meanRatePerS,
  type EngineInfo,
  type LoadSpec,
  type SystemInfo,
} from '@bench/core';
import type { DeploymentFile, MachineFile, TaskFile } from '@bench/results';
import { formatShort, listWords } from './format.ts';
import type { ReportRow } from './rows.ts';
import { oneLine } from './text.ts';

/** What a point is plotted and sorted by. */
export interface LoadAxis {
  kind: 'concurrency' | 'rate';
  /** Requests in flight, or requests per second asked for: the mean where the rate changes in time. */
  value: number;
}

/** Open loops are told apart by their rate, closed ones by their concurrency. */
export function loadAxis(load: LoadSpec | null): LoadAxis | null {
  if (!load) return null;
  const rate = meanRatePerS(load.arrival);
  if (rate !== null) return { kind: 'rate', value: rate };
  return load.maxConcurrency === null ? null : { kind: 'concurrency', value: load.maxConcurrency };
}

/** `8 concurrent`, `4 req/s`, `1→10 req/s`; of conversations `8 conversations`, `4 conversations/s`. */
export function loadLabel(load: LoadSpec | null): string {
  if (load?.arrival.kind === 'closed' && load.arrival.stages)
    return `${concurrencyLabel(load.arrival.stages)} ${unitOf(load, 'concurrency')}`;
  if (load && isUneven(load)) {
    const label = arrivalLabel(load.arrival);
    return load.conversations ? label.replace(/req\/s$/, 'conversations/s') : label;
  }
  const axis = loadAxis(load);
  if (!axis) return 'no load';
  return `${formatShort(axis.value)} ${unitOf(load, axis.kind)}`;
}

/** What a load's rate or concurrency is of. */
function unitOf(load: LoadSpec | null, kind: LoadAxis['kind']): string {
  if (load?.conversations) return kind === 'rate' ? 'conversations/s' : 'conversations';
  return kind === 'rate' ? 'req/s' : 'concurrent';
}

/** Does its rate change in time? One number does not say it. */
function isUneven(load: LoadSpec): load is LoadSpec & { arrival: Extract<LoadSpec['arrival'], { kind: 'stages' | 'bursts' | 'trace' }> } {
  return load.arrival.kind === 'stages' || load.arrival.kind === 'bursts' || load.arrival.kind === 'trace';
}

/** A closed loop whose concurrency changes in time. */
function isStaged({ arrival }: LoadSpec): boolean {
  return arrival.kind === 'closed' && arrival.stages !== undefined;
}

/** The load of a point; of one that a recipe measured itself, by what. */
export function pointLabel({ loadText, kind, point }: Pick<ReportRow, 'loadText' | 'kind' | 'point'>): string {
  if (loadText !== null) return loadText;
  if (kind === 'inference') return `point ${(point ?? 0) + 1}`;
  return kind === 'command' ? 'its command' : 'its clients';
}

/** `1, 2, 4 and 8 concurrent`. */
export function loadsLabel(loads: readonly (LoadSpec | null)[]): string {
  const axes = loads.map(loadAxis);
  const kinds = new Set(axes.map((axis) => axis?.kind));
  const units = new Set(loads.map((load, i) => unitOf(load, axes[i]?.kind ?? 'concurrency')));
  if (units.size !== 1 || kinds.size !== 1 || kinds.has(undefined) || loads.some((load) => load && (isUneven(load) || isStaged(load))))
    return listWords(loads.map(loadLabel));
  return `${listWords(axes.map((axis) => formatShort(axis?.value)))} ${[...units].join('')}`;
}

const range = (r: { min: number; max: number } | undefined): string | null =>
  r ? (r.min === r.max ? formatShort(r.min) : `${formatShort(r.min)}–${formatShort(r.max)}`) : null;

/** `random prompts, 512 tokens in, 128 out`. */
export function dataLabel(load: LoadSpec): string {
  const { data } = load;
  if (load.images) return `${dataLabel({ ...load, images: undefined })}, ${imagesLabel(load.images)}`;
  if (data.kind === 'trace') return `random prompts with the lengths of ${oneLine(data.path, 120)} (${data.format} trace)`;
  const output = range(data.outputTokens);
  if (data.kind !== 'random') return `prompts from ${oneLine(data.path, 120)}${output ? `, ${output} tokens out` : ''}`;
  const groups = data.prefixGroups
    ? ` within each of ${formatShort(data.prefixGroups.count)} groups (Zipf ${formatShort(data.prefixGroups.exponent)})`
    : '';
  const shared = data.sharedPrefixTokens > 0 ? `, ${formatShort(data.sharedPrefixTokens)} of them shared${groups}` : '';
  const out = generatesText(load.api) ? `, ${output ?? 'any'} out` : '';
  const turns = load.conversations ? `, conversations of ${range(load.conversations.turns)} turns` : '';
  return `${data.text === 'sonnet' ? 'lines of verse' : 'random prompts'}, ${range(data.inputTokens) ?? '?'} tokens in${shared}${out}${turns}`;
}

function imagesLabel({ perRequest, width, height }: NonNullable<LoadSpec['images']>): string {
  return `${range(perRequest)} image${perRequest.max === 1 ? '' : 's'} of ${range(width)} × ${range(height)} a request`;
}

/** `8xH200` as the seed system writes it, else the processor: `AMD EPYC 7B13, 8 threads`. Null: nothing is known. */
export function machineLabel(task: TaskFile, machine: MachineFile | null): string | null {
  const gpus = gpuLabel(task.gpu, machine?.system);
  if (gpus) return gpus;
  const cpu = machine?.system.cpu;
  if (cpu)
    return `${oneLine(cpu.model, 60)
      .replace(/\s*\((R|TM)\)/g, '')
      .replace(/\s+(CPU\s+)?@.*$/, '')}, ${cpu.logicalCores} threads`;
  return machine ? oneLine(machine.name, 60) : null;
}

/** `8xH200`; null: not known. */
export function gpuLabel(asked: { name: string | null; count: number }, system: SystemInfo | undefined): string | null {
  const gpus = gpusOf(asked, system);
  return gpus && `${gpus.count}x${shortGpuName(gpus.name)}`;
}

/** GPUs in use: as many as were asked for, by the name that was asked for, else by the machine’s own. Null: none, or not known. */
export function gpusOf(
  asked: { name: string | null; count: number },
  system: SystemInfo | undefined,
): { name: string; count: number; memoryMiB: number | undefined } | null {
  const [first] = system?.gpus ?? [];
  const name = asked.name ?? first?.name;
  const count = asked.count || (asked.name ? 1 : 0);
  return name && count > 0 ? { name, count, memoryMiB: first?.memoryMiB } : null;
}

function shortGpuName(name: string): string {
  const known = findGpu(name)?.id ?? name;
  return oneLine(known, 40).replace(/^(NVIDIA|AMD)\s+/i, '');
}

/** `vllm 0.11.0`. */
export function engineLabel(engine: Pick<EngineInfo, 'name' | 'version'>): string {
  return [engine.name, engine.version]
    .filter(Boolean)
    .map((part) => oneLine(part, 60))
    .join(' ');
}

/** The last two parts of a recipe's path: where someone keeps their recipes is nobody else's business. */
export function recipePath(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).slice(-2).join('/');
}

/** The deployment's engine as one line with its image, for places with room. */
export function engineImage(deployment: DeploymentFile): string | null {
  const { image, digest } = deployment.engine;
  if (!image) return null;
  return digest ? `${image} (${digest})` : image;
}

/** Facts of a machine as label and value, in reading order. */
export function systemFacts(system: SystemInfo): [string, string][] {
  const facts: [string, string | undefined][] = [
    ['Host', system.hostname],
    ['Operating system', [system.os, system.kernel, system.arch].filter(Boolean).join(' · ')],
    ['Processor', system.cpu ? `${system.cpu.model}, ${system.cpu.logicalCores} threads` : undefined],
    ['Memory', system.memoryBytes ? formatBytes(system.memoryBytes) : undefined],
    ['GPUs', system.gpus?.length ? gpuFacts(system.gpus) : undefined],
    ['GPU driver', system.driverVersion],
    ['CUDA', system.cudaVersion],
    ['Docker', system.dockerVersion],
    ['Node', system.nodeVersion],
    ['Free disk', system.diskFreeBytes === undefined ? undefined : formatBytes(system.diskFreeBytes)],
  ];
  return facts.filter((fact): fact is [string, string] => Boolean(fact[1]));
}

function gpuFacts(gpus: NonNullable<SystemInfo['gpus']>): string {
  const texts = gpus.map(({ name, memoryMiB }) => (memoryMiB ? `${name} (${Math.round(memoryMiB / 1024)} GiB)` : name));
  return countEqual(texts)
    .map(({ text, count }) => `${count} × ${text}`)
    .join(', ');
}
