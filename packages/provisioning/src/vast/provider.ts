import { messageOf } from '@bench/core';
import { z } from 'zod';
import { providerError } from '../contract/error.ts';
import type { Machine, MachineRef, MachineSpec } from '../contract/machine.ts';
import { OWNER_IN_NAME } from '../contract/name.ts';
import type { CallOptions, CheckReport, Provider, ProviderContext } from '../contract/provider.ts';
import { remembered } from '../core/remembered.ts';
import { maskSecrets } from '../core/secrets.ts';
import { type Api, openApi } from './api.ts';
import { accountId, checkAccount } from './check.ts';
import { createRequest, plannedRequest } from './create-body.ts';
import { explain, PROVIDER, readFault } from './explain.ts';
import { hasEnded, type Instance, isVm, toMachine } from './instance.ts';
import { listInstances, read, showInstance } from './instances.ts';
import { instanceLog } from './logs.ts';
import { askSchema, isThere, searchBody, toOffer } from './offers.ts';
import type { VastSettings } from './settings.ts';
import { accountKeys, type AccountKeys } from './ssh-keys.ts';

const offersSchema = z.object({ offers: z.array(z.unknown()) });
const createdSchema = z.object({
  success: z.boolean().nullish(),
  new_contract: z.union([z.int(), z.string()]),
  instance_api_key: z.string().nullish(),
});

/** Lines of a log that tell why its container ended. */
const LAST_LINES = 5;
/** It looks for the machine before it answers. */
const CREATE_TIMEOUT_MS = 60_000;

/** What is known of instances that were made here, and cannot be asked for again. */
interface Memory {
  /** Keys that can end their own instance and nothing else. In this process only: whoever takes a run over does without. */
  keys: Map<string, string>;
  ports: Map<string, readonly number[]>;
  stopped: Set<string>;
  /** What containers that ended wrote last. */
  lastWords: Map<string, string>;
}

/** An open account. Wire facts: docs.vast.ai/api-reference. */
export function openVast(o: {
  context: ProviderContext;
  settings: VastSettings;
  apiKey: { key: string; from: string };
  baseUrl: string;
}): Provider {
  const { context, settings } = o;
  const api = openApi({ context, baseUrl: o.baseUrl, apiKey: o.apiKey.key });
  const keys = accountKeys(api);
  const account = remembered((signal: AbortSignal | undefined) => accountId(api, signal));
  const memory: Memory = { keys: new Map(), ports: new Map(), stopped: new Set(), lastWords: new Map() };
  const machineOf = (instance: Instance): Machine =>
    toMachine(instance, {
      ports: memory.ports.get(instance.id),
      stopped: memory.stopped.has(instance.id),
      lastWords: memory.lastWords.get(instance.id),
      nowMs: context.now(),
    });
  /** Of a container that ended, why is only in its log. */
  const hear = async (instance: Instance, signal: AbortSignal | undefined) => {
    const { id } = instance;
    if (isVm(instance) || !hasEnded(instance) || memory.stopped.has(id) || memory.lastWords.has(id)) return;
    const lines: string[] = [];
    try {
      for await (const line of instanceLog(api, context, id, signal)) if (line.trim() !== '') lines.push(line.trim().slice(0, 300));
      memory.lastWords.set(id, lines.slice(-LAST_LINES).join(' | '));
    } catch (error) {
      signal?.throwIfAborted();
      context.logger.log('debug', `the log of ${id}: ${messageOf(error)}`);
    }
  };
  const manage = async (ref: MachineRef, state: 'running' | 'stopped', signal: AbortSignal | undefined) => {
    const path = instancePath(ref.id);
    await api.call({ kind: 'manage', method: 'PUT', path, body: { state }, signal });
    if (state === 'stopped') memory.stopped.add(ref.id);
    else memory.stopped.delete(ref.id);
  };
  return {
    check: (options): Promise<CheckReport> => checkAccount(api, o.apiKey.from, options?.signal),
    account: (options) => account(options?.signal),
    async *offers(query, options) {
      for (const market of new Set(query.markets)) {
        const body = searchBody(query, market, settings);
        if (body === null) continue;
        const answer = await api.call({ kind: 'search', method: 'POST', path: '/api/v0/bundles/', body, signal: options?.signal });
        for (const raw of read(offersSchema, answer.json(), 'search').offers) {
          const ask = askSchema.safeParse(raw);
          // One odd offer does not spoil the others.
          if (!ask.success) continue;
          const offer = toOffer(ask.data, { market, settings, nowMs: context.now() });
          // Without a lowest bid nobody can bid.
          if (market === 'spot' && offer.priceUsdPerHour === null) continue;
          if (isThere(offer, query.regions)) yield offer;
        }
      }
    },
    plan: (spec) => {
      const { ask, body } = plannedRequest(spec);
      return [
        ...spec.sshPublicKeys.map((key) => ({
          kind: 'http' as const,
          description: 'add the SSH key to the account, unless it is there',
          method: 'POST',
          url: `${api.baseUrl}/api/v0/ssh/`,
          body: { ssh_key: key },
        })),
        {
          kind: 'http',
          description: `rent ${spec.offer.instanceType} as ${spec.name}`,
          method: 'PUT',
          url: `${api.baseUrl}/api/v0/asks/${ask}/`,
          body: maskSecrets(body, spec.secrets),
        },
      ];
    },
    create: (spec, options) => create({ api, context, memory, keys, spec, signal: options.signal }),
    observe: async (refs, options) => {
      const found = new Map<string, Instance | null>();
      if (refs.length > 1) {
        const wanted = new Set(refs.map(({ id }) => id));
        for await (const instance of listInstances(api, { signal: options?.signal })) {
          if (wanted.has(instance.id)) found.set(instance.id, instance);
        }
      }
      // A list may lag behind; that an instance is gone is believed of itself only.
      for (const { id } of refs) {
        if (!found.has(id)) found.set(id, await showInstance(api, id, options?.signal));
      }
      for (const instance of found.values()) if (instance !== null) await hear(instance, options?.signal);
      return new Map([...found].map(([id, instance]) => [id, instance === null ? null : machineOf(instance)]));
    },
    find: async (name, options) => {
      for await (const instance of listInstances(api, { label: name, signal: options?.signal })) {
        if (instance.label === name) return machineOf(instance);
      }
      return null;
    },
    terminate: (ref, options) => terminate(api, ref, options),
    async *owned(filter, options) {
      const owner = filter.owner?.slice(0, OWNER_IN_NAME);
      for await (const instance of listInstances(api, { signal: options?.signal })) {
        const machine = machineOf(instance);
        if (machine.owner === null) continue;
        if (owner !== undefined && machine.owner !== owner) continue;
        if (filter.run !== undefined && machine.run !== filter.run) continue;
        yield machine;
      }
    },
    logs: (ref, options) => instanceLog(api, context, ref.id, options?.signal),
    start: (ref, options) => manage(ref, 'running', options?.signal),
    stop: (ref, options) => manage(ref, 'stopped', options?.signal),
    reboot: async (ref, options) => {
      const path = `/api/v0/instances/reboot/${encodeURIComponent(ref.id)}/`;
      await api.call({ kind: 'manage', method: 'PUT', path, body: {}, signal: options?.signal });
    },
    selfDestruct: (ref) => {
      const key = memory.keys.get(ref.id);
      if (key === undefined) return null;
      return { method: 'DELETE', url: api.baseUrl + instancePath(ref.id), headers: { authorization: `Bearer ${key}` } };
    },
    close: () => Promise.resolve(),
  };
}

