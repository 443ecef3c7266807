import { BenchError, diskUsdPerHour, type Io } from '@bench/core';
import { providerError, providerErrorKind } from '../contract/error.ts';
import type { Machine, MachineRef, MachineSpec } from '../contract/machine.ts';
import type { Offer } from '../contract/offer.ts';
import type { OpenProvider } from '../core/open-providers.ts';
import { accountOf } from './account.ts';
import { createMachine, type CreateOutcome } from './create-machine.ts';
import { endMachine } from './end-machine.ts';
import { priceWatch, type PriceWatch } from './price-watch.ts';
import { expectedPrice } from './rank-offers.ts';
import { rentedMachine } from './rented-machine.ts';
import type { RentContext, RentedMachine, Wanted } from './types.ts';
import { invisibleMs } from './visibility.ts';
import { portsOf, waitRunning } from './wait-running.ts';

/** A create that was only a promise, and was not kept. */
const UNMADE = new Set<string | null>(['capacity', 'quota', 'auth', 'balance', 'request', 'unsupported']);

/**
 * Rents one offer. Whatever it throws, the machine is gone then or was never made, but for kind `cleanup` and for kind `unknown-outcome`, where
 * the ledger keeps it as unknown for `gc`.
 */
export async function rentOffer(o: {
  offer: Offer;
  wanted: Wanted;
  context: RentContext;
  signal: AbortSignal;
  /** A machine was made, and came to nothing: it will have cost something. */
  onPaid?: (name: string) => void;
}): Promise<RentedMachine> {
  const { offer, wanted, context, signal } = o;
  const { ledger, providers, io, on } = context;
  const open = providers.get(offer.provider);
  const account = await accountOf(open, { signal });
  signal.throwIfAborted();
  const { spec } = await ledger.intent({
    spec: (name) => specOf(name, o),
    runDir: context.runDir,
    account,
    nativeTtl: open.factory.capabilities.nativeTtl,
  });
  const intentMs = io.monotonic();
  const { name } = spec;
  on?.({ type: 'renting', name, offer });
  const told = (error: unknown) => {
    if (BenchError.is(error)) on?.({ type: 'failed', name, offer, error });
  };
  const prices = priceWatch({ known: offer.priceUsdPerHour, open, ledger, io, on });
  try {
    const outcome = await createMachine({ spec, open, ledger, io, signal });
    if (outcome.kind === 'left') o.onPaid?.(name);
    const made = await whatWasMade({ outcome, spec, open, context, signal });
    try {
      const machine = await started({
        ...made,
        spec,
        open,
        context,
        wanted,
        signal,
        prices,
        onSeen: () => {
          made.invisibleUntilMs = null;
        },
      });
      const times = { intentMs, createdMs: made.createdMs, runningMs: io.monotonic() };
      signal.throwIfAborted();
      on?.({ type: 'running', name, offer, machine });
      return rentedMachine({ machine, offer, prices, open, ledger, io, times, on });
    } catch (error) {
      if (!UNMADE.has(providerErrorKind(error))) o.onPaid?.(name);
      const reason = signal.aborted ? 'stopped while it was starting' : BenchError.is(error) ? error.message : 'it did not start';
      await end({ ref: made.machine.ref, open, context, spec, reason, invisibleUntilMs: made.invisibleUntilMs });
      throw error;
    }
  } catch (error) {
    told(error);
    throw error;
  }
}

interface Made {
  machine: Machine;
  createdMs: number;
  /** It was found under its name. */
  answerLost: boolean;
  /** See {@link endMachine}. */
  invisibleUntilMs: number | null;
}

