import { formatBytes } from '@bench/core';
import type { RunEvent } from '@bench/benchmark';

type Use = Pick<Extract<RunEvent, { type: 'deployment_use' }>, 'gpus' | 'processes' | 'busyCpus'>;

/** What a job uses now, in a line: `2 GPUs 87 %, 61.0 of 160.0 GiB, 640 W; CPUs 3.2; memory 12.3 GiB`. What nobody said is left out. */
export function useText({ gpus, processes, busyCpus }: Use): string {
  return [
    gpus === null || gpus.length === 0 ? null : gpuText(gpus),
    busyCpus === null ? null : `CPUs ${busyCpus.toFixed(1)}`,
    processes === null ? null : `memory ${formatBytes(processes.rssBytes)}`,
  ]
    .filter((part) => part !== null)
    .join('; ');
}

function gpuText(gpus: NonNullable<Use['gpus']>): string {
  const all = (name: 'utilizationPercent' | 'memoryUsedMiB' | 'memoryTotalMiB' | 'powerW'): number | null => {
    const values = gpus.map((gpu) => gpu[name]);
    return values.includes(null) ? null : values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  };
  const gib = (mib: number) => (mib / 1024).toFixed(1);
  const [busy, used, total, watts] = [all('utilizationPercent'), all('memoryUsedMiB'), all('memoryTotalMiB'), all('powerW')];
  const memory = used === null ? null : `${gib(used)}${total === null ? '' : ` of ${gib(total)}`} GiB`;
  return [
    `${gpus.length === 1 ? 'GPU' : `${gpus.length} GPUs`}${busy === null ? '' : ` ${Math.round(busy / gpus.length)} %`}`,
    memory,
    watts === null ? null : `${Math.round(watts)} W`,
  ]
    .filter((part) => part !== null)
    .join(', ');
}
