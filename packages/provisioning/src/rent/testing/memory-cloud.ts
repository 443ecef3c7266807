import type { Io } from '@bench/core';
import { providerError, type ProviderErrorKind } from '../../contract/error.ts';
import type { Machine, MachineRef, MachineSpec, MachineState } from '../../contract/machine.ts';
import { LABELS, OWNER_IN_NAME, parseMachineName } from '../../contract/name.ts';
import type { Offer } from '../../contract/offer.ts';
import type { Capabilities, Deadlines, Provider, ProviderFactory } from '../../contract/provider.ts';
import type { OpenProviders } from '../../core/open-providers.ts';
import { sampleOffer } from './samples.ts';

/** What goes wrong with one call; null: nothing. */
export type Fault =
  /** Before anything was done. */
  | { kind: ProviderErrorKind; retryAfterMs?: number }
  /** After it was done. */
  | { lostAnswer: true }
  /** `create` made it and says so in its error. `terminate` was taken and nothing comes of it. `observe` leaves them out. */
  | { half: true };
export type Operation = 'offers' | 'create' | 'observe' | 'find' | 'terminate' | 'owned' | 'account';

interface Kept {
  spec: MachineSpec;
  id: string;
  visibleMs: number;
  /** When it reaches the states after pending. */
  provisioningMs: number;
  runningMs: number;
  fate: 'runs' | 'fails' | 'preempted' | 'vanishes';
  fateMs: number;
  goneMs: number | null;
  createdMs: number;
}

export interface MemoryCloud {
  readonly factory: ProviderFactory;
  readonly provider: Provider;
  /** For every call in turn; default: none. */
  fault: (operation: Operation, target: string) => Fault | null;
  /** What becomes of the next machine. */
  fate: (spec: MachineSpec) => { visibleMs?: number; startMs?: number; fate?: Kept['fate']; fateMs?: number };
  offers: Offer[];
  /** Names of machines that cost money now. */
  alive(): string[];
  /** Names that were terminated by a call, whether it had an effect or not. */
  readonly terminated: string[];
  /** Names of machines that were really made. */
  readonly made: string[];
  /** The same provider to whoever has a key of that account: it sees nothing of what the others have. */
  withKeyOf(account: string): { factory: ProviderFactory; provider: Provider };
}

export interface MemoryCloudOptions {
  io: Io;
  name?: string;
  capabilities?: Partial<Capabilities>;
  deadlines?: Partial<Deadlines>;
  /** Whose key it is opened with. Default: it knows no accounts. */
  account?: string;
}

