import { providerError, providerErrorKind, type ProviderErrorKind } from '../contract/error.ts';
import type { Machine, MachineRef, MachineSpec } from '../contract/machine.ts';
import type { CallOptions, Provider, ProviderContext } from '../contract/provider.ts';
import { apiOf } from './api.ts';
import { checkGcp } from './check.ts';
import { insertBody, plannedBody } from './insert-body.ts';
import { lookout } from './look.ts';
import { bare, failureOf } from './machine.ts';
import { offersOf } from './offers.ts';
import { pathOf, type Place, placeOf, zonePath } from './refs.ts';
import type { GcpSettings } from './settings.ts';
import type { Tokens } from './token.ts';
import { randomUuid, uuidOf } from './uuid.ts';
import { type GcpOperation, lastPart, operationSchema, serialPortSchema } from './wire.ts';

/** After these, nothing was made. */
const CERTAIN: ReadonlySet<ProviderErrorKind> = new Set(['capacity', 'quota', 'auth', 'balance', 'request', 'rate-limit', 'unsupported']);
const INSERT_TRIES = 3;

/** An open project of Compute Engine. */
export function gcpProvider(o: { settings: GcpSettings; project: string; tokens: Tokens; context: ProviderContext }): Provider {
  const { settings, project, tokens, context } = o;
  const api = apiOf({ baseUrl: settings.base_url, context, tokens });
  /** By id of a machine, the operation that made it. */
  const inserts = new Map<string, string>();
  /** Machines that a terminate found to be gone: what their operations tell is of no more use. */
  const ended = new Set<string>();
  const look = lookout({ api, context, settings, project, insertOf: (id) => inserts.get(id) });

  const placeIn = (ref: MachineRef, op: string): Place => {
    const place = placeOf(ref);
    if (place !== null) return place;
    throw providerError({ kind: 'request', provider: 'gcp', op, message: `"${ref.id}" is not the id of a machine of Compute Engine` });
  };
  const insertQuery = (spec: MachineSpec) => ({ requestId: uuidOf(spec.name) });
  const insertPath = (spec: MachineSpec) => `${zonePath({ project, zone: spec.offer.zone ?? '' })}/instances`;

  /**
   * Sends an insert until it is answered. Its request id makes Google take a second one for the first; each is sent as if it could not be
   * repeated all the same, so that an answer that says "refused" after one that was lost is not taken for "nothing was made".
   */
  async function insert(spec: MachineSpec, signal: AbortSignal | undefined): Promise<GcpOperation> {
    const body = insertBody(spec, settings, project);
    let lost: unknown;
    for (let tries = 1; ; tries++) {
      try {
        return await api.call({
          kind: 'create',
          method: 'POST',
          path: insertPath(spec),
          query: insertQuery(spec),
          body,
          repeatable: false,
          answer: operationSchema,
          signal,
        });
      } catch (error) {
        const kind = providerErrorKind(error);
        if (kind === 'unknown-outcome' && tries < INSERT_TRIES && signal?.aborted !== true) lost = error;
        else if (lost === undefined || kind === 'unknown-outcome') throw error;
        else throw unknownOutcome(error);
      }
    }
  }

  const unknownOutcome = (cause: unknown) =>
    providerError({ kind: 'unknown-outcome', provider: 'gcp', op: 'create', message: 'nobody knows whether the machine was made', cause });

  /** The name is taken: by the machine of an earlier insert, or by somebody else's. */
  async function taken(spec: MachineSpec, error: unknown, options: CallOptions): Promise<Machine> {
    const there = await look.find(spec.name, options).catch((cause: unknown) => {
      throw unknownOutcome(cause);
    });
    if (there !== null && there.owner === spec.owner && there.run === spec.run && there.ref.zone === spec.offer.zone) return there;
    throw error;
  }

  async function act(ref: MachineRef, verb: 'start' | 'stop' | 'reset', options: CallOptions): Promise<void> {
    const operation = await api.call({
      kind: 'change',
      method: 'POST',
      path: `${pathOf(placeIn(ref, verb))}/${verb}`,
      // Local SSDs lose their content at a stop; without consent Google refuses it.
      query: { requestId: randomUuid(() => context.random()), ...(verb === 'stop' ? { discardLocalSsd: 'true' } : {}) },
      repeatable: true,
      answer: operationSchema,
      signal: options.signal,
    });
    const failure = failureOf(operation);
    if (failure !== null)
      throw providerError({
        kind: failure.kind ?? 'failed',
        scope: failure.scope,
        hint: failure.hint,
        provider: 'gcp',
        op: verb,
        message: `cannot ${verb} ${ref.name}`,
        providerMessage: `${failure.code}: ${failure.message}`,
      });
  }

  return {
    check: (options = {}) => checkGcp({ api, tokens, settings, project }, options),
    account: () => Promise.resolve(project),
    offers: (query, options = {}) => offersOf({ api, context, settings, project }, query, options),

    plan: (spec) => [
      {
        kind: 'http',
        description: `make ${spec.name} (${spec.offer.instanceType}, ${spec.market}) in ${spec.offer.zone ?? spec.offer.region}`,
        method: 'POST',
        url: api.url(insertPath(spec), insertQuery(spec)),
        body: plannedBody(spec, settings, project),
      },
    ],

    async create(spec, options) {
      options.signal?.throwIfAborted();
      let operation: GcpOperation;
      try {
        operation = await insert(spec, options.signal);
      } catch (error) {
        const status = (error as { details?: { httpStatus?: unknown } }).details?.httpStatus;
        if (status === 409) return taken(spec, error, options);
        const kind = providerErrorKind(error);
        if (kind === 'unknown-outcome' || (kind !== null && CERTAIN.has(kind))) throw error;
        throw unknownOutcome(error);
      }
      const place: Place = { project, zone: spec.offer.zone ?? lastPart(operation.zone ?? ''), name: spec.name };
      const failure = operation.status === 'DONE' ? failureOf(operation) : null;
      if (failure !== null)
        throw providerError({
          kind: failure.kind ?? 'failed',
          scope: failure.scope,
          hint: failure.hint,
          provider: 'gcp',
          op: 'create',
          message: `${spec.name} was not made`,
          providerMessage: `${failure.code}: ${failure.message}`,
          requestId: operation.name,
        });
      const machine: Machine = {
        ...bare(place),
        state: spec.market === 'flex' ? 'pending' : 'provisioning',
        rawState: `insert ${operation.status}`,
        priceUsdPerHour: spec.offer.priceUsdPerHour,
        priceSource: spec.offer.priceUsdPerHour === null ? null : spec.offer.priceSource,
        owner: spec.owner,
        run: spec.run,
        expiresAt: spec.expiresAt,
        market: spec.market,
      };
      inserts.set(machine.ref.id, operation.name);
      return machine;
    },

    async observe(refs, options = {}) {
      const seen = await look.observe(refs, options);
      const over = (machine: Machine | null): boolean => machine?.state === 'failed' || machine?.state === 'terminated';
      for (const [id, machine] of seen) if (ended.has(id) && over(machine)) seen.set(id, null);
      return seen;
    },
    find: (name, options = {}) => look.find(name, options),
    owned: (filter, options = {}) => look.owned(filter, options),

    async terminate(ref, options = {}) {
      const place = placeIn(ref, 'terminate');
      let operation: GcpOperation | null;
      try {
        operation = await api.get({
          kind: 'terminate',
          method: 'DELETE',
          path: pathOf(place),
          // A new id each time: with the id of a delete that failed, Google would only tell of that failure again.
          query: { requestId: randomUuid(() => context.random()) },
          repeatable: true,
          answer: operationSchema,
          signal: options.signal,
        });
      } catch (error) {
        const status = (error as { details?: { httpStatus?: unknown } }).details?.httpStatus;
        // It is being made, changed or deleted at this moment, or protected.
        if (status === 400 || status === 409 || status === 412) return 'still-there';
        throw error;
      }
      if (operation !== null) return 'accepted';
      // An insert that is under way may yet bring it into being.
      const operations = await look.operationsOn(place, options);
      if (operations.some((one) => one.operationType === 'insert' && one.status !== 'DONE')) return 'still-there';
      inserts.delete(ref.id);
      ended.add(ref.id);
      return 'gone';
    },

    async *logs(ref, options = {}) {
      const path = `${pathOf(placeIn(ref, 'logs'))}/serialPort`;
      let start = '0';
      let rest = '';
      for (;;) {
        const query = { port: '1', start };
        const answer = await api.get({ kind: 'get', path, query, answer: serialPortSchema, signal: options.signal });
        const lines = (rest + (answer?.contents ?? '')).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) yield line.replace(/\r$/, '');
        if (answer?.next === undefined || answer.next === start || (answer.contents ?? '') === '') break;
        start = answer.next;
      }
      if (rest !== '') yield rest;
    },
    start: (ref, options = {}) => act(ref, 'start', options),
    stop: (ref, options = {}) => act(ref, 'stop', options),
    reboot: (ref, options = {}) => act(ref, 'reset', options),
    close: () => Promise.resolve(),
  };
}
