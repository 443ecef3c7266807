import { providerError } from '../contract/error.ts';
import type { Machine, MachineRef } from '../contract/machine.ts';
import type { CallOptions, ProviderContext } from '../contract/provider.ts';
import { LABELS } from '../contract/name.ts';
import { type Api, pages } from './api.ts';
import { machineOf, machineOfOperations, mayBePreempted, PREEMPTED } from './machine.ts';
import { pathOf, type Place, placeOf, projectPath, zonePath } from './refs.ts';
import type { GcpSettings } from './settings.ts';
import { aggregatedSchema, type GcpInstance, type GcpOperation, instanceSchema, lastPart, listSchema, operationSchema } from './wire.ts';

const instancesPage = aggregatedSchema('instances', instanceSchema);
const operationsPage = aggregatedSchema('operations', operationSchema);
const operationsList = listSchema(operationSchema);
const MANAGED = `labels.${LABELS.managed}=true`;

export interface Lookout {
  observe(refs: readonly MachineRef[], options: CallOptions): Promise<Map<string, Machine | null>>;
  find(name: string, options: CallOptions): Promise<Machine | null>;
  owned(filter: { owner?: string; run?: string }, options: CallOptions): AsyncIterable<Machine>;
  /** Every operation on one machine that is still known, also after it is gone. */
  operationsOn(place: Place, options: CallOptions): Promise<GcpOperation[]>;
}

/** Looks at machines. `insertOf`: name of the operation that made one, when this process did. */
export function lookout(o: {
  api: Api;
  context: ProviderContext;
  settings: GcpSettings;
  project: string;
  insertOf: (id: string) => string | undefined;
}): Lookout {
  const { api, context, settings } = o;
  const seen = (instance: GcpInstance, project: string, preempted: boolean): Machine =>
    machineOf({ instance, project, settings, now: new Date(context.now()).toISOString(), preempted });

  /** All instances that fit, and the zones that could not be asked: what is there is not known, and must never be taken for gone. */
  async function list(project: string, filter: string, { signal }: CallOptions) {
    const instances: GcpInstance[] = [];
    const silent = new Set<string>();
    await pages({
      api,
      call: {
        kind: 'list',
        path: `${projectPath(project)}/aggregated/instances`,
        query: { filter, maxResults: '500', returnPartialSuccess: 'true' },
        answer: instancesPage,
        signal,
      },
      take: (page) => {
        for (const [scope, found] of Object.entries(page.items ?? {})) {
          instances.push(...((found.instances as GcpInstance[] | undefined) ?? []));
          const code = (found.warning as { code?: string } | undefined)?.code;
          if (code !== undefined && code !== 'NO_RESULTS_ON_PAGE') silent.add(lastPart(scope));
        }
        for (const scope of page.unreachables ?? []) silent.add(lastPart(scope));
      },
    });
    return { instances, silent };
  }

  async function operationsOn(place: Place, { signal }: CallOptions): Promise<GcpOperation[]> {
    const found: GcpOperation[] = [];
    await pages({
      api,
      call: {
        kind: 'list',
        path: `${zonePath(place)}/operations`,
        query: { filter: `targetLink eq '.*/instances/${place.name}'`, maxResults: '500' },
        answer: operationsList,
        signal,
      },
      take: (page) => found.push(...(page.items ?? [])),
    });
    const made = o.insertOf(`projects/${place.project}/zones/${place.zone}/instances/${place.name}`);
    if (made !== undefined && !found.some((operation) => operation.name === made)) {
      const path = `${zonePath(place)}/operations/${encodeURIComponent(made)}`;
      const operation = await api.get({ kind: 'get', path, answer: operationSchema, signal });
      if (operation !== null) found.push({ ...operation, operationType: operation.operationType ?? 'insert' });
    }
    return found;
  }

  const wasPreempted = async (place: Place, options: CallOptions): Promise<boolean> =>
    (await operationsOn(place, options)).some((operation) => operation.operationType === PREEMPTED);

  const withProof = async (instance: GcpInstance, place: Place, options: CallOptions): Promise<Machine> =>
    seen(instance, place.project, mayBePreempted(instance) && (await wasPreempted(place, options)));

  /** One that the list does not have: lists lag, so it is asked for itself, and then its operations. */
  async function lookAlone(place: Place, options: CallOptions): Promise<Machine | null> {
    const instance = await api.get({ kind: 'get', path: pathOf(place), answer: instanceSchema, signal: options.signal });
    if (instance !== null) return withProof(instance, place, options);
    return machineOfOperations(place, await operationsOn(place, options));
  }

  const unreachable = (zones: Iterable<string>): Error =>
    providerError({
      kind: 'transient',
      provider: 'gcp',
      op: 'list',
      message: `zones that did not answer may hold machines: ${[...zones].sort().join(', ')}`,
      hint: 'try again later; https://status.cloud.google.com tells what is down',
    });

  return {
    operationsOn,

    async observe(refs, options) {
      const out = new Map<string, Machine | null>();
      const places = refs.flatMap((ref) => {
        const place = placeOf(ref);
        return place === null ? [] : [{ id: ref.id, place }];
      });
      for (const project of new Set(places.map(({ place }) => place.project))) {
        const { instances, silent } = await list(project, MANAGED, options);
        const listed = new Map(instances.map((i) => [`${lastPart(i.zone)}/${i.name}`, i]));
        for (const { id, place } of places.filter((p) => p.place.project === project)) {
          const instance = listed.get(`${place.zone}/${place.name}`);
          if (instance !== undefined) out.set(id, await withProof(instance, place, options));
          else if (!silent.has(place.zone)) out.set(id, await lookAlone(place, options));
        }
      }
      return out;
    },

    async find(name, options) {
      const { instances, silent } = await list(o.project, `name=${name}`, options);
      const [instance] = instances;
      if (instance !== undefined)
        return withProof(instance, { project: o.project, zone: lastPart(instance.zone), name: instance.name }, options);
      if (silent.size > 0) throw unreachable(silent);
      // Its insert may be under way, and nothing to be seen of it yet.
      let making: GcpOperation | undefined;
      await pages({
        api,
        call: {
          kind: 'list',
          path: `${projectPath(o.project)}/aggregated/operations`,
          query: { filter: `targetLink eq '.*/instances/${name}'`, maxResults: '500', returnPartialSuccess: 'true' },
          answer: operationsPage,
          signal: options.signal,
        },
        take: (page) => {
          const found = Object.values(page.items ?? {}).flatMap((scope) => (scope.operations as GcpOperation[] | undefined) ?? []);
          making ??= found.find((operation) => operation.operationType === 'insert' && operation.status !== 'DONE');
        },
      });
      const zone = /\/zones\/([^/]+)\/instances\//.exec(making?.targetLink ?? '')?.[1];
      return making === undefined || zone === undefined ? null : machineOfOperations({ project: o.project, zone, name }, [making]);
    },

    async *owned(filter, options) {
      const terms = [
        MANAGED,
        ...(filter.owner === undefined ? [] : [`labels.${LABELS.owner}=${filter.owner}`]),
        ...(filter.run === undefined ? [] : [`labels.${LABELS.run}=${filter.run}`]),
      ];
      const { instances, silent } = await list(o.project, terms.map((term) => `(${term})`).join(' '), options);
      for (const instance of instances) yield seen(instance, o.project, false);
      if (silent.size > 0) throw unreachable(silent);
    },
  };
}
