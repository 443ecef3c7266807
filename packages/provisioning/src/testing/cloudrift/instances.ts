import { findGpu } from '@bench/core';
import type { FakeMachine, FakeMachines } from '../fake/machines.ts';
import type { FakeInstanceType } from './catalogue.ts';

export interface FakeInstance {
  readonly id: string;
  readonly name: string | null;
  readonly type: FakeInstanceType;
  /** `rtx59-16c-nr.2`. */
  readonly variant: string;
  readonly count: number;
  readonly datacenter: string;
  /** Cents an hour. */
  readonly cents: number;
  /** By the fake's clock, milliseconds. */
  readonly rentedAt: number;
  /** It will fail to boot. */
  readonly doomed: boolean;
  /** Null: it starts, or never will. */
  machine: FakeMachine | null;
  /** Why the machine did not start. */
  broken: string | null;
  /** When it could be used first: billing begins. */
  readyAt: number | null;
  /** When somebody asked for its end: billing ends. */
  endedAt: number | null;
  power: 'on' | 'stopped' | 'shut-down';
  /** What is being done to the machine behind it. */
  work: Promise<void>;
}

/** User of the images. */
export const USER = 'riftuser';

/** Starts the machine behind an instance. */
export function startBehind(instance: FakeInstance, o: { machines: FakeMachines; publicKeys: readonly string[]; image: string }): void {
  const gpu = findGpu(instance.type.brand_short);
  const gpus =
    instance.type.manufacturer === 'AMD' || gpu === undefined
      ? []
      : Array.from({ length: instance.count }, () => ({ name: gpu.names[0] ?? gpu.id, memoryMiB: gpu.memoryMiB ?? gpu.memoryGb * 1000 }));
  instance.work = o.machines
    .start({
      id: instance.id,
      name: instance.name ?? instance.id,
      user: USER,
      publicKeys: o.publicKeys,
      image: o.image,
      gpus,
      onShutdown: () => {
        instance.power = 'shut-down';
      },
    })
    .then(
      async (machine) => {
        instance.machine = machine;
        if (instance.endedAt !== null) await machine.end();
      },
      (error: unknown) => {
        instance.broken = String(error);
      },
    );
}

/** Ends what is behind it, whenever it has started. */
export function endBehind(instance: FakeInstance): void {
  instance.work = instance.work.then(() => instance.machine?.end()).then(() => undefined);
}

export function switchPower(instance: FakeInstance, power: 'on' | 'stopped'): void {
  instance.power = power;
  instance.work = instance.work.then(() => (power === 'on' ? instance.machine?.on?.() : instance.machine?.off?.()));
}