/** The machine that the create call made, on disk. @throws what else it ended with, with what was left of it ended */
async function whatWasMade(o: {
  outcome: CreateOutcome;
  spec: MachineSpec;
  open: OpenProvider;
  context: RentContext;
  signal: AbortSignal;
}): Promise<Made> {
  const { outcome, spec, open, context } = o;
  const { ledger, io } = context;
  const { name } = spec;
  switch (outcome.kind) {
    case 'refused':
      await ledger.refused(name, outcome.error.message);
      throw outcome.error;
    case 'unknown':
      throw outcome.looked ? outcome.error : unresolved(spec, outcome.error, io);
    case 'left': {
      const ref = { ...outcome.ref, name };
      const invisibleUntilMs = outcome.createdMs + invisibleMs(open.factory.capabilities);
      const unwritten = await ledger.created(name, ref).then(
        () => null,
        (error: unknown) => error,
      );
      await end({ ref, open, context, spec, reason: outcome.error.message, invisibleUntilMs });
      throw unwritten ?? outcome.error;
    }
    case 'created': {
      const { machine, seen, createdMs } = outcome;
      const invisibleUntilMs = seen ? null : createdMs + invisibleMs(open.factory.capabilities);
      try {
        await ledger.created(name, machine.ref);
      } catch (error) {
        await end({ ref: machine.ref, open, context, spec, reason: 'the ledger could not be written', invisibleUntilMs });
        throw error;
      }
      return { machine, createdMs, answerLost: seen, invisibleUntilMs };
    }
  }
}

async function started(
  o: Made & {
    spec: MachineSpec;
    open: OpenProvider;
    context: RentContext;
    wanted: Wanted;
    signal: AbortSignal;
    prices: PriceWatch;
    onSeen: () => void;
  },
): Promise<Machine> {
  const { spec, open, context, wanted, signal, prices, onSeen } = o;
  const { ledger, io, on } = context;
  const { offer, name } = spec;
  signal.throwIfAborted();
  const machine = await waitRunning({
    machine: o.machine,
    open,
    io,
    market: offer.market,
    ports: portsOf(spec.workload),
    invisibleUntilMs: o.invisibleUntilMs,
    signal,
    onSeen,
    onState: (seen) => {
      prices.look(seen);
      on?.({ type: 'state', name, offer, machine: seen, ...(o.answerLost ? { answerLost: true } : {}) });
    },
  });
  const price = prices.look(machine);
  await prices.written();
  await ledger.running(name);
  const limit = wanted.maxPriceUsdPerHour;
  // Half a percent: providers round prices of offers and of machines differently.
  const whole = price === null ? null : price + (diskUsdPerHour({ ...offer, diskGb: wanted.diskGb }) ?? 0);
  if (limit !== null && whole !== null && whole > Math.max(limit, expectedPrice(offer, wanted) ?? 0) * 1.005) {
    const message = `${name} costs ${Number(whole.toFixed(4))} $/h, more than the limit of ${limit} $/h, although it was offered for ${offer.priceUsdPerHour ?? 'an unknown price'}`;
    throw providerError({ kind: 'failed', provider: offer.provider, op: 'observe', message });
  }
  return machine;
}

async function end(o: {
  ref: MachineRef;
  open: OpenProvider;
  context: RentContext;
  spec: MachineSpec;
  reason: string;
  invisibleUntilMs: number | null;
}): Promise<void> {
  const { ref, open, context, spec, reason, invisibleUntilMs } = o;
  const { ledger, io, on } = context;
  on?.({ type: 'ending', name: spec.name, reason });
  await endMachine({ ref, open, ledger, io, market: spec.market, reason, invisibleUntilMs });
  on?.({ type: 'gone', name: spec.name });
}

/** Nobody could look for it: as with a machine that cannot be ended, no further one is rented. */
function unresolved(spec: MachineSpec, cause: BenchError, io: Io): BenchError {
  const { provider } = spec.offer;
  return providerError({
    kind: 'cleanup',
    provider,
    op: 'create',
    message: `nobody knows whether machine ${spec.name} was made, it may cost money: ${io.redact(cause.message)}`,
    hint: providerErrorKind(cause) === 'auth' && cause.hint !== undefined ? `${cause.hint}; then run: bench gc` : 'run: bench gc',
    cause,
  });
}

function specOf(name: string, o: { offer: Offer; wanted: Wanted; context: RentContext }): MachineSpec {
  const { offer, wanted, context } = o;
  const { ledger, io, run } = context;
  return {
    name,
    owner: ledger.owner,
    run,
    offer,
    market: offer.market,
    sshPublicKeys: wanted.workload.kind === 'vm' ? [ledger.key.publicKey] : [],
    image: wanted.image,
    diskGb: wanted.diskGb,
    maxLifetimeS: wanted.maxLifetimeS,
    expiresAt: new Date(io.now() + wanted.maxLifetimeS * 1000).toISOString(),
    bidUsdPerHour: offer.market === 'spot' ? wanted.bidUsdPerHour : null,
    workload: wanted.workload,
    secrets: context.secrets ?? [],
  };
}
