import { readlinkSync } from 'node:fs';
import { bootId, machineId, processAlive, processStart } from '@bench/core';
import type { Holder } from './entry.ts';

/** A process, so that others can tell whether it still lives. */
export type ProcessHolder = Extract<Holder, { kind: 'process' }>;

/** This process. */
export function thisProcess(): ProcessHolder {
  const start = processStart(process.pid);
  const machine = machineId();
  return {
    kind: 'process',
    pid: process.pid,
    start,
    bootId: bootId(),
    machineId: machine,
    pidNamespace: pidNamespace(),
    heartbeat: `${(machine ?? 'unknown').slice(0, 12)}-${process.pid}-${start ?? '0'}`,
  };
}

/** `elsewhere`: it cannot be seen from here, because it is another computer's or another container's, or of another boot of this one. */
export function processState(holder: ProcessHolder): 'alive' | 'dead' | 'elsewhere' {
  const here = thisProcess();
  if (holder.machineId !== here.machineId) return 'elsewhere';
  if (holder.bootId !== here.bootId) {
    // Nodes, clones and containers of one image share a machine id: whether it was this computer before a restart only the sign of life says.
    const isUnknown = holder.bootId === null || here.bootId === null || holder.machineId === null;
    return isUnknown || holder.heartbeat !== undefined ? 'elsewhere' : 'dead';
  }
  if (holder.pidNamespace !== undefined && holder.pidNamespace !== here.pidNamespace) return 'elsewhere';
  if (!processAlive(holder.pid)) return 'dead';
  if (holder.start === null) return 'alive';
  return processStart(holder.pid) === holder.start ? 'alive' : 'dead';
}

function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}