/** A provider that lives in the memory of a test: it forgets answers, shows machines late, and stalls, as it is told. */
export function memoryCloud(options: MemoryCloudOptions): MemoryCloud {
  const { io, name = 'memory' } = options;
  const kept: Kept[] = [];
  const terminated: string[] = [];
  const made: string[] = [];
  const capabilities: Capabilities = {
    workloads: ['vm', 'container'],
    markets: ['on-demand', 'spot', 'flex'],
    idempotentCreate: false,
    labels: true,
    nativeTtl: false,
    shutdownEndsBilling: false,
    stopStart: false,
    livePrices: true,
    logs: false,
    visibleWithinMs: 20_000,
    ...options.capabilities,
  };
  const fail = (kind: ProviderErrorKind, op: string, retryAfterMs?: number, ref?: unknown) =>
    providerError({
      kind,
      provider: name,
      op,
      message: `${kind} of the test`,
      hint: kind === 'auth' ? 'renew the key' : undefined,
      retryAfterMs,
      ref,
    });

  /** Takes the call's fault; `after` throws what comes after the effect. */
  const faultOf = (op: Operation, target: string): { half: boolean; after: () => void } => {
    const fault = cloud.fault(op, target);
    if (fault !== null && 'kind' in fault) throw fail(fault.kind, op, fault.retryAfterMs);
    return {
      half: fault !== null && 'half' in fault,
      after: () => {
        if (fault !== null && 'lostAnswer' in fault) throw fail(op === 'create' ? 'unknown-outcome' : 'transient', op);
      },
    };
  };
  const isVisible = (machine: Kept) => io.monotonic() >= machine.visibleMs;
  const isGone = (machine: Kept) =>
    (machine.goneMs !== null && io.monotonic() >= machine.goneMs) || (machine.fate === 'vanishes' && io.monotonic() >= machine.fateMs);

  const accountOf = (account: string) => async () => {
    faultOf('account', account).after();
    return account;
  };
  const provider: Provider = {
    check: () => Promise.resolve({ items: [] }),
    offers: async function* () {
      faultOf('offers', name).after();
      yield* cloud.offers;
    },
    plan: () => [],
    create: async (spec) => {
      const { half, after } = faultOf('create', spec.name);
      const same = capabilities.idempotentCreate ? kept.find((machine) => machine.spec.name === spec.name) : undefined;
      if (same) return view(same);
      const now = io.monotonic();
      const { visibleMs = 0, startMs = 60_000, fate = 'runs', fateMs = 30_000 } = cloud.fate(spec);
      const machine: Kept = {
        spec,
        id: `${name}-${kept.length}`,
        createdMs: now,
        visibleMs: now + visibleMs,
        provisioningMs: now + startMs / 3,
        runningMs: now + startMs,
        fate,
        fateMs: now + fateMs,
        goneMs: null,
      };
      kept.push(machine);
      made.push(spec.name);
      if (half) throw fail('capacity', 'create', undefined, refOf(machine));
      after();
      return view(machine);
    },
    observe: async (refs) => {
      const { half } = faultOf('observe', refs.map((ref) => ref.name).join());
      const answer = new Map<string, Machine | null>();
      for (const [at, ref] of refs.entries()) {
        if (half && at % 2 === 0) continue;
        const machine = kept.find(({ id }) => id === ref.id);
        answer.set(ref.id, machine && isVisible(machine) && !isGone(machine) ? view(machine) : null);
      }
      return answer;
    },
    find: async (wanted) => {
      faultOf('find', wanted).after();
      const machine = kept.find((one) => one.spec.name === wanted && isVisible(one) && !isGone(one));
      return machine ? view(machine) : null;
    },
    terminate: async (ref) => {
      terminated.push(ref.name);
      const { half, after } = faultOf('terminate', ref.name);
      const machine = kept.find(({ id }) => id === ref.id);
      // What cannot be seen is taken for gone, as real ones do.
      if (!machine || !isVisible(machine) || isGone(machine)) return 'gone';
      if (half) return 'accepted';
      machine.goneMs ??= io.monotonic() + (machine.createdMs % 3) * 7000;
      after();
      return isGone(machine) ? 'gone' : 'accepted';
    },
    owned: async function* (filter) {
      faultOf('owned', filter.owner ?? '').after();
      for (const machine of kept.filter((one) => isVisible(one) && !isGone(one))) {
        const seen = view(machine);
        if ((filter.owner === undefined || seen.owner === filter.owner) && (filter.run === undefined || seen.run === filter.run))
          yield seen;
      }
    },
    ...(options.account === undefined ? {} : { account: accountOf(options.account) }),
    close: () => Promise.resolve(),
  };

  const refOf = ({ id, spec }: Kept): MachineRef => ({
    provider: name,
    id,
    name: spec.name,
    region: spec.offer.region,
    zone: spec.offer.zone,
  });

  const view = (machine: Kept): Machine => {
    const { spec } = machine;
    const now = io.monotonic();
    const over = now >= machine.fateMs;
    const failed = machine.fate === 'fails' && over;
    const preempted = machine.fate === 'preempted' && over;
    const state: MachineState = failed
      ? 'failed'
      : preempted
        ? 'stopped'
        : now >= machine.runningMs
          ? 'running'
          : now >= machine.provisioningMs
            ? 'provisioning'
            : 'pending';
    const running = state === 'running';
    return {
      ref: refOf(machine),
      state,
      rawState: state.toUpperCase(),
      stateReason: null,
      connection: running && spec.workload.kind === 'vm' ? { host: '127.0.0.1', port: 22, user: 'bench' } : null,
      published:
        running && spec.workload.kind === 'container'
          ? spec.workload.ports.map((port) => ({ port, host: '127.0.0.1', publicPort: port + 10_000 }))
          : [],
      priceUsdPerHour: spec.offer.priceUsdPerHour,
      priceSource: null,
      createdAt: new Date(io.now()).toISOString(),
      preempted,
      failure: failed ? { code: 'BOOT', message: 'it did not boot' } : null,
      owner: capabilities.labels ? spec.owner : (parseMachineName(spec.name)?.owner6 ?? spec.owner.slice(0, OWNER_IN_NAME)),
      run: spec.run,
      expiresAt: capabilities.labels ? spec.expiresAt : null,
      market: spec.market,
      workload: spec.workload.kind,
    };
  };

  const cloud: MemoryCloud = {
    factory: {
      contractVersion: 1,
      name,
      title: `Cloud ${name} (${LABELS.managed})`,
      capabilities,
      limits: {},
      settings: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
      ...(options.deadlines === undefined ? {} : { deadlines: options.deadlines }),
      configured: () => Promise.resolve(null),
      open: () => Promise.resolve(provider),
    },
    provider,
    fault: () => null,
    fate: () => ({}),
    offers: [sampleOffer({ provider: name, id: `${name}-offer`, workloads: ['vm', 'container'] })],
    alive: () => kept.filter((machine) => !isGone(machine)).map(({ spec }) => spec.name),
    terminated,
    made,
    withKeyOf: (account) => ({
      factory: cloud.factory,
      provider: {
        ...provider,
        account: accountOf(account),
        ...(account === options.account
          ? {}
          : {
              observe: async (refs) => new Map(refs.map(({ id }) => [id, null])),
              find: async () => null,
              terminate: async () => 'gone',
              owned: async function* () {},
            }),
      },
    }),
  };
  return cloud;
}

export const PROVIDER_CALLS = ['create', 'observe', 'find', 'terminate'] as const;

/** The clouds as one process has them open. */
export function opened(clouds: readonly { factory: ProviderFactory; provider: Provider }[]): OpenProviders {
  const list = clouds.map(({ factory, provider }) => ({ factory, provider }));
  return {
    list,
    closed: [],
    get: (name) => {
      const found = list.find(({ factory }) => factory.name === name);
      if (!found) throw new Error(`no ${name}`);
      return found;
    },
    close: () => Promise.resolve(),
  };
}
