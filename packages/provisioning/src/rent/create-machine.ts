import { BenchError, type Io, messageOf } from '@bench/core';
import { providerError, providerErrorKind } from '../contract/error.ts';
import type { Machine, MachineRef, MachineSpec } from '../contract/machine.ts';
import { deadlinesOf } from '../core/deadlines.ts';
import type { OpenProvider } from '../core/open-providers.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { invisibleMs } from './visibility.ts';

/** Kinds of a create's error after which certainly nothing was made. */
const REFUSED = new Set<string | null>(['capacity', 'quota', 'auth', 'balance', 'request', 'rate-limit', 'unsupported']);
/** After the user wants to stop, an answer that is on its way is waited for: it is better to have it than to look for the machine. */
const GRACE_MS = 10_000;
const RATE_WAIT_MS = 15_000;

export interface CreateMachine {
  spec: MachineSpec;
  open: OpenProvider;
  ledger: Ledger;
  io: Io;
  signal: AbortSignal;
}

/** `left`: a machine that exists although the call failed; to be ended. */
export type CreateOutcome =
  | { kind: 'created'; machine: Machine; seen: boolean; createdMs: number }
  | { kind: 'refused'; error: BenchError }
  | { kind: 'left'; ref: MachineRef; error: BenchError; createdMs: number }
  /** Nobody knows, and it is not to be seen. The ledger has it as unknown. */
  | { kind: 'unknown'; error: BenchError; looked: boolean };

/**
 * The create call of an intent that is on disk, until it is known what came of it. A lost answer: the ledger has it, and the machine is looked
 * for by name until it is found or would have been seen. Waits out rate limits.
 */
export async function createMachine(o: CreateMachine): Promise<CreateOutcome> {
  const { spec, open, ledger, io, signal } = o;
  const { capabilities } = open.factory;
  for (let tries = 1; ; tries++) {
    const outcome = await callCreate(o);
    const createdMs = io.monotonic();
    if ('machine' in outcome) return { kind: 'created', machine: outcome.machine, seen: false, createdMs };
    const { error } = outcome;
    const ref = refIn(error);
    if (ref !== null) return { kind: 'left', ref, error, createdMs };
    if (REFUSED.has(providerErrorKind(error))) return { kind: 'refused', error };
    await ledger.unknown(spec.name, error.message).catch((full: unknown) => io.logger.log('warn', messageOf(full)));
    const found = await findMachine({ name: spec.name, owner: spec.owner, open, io, market: spec.market, fromMs: createdMs });
    if (found.machine) return { kind: 'created', machine: found.machine, seen: true, createdMs };
    if (!found.certain || !capabilities.idempotentCreate || tries > 1 || signal.aborted) {
      return { kind: 'unknown', error: found.error ?? error, looked: found.certain };
    }
    // With an equal key the second one is the first one's machine, should that come late.
  }
}

/** One call, and again after rate limits. */
async function callCreate(o: CreateMachine): Promise<{ machine: Machine } | { error: BenchError }> {
  const { spec, open, io, signal } = o;
  const until = io.monotonic() + deadlinesOf(open.factory, spec.market).pendingMs;
  for (;;) {
    if (signal.aborted) return { error: refusal(spec, 'stopped before it was asked for', signal.reason) };
    const late = lateSignal(signal, io);
    try {
      return { machine: await open.provider.create(spec, { idempotencyKey: spec.name, signal: late.signal }) };
    } catch (thrown) {
      const error = BenchError.is(thrown) ? thrown : lost(spec, thrown, io);
      if (providerErrorKind(error) !== 'rate-limit' || refIn(error) !== null) return { error };
      const asked = error.details?.['retryAfterMs'];
      const waitMs = (typeof asked === 'number' ? asked : RATE_WAIT_MS) * (1 + io.random() * 0.2);
      if (io.monotonic() + waitMs > until) return { error };
      await io.sleep(waitMs, signal).catch(() => undefined);
    } finally {
      late.clear();
    }
  }
}

/** What was thrown without being a provider's error may have come after the request: an abort, a fault of a plugin. */
function lost(spec: MachineSpec, cause: unknown, io: Io): BenchError {
  const { provider } = spec.offer;
  const message = `the answer to create of ${spec.name} was lost: ${io.redact(messageOf(cause))}`;
  return providerError({ kind: 'unknown-outcome', provider, op: 'create', message, cause });
}

function refusal(spec: MachineSpec, message: string, cause: unknown): BenchError {
  return providerError({ kind: 'request', provider: spec.offer.provider, op: 'create', message, cause });
}

/** The machine that the error says exists. */
function refIn(error: BenchError): MachineRef | null {
  const ref = error.details?.['ref'] as Partial<MachineRef> | undefined;
  return typeof ref?.id === 'string' && typeof ref.provider === 'string' ? (ref as MachineRef) : null;
}

/** Aborted some time after `signal` is. */
function lateSignal(signal: AbortSignal, io: Io): { signal: AbortSignal; clear(): void } {
  const late = new AbortController();
  const over = new AbortController();
  const onAbort = () =>
    void io.sleep(GRACE_MS, over.signal).then(
      () => late.abort(signal.reason),
      () => undefined,
    );
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    signal: late.signal,
    clear: () => {
      signal.removeEventListener('abort', onAbort);
      over.abort();
    },
  };
}

/**
 * Looks for a machine by its name until it is found, or a look that came late enough saw nothing (`certain`). A provider that cannot be asked
 * is asked again, until a machine would have had to run.
 * @param o.fromMs when the create call ended, on `io.monotonic`
 */
export async function findMachine(o: {
  name: string;
  /** One that says that it is another's is not the one that is looked for. Absent: the caller judges. */
  owner?: string;
  open: OpenProvider;
  io: Io;
  market: MachineSpec['market'];
  fromMs: number;
  /** How long a provider that cannot be asked is waited for. Default: as long as a machine may take to start. */
  patienceMs?: number;
  signal?: AbortSignal | undefined;
}): Promise<{ machine: Machine | null; certain: boolean; error: BenchError | null }> {
  const { name, open, io, market, fromMs, signal } = o;
  const deadlines = deadlinesOf(open.factory, market);
  const enoughMs = fromMs + invisibleMs(open.factory.capabilities);
  const giveUpMs = Math.max(enoughMs, io.monotonic()) + (o.patienceMs ?? deadlines.provisioningMs);
  for (;;) {
    const startedMs = io.monotonic();
    let error: BenchError | null = null;
    try {
      const machine = await open.provider.find(name, { signal });
      if (machine !== null && isOf(machine, o.owner)) return { machine, certain: true, error: null };
      if (startedMs >= enoughMs) return { machine: null, certain: true, error: null };
    } catch (thrown) {
      error = BenchError.is(thrown) ? thrown : null;
      if (hopeless(error) || signal?.aborted || io.monotonic() > giveUpMs) return { machine: null, certain: false, error };
    }
    await io.sleep(deadlines.pollMs * (0.8 + io.random() * 0.4), signal).catch(() => undefined);
    if (signal?.aborted) return { machine: null, certain: false, error };
  }
}

/** A copied ledger makes equal names; where there are labels, they tell the owners apart. */
export function isOf(machine: Pick<Machine, 'owner'>, owner: string | undefined): boolean {
  return owner === undefined || machine.owner === null || owner.startsWith(machine.owner);
}

/** Revoked credentials: nobody will see anything any more. */
const hopeless = (error: BenchError | null): boolean => providerErrorKind(error) === 'auth';
