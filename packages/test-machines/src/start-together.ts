import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine, MachineOptions } from './machine-types.ts';
import { startMachine } from './machine.ts';
import { joinNetwork, leaveNetwork, type Network } from './network.ts';

/** Several machines that are one thing, with a folder of their own on this computer. */
export interface Together {
  network: Network;
  folder: string;
  /** Starts machines at the same time. @throws the first error, after all have ended to start */
  startMachines(all: readonly MachineOptions[]): Promise<Machine[]>;
  /** Stops them all and removes the folder. Idempotent. */
  close(): Promise<void>;
}

/** Makes what `start` needs; when that throws, everything is removed again. */
export async function startTogether<T>(
  name: string,
  signal: AbortSignal | undefined,
  start: (together: Together) => Promise<T>,
): Promise<T> {
  const network = await joinNetwork(signal);
  const undo: (() => Promise<unknown>)[] = [leaveNetwork];
  const close = async () => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  const folder = join(network.folder, name);
  undo.push(async () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  const startMachines: Together['startMachines'] = async (all) => {
    const started = await Promise.allSettled(all.map((options) => startMachine({ ...options, ...(signal ? { signal } : {}) })));
    const machines = started.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    undo.push(() => Promise.all(machines.map((machine) => machine.stop())));
    const failed = started.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    return machines;
  };
  try {
    return await start({ network, folder, startMachines, close });
  } catch (error) {
    await close();
    throw error;
  }
}
