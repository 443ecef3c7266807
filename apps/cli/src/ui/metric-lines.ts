import { formatBytes } from '@bench/core';
import type { JobMetrics } from '@bench/benchmark';
import { columns } from './columns.ts';
import type { Styles } from './style.ts';

type Gpu = NonNullable<JobMetrics['gpus']>[number];

/** How jobs that run are now, a line for each GPU; what nobody said stays empty. */
export function metricLines(metrics: readonly JobMetrics[], { style, width }: { style: Styles; width: number | undefined }): string[] {
  if (metrics.length === 0) return [];
  const rows = metrics.flatMap((one) => {
    const own = [
      one.busyCpus === null ? '' : `${one.busyCpus.toFixed(1)} busy`,
      one.processes === null ? '' : formatBytes(one.processes.rssBytes),
    ];
    const gpus = one.gpus ?? [];
    if (gpus.length === 0) return [[one.job, ...own, one.gpus === null ? 'not known' : 'none', '', '', '', '']];
    return gpus.map((gpu, i) => (i === 0 ? [one.job, ...own, ...gpuCells(gpu)] : ['', '', '', ...gpuCells(gpu)]));
  });
  const table = columns(['NOW', 'CPUS', 'MEMORY', 'GPU', 'BUSY', 'GPU MEMORY', 'POWER', 'TEMPERATURE'], rows, style, { width, whole: [0] });
  return ['', table.trimEnd()];
}

function gpuCells({ index, utilizationPercent, memoryUsedMiB, memoryTotalMiB, powerW, temperatureC }: Gpu): string[] {
  const gib = (mib: number) => (mib / 1024).toFixed(1);
  return [
    String(index),
    utilizationPercent === null ? '' : `${utilizationPercent} %`,
    memoryUsedMiB === null ? '' : `${gib(memoryUsedMiB)}${memoryTotalMiB === null ? '' : ` of ${gib(memoryTotalMiB)}`} GiB`,
    powerW === null ? '' : `${Math.round(powerW)} W`,
    temperatureC === null ? '' : `${temperatureC} °C`,
  ];
}
