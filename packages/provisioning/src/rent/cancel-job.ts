import type { Io } from '@bench/core';
import type { MachineRef } from '../contract/machine.ts';
import type { OpenProvider } from '../core/open-providers.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { endMachine } from './end-machine.ts';

export interface CancelJob {
  ref: MachineRef;
  open: OpenProvider;
  ledger: Ledger;
  io: Io;
  reason: string;
  /** On `io.monotonic`: until then a job that was never seen may be invisible. Default null: it was seen. */
  invisibleUntilMs?: number | null;
  /** How long a queue is asked that only fails. Default: `terminateMs` of its provider. */
  patienceMs?: number;
  /** Gives up. Not the signal that stops a run: that is when jobs are cancelled. */
  signal?: AbortSignal;
}

/**
 * Cancels a job and looks until it has left the queue; cancels it again when nothing comes of it. The ledger is told of both. Idempotent, also
 * for a job that has ended by itself.
 * @throws BenchError of kind `cleanup` (exit code 6) when it is still there
 */
export function cancelJob(o: CancelJob): Promise<void> {
  const { invisibleUntilMs = null, ...rest } = o;
  return endMachine({ ...rest, invisibleUntilMs, market: 'on-demand' });
}
