import { messageOf, type RenderedStep } from '@bench/core';
import { providerError } from '../contract/error.ts';
import type { Machine, MachineRef, MachineSpec } from '../contract/machine.ts';
import { parseMachineName, OWNER_IN_NAME } from '../contract/name.ts';
import type { CallOptions, Provider, ProviderContext } from '../contract/provider.ts';
import { remembered } from '../core/remembered.ts';
import { maskSecrets } from '../core/secrets.ts';
import { type Api, cloudriftApi } from './api.ts';
import { checkAccount, userOf } from './check.ts';
import { PROVIDER } from './explain.ts';
import { chooseImage, type Driver } from './images.ts';
import { toOffers } from './offers.ts';
import { isOver, LIVE_STATUSES, passwordsOf, readInstance } from './read-instance.ts';
import { offerDataOf, plannedDataOf, rentData } from './rent-data.ts';
import type { CloudriftSettings } from './settings.ts';
import {
  anythingSchema,
  instancesSchema,
  instanceTypesSchema,
  recipesSchema,
  rentedSchema,
  terminatedSchema,
  type WireInstance,
  type WireRecipes,
} from './wire.ts';

/** A rented instance may be invisible for a moment. */
export const VISIBLE_WITHIN_MS = 20_000;
/** Ids in one look. */
const AT_ONCE = 200;
/** Without the flags an answer has no address, no ports and no price. */
const MASK = { with_connection_info: true, with_usage_info: true };