const instancePath = (id: string): string => `/api/v0/instances/${encodeURIComponent(id)}/`;

async function create(o: {
  api: Api;
  context: ProviderContext;
  memory: Memory;
  keys: AccountKeys;
  spec: MachineSpec;
  signal: AbortSignal | undefined;
}): Promise<Machine> {
  const { api, context, memory, keys, spec, signal } = o;
  const { ask, body } = createRequest(spec);
  const ref = (id: string): MachineRef => ({ provider: PROVIDER, id, name: spec.name, region: spec.offer.region, zone: spec.offer.zone });
  signal?.throwIfAborted();
  if (spec.sshPublicKeys.length > 0) await keys.ensure(spec.sshPublicKeys, signal);
  const spot = spec.market === 'spot';
  const answer = await api.call({
    kind: 'create',
    method: 'PUT',
    path: `/api/v0/asks/${ask}/`,
    body,
    repeatable: false,
    timeoutMs: CREATE_TIMEOUT_MS,
    spot,
    ref,
    signal,
  });
  const created = parseCreated(answer, { ref, spot, redact: context.redact });
  if (created.key !== null) {
    context.secrets.mask(created.key);
    memory.keys.set(created.id, created.key);
  }
  if (spec.workload.kind === 'container') memory.ports.set(created.id, spec.workload.ports);
  return {
    ref: ref(created.id),
    state: 'provisioning',
    rawState: 'null',
    stateReason: null,
    connection: null,
    published: [],
    priceUsdPerHour: spec.offer.priceUsdPerHour,
    priceSource: spec.offer.priceSource,
    createdAt: new Date(context.now()).toISOString(),
    preempted: false,
    failure: null,
    owner: spec.owner.slice(0, OWNER_IN_NAME),
    run: spec.run,
    expiresAt: null,
    market: spec.market,
    workload: spec.workload.kind,
  };
}

/** A create may fail with status 200; and what cannot be read may be a machine. */
function parseCreated(
  answer: { status: number; text: string },
  o: { ref: (id: string) => MachineRef; spot: boolean; redact: (text: string) => string },
): { id: string; key: string | null } {
  const fault = readFault(answer.text);
  const json = createdSchema.safeParse(tryJson(answer.text));
  if (json.success && json.data.success !== false) {
    return { id: String(json.data.new_contract), key: json.data.instance_api_key ?? null };
  }
  const known = explain(answer, { op: 'create', ...o });
  if (known !== undefined) throw known;
  throw providerError({
    kind: 'unknown-outcome',
    provider: PROVIDER,
    op: 'create',
    message: 'the answer to create cannot be read: an instance may have been made',
    httpStatus: answer.status,
    providerMessage: o.redact(fault.text),
  });
}

const isRefusal = (text: string): boolean => (tryJson(text) as { success?: unknown } | undefined)?.success === false;

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Only this ends what a disk costs; a stop does not. */
async function terminate(api: Api, ref: MachineRef, options: CallOptions | undefined): Promise<'gone' | 'accepted' | 'still-there'> {
  const answer = await api.call({
    kind: 'destroy',
    method: 'DELETE',
    path: instancePath(ref.id),
    body: {},
    accept: (status) => (status >= 200 && status < 300) || status === 404,
    signal: options?.signal,
  });
  const { error, text } = readFault(answer.text);
  if (answer.status === 404 || /no_such_instance/.test(`${error} ${text}`)) return 'gone';
  return isRefusal(answer.text) ? 'still-there' : 'accepted';
}
