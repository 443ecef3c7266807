import { findGpus, GPUS, nearGpu } from '@bench/core';
import { usage } from './asked.ts';

/** @throws BenchError `BENCH_USAGE` for a GPU that the catalogue knows under no name. */
export function refuseUnknownGpu(name: string | undefined): void {
  if (name === undefined || findGpus(name).length > 0 || GPUS.some(({ family }) => family.toLowerCase() === name.toLowerCase())) return;
  throw usage(`no GPU is called "${name}"`, [nearGpu(name), 'bench gpus lists them'].filter((text) => text !== null).join(' '));
}