export function openCloudrift(o: {
  context: ProviderContext;
  settings: CloudriftSettings;
  apiKey: { key: string; from: string };
  baseUrl: string;
}): Provider {
  const { context, settings } = o;
  const { team_id: teamId } = settings;
  const api = cloudriftApi({ context, baseUrl: o.baseUrl, apiKey: o.apiKey.key, keyFrom: o.apiKey.from, version: settings.api_version });
  const regions = new Map<string, string>();
  /** When instances that were never seen yet were rented here, on the monotonic clock. */
  const unseen = new Map<string, number>();
  /** Seen nowhere, it may only be too new for that. */
  const tooNew = (id: string): boolean => context.monotonic() - (unseen.get(id) ?? -Infinity) < VISIBLE_WITHIN_MS;
  const recipes = recipesOf(api, context);
  const user = remembered((signal: AbortSignal | undefined) => userOf(api, signal));

  const machineOf = (instance: WireInstance, region: string | null = null): Machine => {
    for (const password of passwordsOf(instance)) context.secrets.mask(password);
    if (region !== null) regions.set(instance.id, region);
    return readInstance(instance, { at: iso(context), region: region ?? regions.get(instance.id) ?? null });
  };
  const list = async (selector: Record<string, unknown>, { signal }: CallOptions): Promise<WireInstance[]> => {
    const data = { selector, mask: MASK };
    const { instances } = await api.call({ kind: 'list', path: 'instances/list', data, answer: instancesSchema, repeatable: true, signal });
    for (const { id } of instances) unseen.delete(id);
    return instances;
  };
  const byId = async (ids: readonly string[], options: CallOptions): Promise<WireInstance[]> => {
    const found: WireInstance[] = [];
    for (let at = 0; at < ids.length; at += AT_ONCE) found.push(...(await list({ ById: ids.slice(at, at + AT_ONCE) }, options)));
    return found;
  };
  const byStatus = (statuses: readonly string[], options: CallOptions): Promise<WireInstance[]> =>
    list({ ByStatus: { statuses, ...(teamId === undefined ? {} : { scope: { Teams: [teamId] } }) } }, options);
  const act = async (what: 'start' | 'stop' | 'reset', ref: MachineRef, { signal }: CallOptions = {}): Promise<void> => {
    const data = { selector: { ById: [ref.id] } };
    await api.call({ kind: 'manage', path: `instances/${what}`, data, answer: anythingSchema, repeatable: true, signal });
  };

  return {
    check: (options) => checkAccount(api, o.apiKey.from, options),

    // A team pays for its machines, whoever of it rents them.
    account: (options) => (teamId === undefined ? user(options?.signal) : Promise.resolve(`team ${teamId}`)),

    async *offers(query, { signal } = {}) {
      if (query.workload !== 'vm' || !query.markets.includes('on-demand')) return;
      const data = { selector: { ByServiceAndLocation: { services: ['vm'] } } };
      const answer = instanceTypesSchema;
      const types = api.call({ kind: 'offers', path: 'instance-types/list', data, answer, repeatable: true, signal });
      const [{ instance_types: found }, known] = await Promise.all([types, recipes(signal)]);
      // In the offer, so that what `plan` shows of it is what `create` will send.
      const imageFor = (driver: Driver) => chooseImage({ driver, settings, recipes: known });
      yield* toOffers(found, { query, at: iso(context), apiVersion: api.version(), imageFor });
    },

    plan: (spec) => planOf({ api, spec, teamId }),

    create: async (spec, { signal }) => {
      const offer = offerDataOf(spec);
      const { datacenter, api_version: version } = offer;
      const data = rentData(spec, { offer, teamId });
      const call = { kind: 'rent', path: 'instances/rent', data, answer: rentedSchema, repeatable: false, version, signal };
      const [id] = (await api.call(call)).instance_ids;
      if (id === undefined) {
        throw providerError({
          kind: 'capacity',
          provider: PROVIDER,
          op: 'rent',
          message: `no ${spec.offer.instanceType} is free in ${datacenter}`,
        });
      }
      unseen.set(id, context.monotonic());
      return machineOf({ id, status: 'Initializing', instance_name: spec.name, created_at: iso(context) }, datacenter);
    },

    observe: async (refs, options = {}) => {
      for (const { id, region } of refs) if (region !== null) regions.set(id, region);
      const found =
        refs.length === 0
          ? []
          : await byId(
              refs.map(({ id }) => id),
              options,
            );
      const shown = new Map(found.map((instance) => [instance.id, instance]));
      return new Map(
        refs.flatMap(({ id }): [string, Machine | null][] => {
          const instance = shown.get(id);
          if (instance === undefined) return tooNew(id) ? [] : [[id, null]];
          return [[id, isOver(instance.status) ? null : machineOf(instance)]];
        }),
      );
    },

    find: async (name, options = {}) => {
      const named = (await byStatus([...LIVE_STATUSES, 'Deactivating'], options)).filter((instance) => instance.instance_name === name);
      // One that is being ended counts only when there is no other.
      const [first] = named.toSorted((a, b) => Number(isOver(a.status)) - Number(isOver(b.status)));
      return first === undefined ? null : machineOf(first);
    },

    terminate: async (ref, options = {}) => {
      const data = { selector: { ById: [ref.id] } };
      const call = {
        kind: 'terminate',
        path: 'instances/terminate',
        data,
        answer: terminatedSchema,
        repeatable: true,
        signal: options.signal,
      };
      const answer = await api.call(call);
      const acted = (answer?.terminated ?? []).length > 0;
      const [instance] = await byId([ref.id], options);
      if (instance !== undefined) return isOver(instance.status) ? 'gone' : acted ? 'accepted' : 'still-there';
      return acted || !tooNew(ref.id) ? 'gone' : 'still-there';
    },

    async *owned({ owner, run }, options = {}) {
      for (const instance of await byStatus(LIVE_STATUSES, options)) {
        const name = parseMachineName(instance.instance_name ?? '');
        if (name === null || (run !== undefined && name.run !== run)) continue;
        if (owner !== undefined && name.owner6 !== owner.slice(0, OWNER_IN_NAME)) continue;
        yield machineOf(instance);
      }
    },

    start: (ref, options) => act('start', ref, options),
    stop: (ref, options) => act('stop', ref, options),
    reboot: (ref, options) => act('reset', ref, options),
    close: () => Promise.resolve(),
  };
}

const iso = (context: ProviderContext): string => new Date(context.now()).toISOString();

/** Asked for once: they seldom change. Null: they could not be had, and a machine can be rented without. */
function recipesOf(api: Api, context: ProviderContext): (signal?: AbortSignal) => Promise<WireRecipes | null> {
  let known: WireRecipes | null = null;
  return async (signal) => {
    if (known !== null) return known;
    try {
      known = await api.call({ kind: 'recipes', path: 'recipes/list', data: {}, answer: recipesSchema, repeatable: true, signal });
    } catch (error) {
      signal?.throwIfAborted();
      context.logger.log('debug', 'CloudRift does not tell its images: the usual ones are taken', { reason: messageOf(error) });
    }
    return known;
  };
}

function planOf(o: { api: Api; spec: MachineSpec; teamId: string | undefined }): RenderedStep[] {
  const { api, spec, teamId } = o;
  const offer = plannedDataOf(spec, { version: api.version() });
  return [
    {
      kind: 'http',
      description: `rent ${spec.offer.instanceType} in ${spec.offer.region} as ${spec.name}`,
      method: 'POST',
      url: api.url('instances/rent'),
      body: maskSecrets({ version: offer.api_version, data: rentData(spec, { offer, teamId }) }, spec.secrets),
    },
  ];
}
