import type { Io } from '@bench/core';
import { providerError } from '../contract/error.ts';
import type { Machine, MachineRef, MachineSpec, Workload } from '../contract/machine.ts';
import type { Offer } from '../contract/offer.ts';
import type { OpenProvider } from '../core/open-providers.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { accountOf } from './account.ts';
import { cancelJob } from './cancel-job.ts';
import { createMachine } from './create-machine.ts';
import { invisibleMs } from './visibility.ts';

export interface SubmitJob {
  /** Has workload `batch`. */
  open: OpenProvider;
  ledger: Ledger;
  io: Io;
  /** Id of the run that the job is for. */
  run: string;
  /** Folder of the run; null: none. */
  runDir: string | null;
  /** What the job takes: its partition and GPUs, and what they cost an hour. */
  offer: Offer;
  workload: Extract<Workload, { kind: 'batch' }>;
  /** How long it may run at the most, seconds. */
  maxLifetimeS: number;
  /** Values in the script that are never shown. Default: none. */
  secrets?: readonly string[];
  /** Told once the intent is on disk, before anything is sent. */
  onIntent?: (name: string) => void | Promise<void>;
  /** Default: `io.signal`. A job that was submitted by then is cancelled before the call throws. */
  signal?: AbortSignal;
}

/** A job that is in a queue, or was. */
export interface SubmittedJob {
  /** Its name in the queue and in the ledger. */
  name: string;
  ref: MachineRef;
  /** As it was first seen. */
  machine: Machine;
}

/**
 * Submits one job: its intent is on disk before anything is sent, and its id as soon as it is known. One whose answer was lost is looked for
 * by its name before anything else. Nothing of it is in the queue when this throws, but for kind `cleanup`, and for kind `unknown-outcome`,
 * where the ledger keeps it as unknown for `gc`.
 * @throws BenchError of a provider, `BENCH_LEDGER_*`
 */
export async function submitJob(o: SubmitJob): Promise<SubmittedJob> {
  const { open, ledger, io } = o;
  const signal = o.signal ?? io.signal;
  const account = await accountOf(open, { signal });
  signal.throwIfAborted();
  const { nativeTtl } = open.factory.capabilities;
  const { spec } = await ledger.intent({ spec: (name) => specOf(name, o), runDir: o.runDir, account, nativeTtl });
  const { name } = spec;
  await o.onIntent?.(name);
  const outcome = await createMachine({ spec, open, ledger, io, signal });
  switch (outcome.kind) {
    case 'refused':
      await ledger.refused(name, outcome.error.message);
      throw outcome.error;
    case 'unknown':
      throw outcome.error;
    case 'left': {
      const ref = { ...outcome.ref, name };
      await ledger.created(name, ref).catch(() => undefined);
      const invisibleUntilMs = outcome.createdMs + invisibleMs(open.factory.capabilities);
      await cancelJob({ ref, open, ledger, io, reason: outcome.error.message, invisibleUntilMs });
      throw outcome.error;
    }
    case 'created': {
      const { machine, seen, createdMs } = outcome;
      const ref = { ...machine.ref, name };
      const invisibleUntilMs = seen ? null : createdMs + invisibleMs(open.factory.capabilities);
      const end = (reason: string) => cancelJob({ ref, open, ledger, io, reason, invisibleUntilMs });
      try {
        await ledger.created(name, ref);
      } catch (unwritten) {
        await end('its id could not be written down');
        throw unwritten;
      }
      if (!signal.aborted) return { name, ref, machine };
      await end('stopped while it was submitted');
      throw signal.reason ?? stopped(spec);
    }
  }
}

function specOf(name: string, o: SubmitJob): MachineSpec {
  const { ledger, io, run, offer, workload, maxLifetimeS, secrets = [] } = o;
  return {
    name,
    owner: ledger.owner,
    run,
    offer,
    market: offer.market,
    sshPublicKeys: [],
    image: null,
    diskGb: 0,
    maxLifetimeS,
    expiresAt: new Date(io.now() + maxLifetimeS * 1000).toISOString(),
    bidUsdPerHour: null,
    workload,
    secrets,
  };
}

function stopped({ name, offer }: MachineSpec): Error {
  return providerError({ kind: 'request', provider: offer.provider, op: 'create', message: `${name} was stopped while it was submitted` });
}
