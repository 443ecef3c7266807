import { BenchError, findGpu, type Host, messageOf } from '@bench/core';
import { hostConnector } from '@bench/host';
import {
  type Machine,
  type MachineRef,
  type MachineSpec,
  type Offer,
  type OfferQuery,
  type Provider,
  type ProviderContext,
  providerError,
} from '@bench/provisioning';
import { type Claim, parseClaim } from './claim.ts';
import { CLAIM, LOOK, RELEASE } from './scripts.ts';
import type { ByoHost, ByoSettings } from './settings.ts';

const NAME = 'byo';
/** A script waits at most 10 s for the claims' lock; a look may be tried again. */
const SCRIPT_MS = { look: 15_000, change: 60_000 };
const SOMEBODYS = 9;

/** The provider: an offer a host, a machine a claim. */
export function byoProvider(settings: ByoSettings, context: ProviderContext): Provider {
  const hosts = new Map(settings.hosts.map((host) => [idOf(host), host]));
  const opened = new Map<string, Promise<Host>>();

  const open = (host: ByoHost): Promise<Host> => {
    const id = idOf(host);
    const known = opened.get(id);
    if (known) return known;
    const connect = hostConnector({ io: () => context, ...(host.key === undefined ? {} : { identities: [host.key] }) });
    const connection = connect(`ssh:${id}`);
    opened.set(id, connection);
    connection.catch(() => opened.delete(id));
    return connection;
  };

  /** Runs a constant script on a host. @throws BenchError of kind `transient` when the host does not answer. */
  const run = async (o: { host: ByoHost; op: string; script: string; args: readonly string[]; signal?: AbortSignal | undefined }) => {
    const signal = o.signal;
    signal?.throwIfAborted();
    await context.pace(o.op, signal);
    try {
      const machine = await open(o.host);
      return await machine.exec(
        { script: o.script, args: [settings.claims, ...o.args] },
        { signal, timeoutMs: o.script === LOOK ? SCRIPT_MS.look : SCRIPT_MS.change, repeatable: o.op !== 'create' },
      );
    } catch (cause) {
      if (signal?.aborted) throw cause;
      const auth = BenchError.is(cause) && /AUTH/.test(cause.code);
      throw providerError({
        // A claim may have been made before the connection was lost.
        kind: auth ? 'auth' : o.op === 'create' ? 'unknown-outcome' : 'transient',
        provider: NAME,
        op: o.op,
        message: `${idOf(o.host)} cannot be used: ${context.redact(messageOf(cause))}`,
        hint: BenchError.is(cause) ? cause.hint : undefined,
        scope: 'offer',
        cause,
      });
    }
  };

  const look = async (host: ByoHost, op: string, signal?: AbortSignal): Promise<Claim | null> => {
    const { code, stdout, stderr } = await run({ host, op, script: LOOK, args: [], signal });
    if (code !== 0) throw unfit(host, op, stderr);
    return parseClaim(stdout);
  };

  /** Every claim on hosts that answer, and why the others do not: what they have nobody knows. */
  const claims = async (op: string, signal?: AbortSignal) => {
    const found: { host: ByoHost; claim: Claim }[] = [];
    const failures: BenchError[] = [];
    await Promise.all(
      settings.hosts.map(async (host) => {
        try {
          const claim = await look(host, op, signal);
          if (claim !== null) found.push({ host, claim });
        } catch (error) {
          if (!BenchError.is(error) || signal?.aborted) throw error;
          failures.push(error);
        }
      }),
    );
    return { found, failures };
  };

  return {
    async check(options = {}) {
      const items = settings.hosts.map(async (host) => {
        try {
          const claim = await look(host, 'observe', options.signal);
          const text = claim === null ? 'free' : `claimed by ${claim.name} until ${claim.expires}`;
          return { name: `host ${idOf(host)}`, state: 'ok' as const, text };
        } catch (error) {
          if (!BenchError.is(error)) throw error;
          return {
            name: `host ${idOf(host)}`,
            state: 'failed' as const,
            text: error.message,
            fix: error.hint ?? `ssh ${idOf(host)} must work`,
          };
        }
      });
      return { items: await Promise.all(items) };
    },
    async *offers(query, options = {}) {
      options.signal?.throwIfAborted();
      for (const host of settings.hosts) if (fits(host, query)) yield offerOf(host, context);
    },
    plan: (spec) => [
      {
        kind: 'command',
        description: `claim ${spec.offer.id} as ${spec.name} until ${spec.expiresAt}; sh runs a constant script there`,
        argv: ['ssh', spec.offer.id, 'sh', '-s', '--', ...claimArguments(settings, spec)],
      },
    ],
    async create(spec, options) {
      const host = hosts.get(spec.offer.id);
      if (!host)
        throw providerError({
          kind: 'request',
          provider: NAME,
          op: 'create',
          message: `there is no host ${spec.offer.id} in the settings`,
        });
      const [, ...args] = claimArguments(settings, spec);
      const { code, stdout, stderr } = await run({ host, op: 'create', script: CLAIM, args, signal: options.signal });
      const claim = parseClaim(stdout);
      if (code === SOMEBODYS && claim)
        throw providerError({
          kind: 'capacity',
          provider: NAME,
          op: 'create',
          message: `${idOf(host)} is claimed by ${claim.name} until ${claim.expires}`,
        });
      if (code !== 0 || claim === null) throw unfit(host, 'create', stderr);
      return machineOf(host, claim);
    },
    async observe(refs, options = {}) {
      const answers = new Map<string, Machine | null>();
      await Promise.all(
        refs.map(async (ref) => {
          const host = hosts.get(targetOf(ref));
          if (!host) return;
          try {
            const claim = await look(host, 'observe', options.signal);
            answers.set(ref.id, claim?.name === ref.name ? machineOf(host, claim) : null);
          } catch (error) {
            // Left out of the answer: it could not be looked at.
            if (!BenchError.is(error)) throw error;
            context.logger.log('debug', error.message);
          }
        }),
      );
      return answers;
    },
    async find(name, options = {}) {
      const { found, failures } = await claims('find', options.signal);
      const own = found.find(({ claim }) => claim.name === name);
      if (own) return machineOf(own.host, own.claim);
      for (const failure of failures) throw failure;
      return null;
    },
    async terminate(ref, options = {}) {
      const host = hosts.get(targetOf(ref));
      if (!host)
        throw providerError({
          kind: 'request',
          provider: NAME,
          op: 'terminate',
          message: `${targetOf(ref)} stands no more in the settings`,
          hint: 'put it back, so that its claim can be released',
        });
      const { code, stderr } = await run({ host, op: 'terminate', script: RELEASE, args: [ref.name], signal: options.signal });
      if (code !== 0) throw unfit(host, 'terminate', stderr);
      return 'gone';
    },
    async *owned(filter, options = {}) {
      const { found, failures } = await claims('owned', options.signal);
      for (const { host, claim } of found)
        if ((filter.owner ?? claim.owner) === claim.owner && (filter.run ?? claim.run) === claim.run) yield machineOf(host, claim);
      for (const failure of failures) throw failure;
    },
    async close() {
      const all = [...opened.values()];
      opened.clear();
      for (const connection of await Promise.allSettled(all)) if (connection.status === 'fulfilled') await connection.value.close();
    },
  };
}

