import type { ForeignMeasurement, RunView, TaskView } from '@bench/results';
import { gpusOf } from '../labels.ts';
import type { PricedThing } from './row-price.ts';

/** What a task of a run ran on: of a rented machine all of it, for all of it is paid. */
export function pricedTask(view: RunView, { file, machine }: TaskView): PricedThing {
  const rented = machine?.rented;
  const used = gpusOf(file.gpu, machine?.system);
  const gpu = rented?.gpu ? { ...rented.gpu, memoryMiB: rented.gpu.memoryGb * 1024 } : used;
  return {
    gpu,
    instanceType: rented?.instanceType ?? null,
    machine: machine?.name ?? null,
    partition: machine?.partition ?? null,
    own:
      machine === null || machine.priceUsdPerHour === null
        ? null
        : {
            usdPerHour: machine.priceUsdPerHour,
            source: machine.priceSource,
            // What a job costs was read from the settings when it was submitted.
            date: rented?.priceAt ?? (machine.kind === 'node' ? view.run.createdAt : null),
          },
  };
}

/** What another tool measured, as far as its files say; they know no prices. */
export function pricedForeign({ gpu, system }: ForeignMeasurement): PricedThing {
  return { gpu: gpusOf(gpu, system ?? undefined), instanceType: null, machine: system?.hostname ?? null, partition: null, own: null };
}