/** What ssh takes; also the id of the offer. */
export const idOf = (host: ByoHost) => `${host.user}@${host.host}:${host.port}`;
const targetOf = (ref: MachineRef) => ref.id.slice(0, ref.id.lastIndexOf('/'));

function claimArguments(settings: ByoSettings, spec: MachineSpec): string[] {
  return [
    settings.claims,
    spec.name,
    spec.owner,
    spec.run,
    String(Math.ceil(spec.maxLifetimeS)),
    spec.expiresAt,
    spec.sshPublicKeys.join('\n'),
  ];
}

function fits(host: ByoHost, query: OfferQuery): boolean {
  if (query.workload !== 'vm' || !query.markets.includes('on-demand')) return false;
  if (query.regions.length > 0 && !query.regions.includes(host.place)) return false;
  if (query.count !== null && query.count !== (host.gpu === undefined ? 0 : host.count)) return false;
  const model = host.gpu === undefined ? undefined : findGpu(host.gpu);
  return query.gpu === null || (model !== undefined && [model.id, model.family].includes(query.gpu));
}

function offerOf(host: ByoHost, context: ProviderContext): Offer {
  const model = host.gpu === undefined ? undefined : findGpu(host.gpu);
  return {
    id: idOf(host),
    provider: NAME,
    instanceType: host.host,
    region: host.place,
    zone: null,
    country: null,
    gpu:
      host.gpu === undefined
        ? null
        : {
            id: model?.id ?? null,
            name: host.gpu,
            vendor: model?.vendor ?? 'nvidia',
            count: host.count,
            memoryGb: host.memory_gb ?? model?.memoryGb ?? 0,
            formFactor: model?.formFactor ?? null,
          },
    cpus: null,
    memoryGb: null,
    diskGb: null,
    priceUsdPerHour: host.price ?? null,
    storageUsdPerGbMonth: null,
    egressUsdPerGb: null,
    priceSource: { kind: 'user', name: 'settings', at: new Date(context.now()).toISOString() },
    market: 'on-demand',
    availability: 'unknown',
    workloads: ['vm'],
    reliability: null,
    verified: null,
    downMbps: null,
    upMbps: null,
    cudaVersion: null,
    driverVersion: null,
    publicIp: 'direct',
    rentableUntil: null,
    data: null,
  };
}

function machineOf(host: ByoHost, claim: Claim): Machine {
  return {
    ref: { provider: NAME, id: `${idOf(host)}/${claim.name}`, name: claim.name, region: host.place, zone: null },
    state: 'running',
    rawState: 'claimed',
    stateReason: null,
    connection: { host: host.host, port: host.port, user: host.user },
    published: [],
    priceUsdPerHour: host.price ?? null,
    priceSource: null,
    createdAt: claim.created,
    preempted: false,
    failure: null,
    owner: claim.owner,
    run: claim.run,
    expiresAt: claim.expires,
    market: 'on-demand',
    workload: 'vm',
  };
}

function unfit(host: ByoHost, op: string, stderr: string): BenchError {
  return providerError({
    kind: 'failed',
    provider: NAME,
    op,
    message: `${idOf(host)} could not do it: ${stderr.trim().split('\n').at(-1) ?? ''}`,
    hint: 'the host needs sh, flock (util-linux) and a folder for claims that may be written',
  });
}
