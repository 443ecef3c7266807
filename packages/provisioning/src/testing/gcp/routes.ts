import { setTimeout as delay } from 'node:timers/promises';
import type { FakeAnswer, FakeRequest } from '../fake/exchange.ts';
import { aggregated, invalid, notFound, ok, page, refusal } from './answers.ts';
import { FAKE_METRICS, FAKE_TYPES, FAKE_ZONES, metricOf, regionOfZone } from './catalogue.ts';
import { type FakeInsert, readInsert } from './insert.ts';
import { type FakeInstance, shownInstance } from './instances.ts';
import { type FakeOperation, shownOperation } from './operations.ts';
import type { World } from './world.ts';

const ROOT = '/compute/v1/projects/';
const ZONES = Object.keys(FAKE_ZONES).sort();
const REGIONS = [...new Set(ZONES.map(regionOfZone))];
const SCOPES = [...REGIONS.map((region) => `regions/${region}`), ...ZONES.map((zone) => `zones/${zone}`)];
const WAIT_MS = 20_000;

/** Answers one request of the API. */
export async function handle(world: World, request: FakeRequest): Promise<FakeAnswer> {
  if (!request.authorized)
    return refusal(401, 'authError', 'Request had invalid authentication credentials. Expected OAuth 2 access token.', 'UNAUTHENTICATED');
  if (world.tooMany()) return refusal(403, 'rateLimitExceeded', 'Rate Limit Exceeded');
  world.tick();
  if (!request.path.startsWith(ROOT)) return notFound(request.path);
  const [project = '', ...rest] = request.path.slice(ROOT.length).split('/').map(decodeURIComponent);
  if (rest[0] === 'global' && rest[1] === 'images')
    return ok({ kind: 'compute#image', name: rest.at(-1), selfLink: `${world.base}/projects/${project}/global/images/${rest.at(-1)}` });
  if (project !== world.project) return notFound(`projects/${project}`);
  try {
    const answer = await route(world, request, rest);
    return answer ?? notFound(`projects/${project}/${rest.join('/')}`);
  } catch (error) {
    return invalid(error);
  }
}

async function route(world: World, request: FakeRequest, path: readonly string[]): Promise<FakeAnswer | null> {
  const { method } = request;
  const [area, second, third, name, verb] = path;
  if (area === undefined) return ok(shownProject(world));
  if (area === 'zones' && second === undefined)
    return ok({
      kind: 'compute#zoneList',
      ...page(
        request,
        ZONES.map((zone) => shownZone(world, zone)),
      ),
    });
  if (area === 'regions') {
    if (second === undefined)
      return ok({
        kind: 'compute#regionList',
        ...page(
          request,
          REGIONS.map((region) => shownRegion(world, region)),
        ),
      });
    return REGIONS.includes(second) ? ok(shownRegion(world, second)) : null;
  }
  if (area === 'global' && second === 'firewalls') return ok({ kind: 'compute#firewallList', ...page(request, firewalls(world)) });
  if (area === 'global' && second === 'networks')
    return ok({ kind: 'compute#network', name: third, selfLink: `${world.base}/projects/${world.project}/global/networks/${third}` });
  if (area === 'aggregated' && second !== undefined) return aggregate(world, request, second);
  if (area !== 'zones' || second === undefined || !ZONES.includes(second)) return null;
  const zone = second;
  if (third === undefined) return ok(shownZone(world, zone));
  if (third === 'machineTypes' && name !== undefined) return okOr(shownTypes(world, zone).find((t) => t.name === name));
  if (third === 'machineTypes') return ok({ kind: 'compute#machineTypeList', ...page(request, shownTypes(world, zone)) });
  if (third === 'acceleratorTypes') return ok({ kind: 'compute#acceleratorTypeList', ...page(request, shownAccelerators(world, zone)) });
  if (third === 'operations') return operations(world, request, { zone, name, verb });
  if (third !== 'instances') return null;
  if (name === undefined) {
    if (method === 'POST') return insert(world, request, zone);
    const shown = listed(world)
      .filter((i) => i.zone === zone)
      .map((i) => shownInstance(i, world));
    return ok({ kind: 'compute#instanceList', ...page(request, shown, most(world)) });
  }
  return instance(world, request, { zone, name, verb });
}

const okOr = (body: unknown): FakeAnswer | null => (body === undefined ? null : ok(body));
const most = (world: World): number => (world.wrong.is('small-pages') ? 2 : 500);
const listed = (world: World): FakeInstance[] => [...world.instances.values()].filter((i) => world.clock.now() >= i.listedAt);
const shown = (world: World, operation: FakeOperation): Record<string, unknown> =>
  shownOperation(operation, { now: world.clock.now(), base: world.base, project: world.project });

function aggregate(world: World, request: FakeRequest, key: string): FakeAnswer | null {
  const all = {
    instances: () => listed(world).map((i) => [`zones/${i.zone}`, shownInstance(i, world)] as const),
    machineTypes: () => ZONES.flatMap((zone) => shownTypes(world, zone).map((t) => [`zones/${zone}`, t] as const)),
    acceleratorTypes: () => ZONES.flatMap((zone) => shownAccelerators(world, zone).map((t) => [`zones/${zone}`, t] as const)),
    operations: () => world.operations.map((o) => [`zones/${o.zone}`, shown(world, o)] as const),
  };
  if (!Object.hasOwn(all, key)) return null;
  let silent: string | undefined;
  // Lists are counted, not their pages: one of many pages would never be whole.
  const first = !request.query.has('pageToken');
  if (key === 'instances' && world.wrong.is('unreachable-zone') && first && ++world.lists % 3 === 0) {
    const zones = [...world.instances.values()].map((i) => i.zone);
    silent = `zones/${zones[world.lists % Math.max(1, zones.length)] ?? ZONES[0]}`;
    // Without consent to a part, the whole list is refused.
    if (request.query.get('returnPartialSuccess')?.toLowerCase() !== 'true')
      return refusal(503, 'backendError', `${silent} could not be reached`);
  }
  return aggregated(request, { key, scopes: SCOPES, all: all[key as keyof typeof all](), most: most(world), silent });
}

async function operations(
  world: World,
  request: FakeRequest,
  o: { zone: string; name: string | undefined; verb: string | undefined },
): Promise<FakeAnswer | null> {
  const here = world.operations.filter((operation) => operation.zone === o.zone);
  if (o.name === undefined)
    return ok({
      kind: 'compute#operationList',
      ...page(
        request,
        here.map((operation) => shown(world, operation)),
        most(world),
      ),
    });
  const operation = here.find((one) => one.name === o.name);
  if (operation === undefined) return null;
  if (o.verb === 'wait')
    for (let waited = 0; waited < WAIT_MS && world.clock.now() < operation.doneAt; waited += 10) {
      await delay(10);
      world.tick();
    }
  return ok(shown(world, operation));
}

function insert(world: World, request: FakeRequest, zone: string): FakeAnswer {
  const id = request.query.get('requestId');
  if (id !== null && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))
    throw new Error(`Invalid value for field 'requestId': '${id}'.`);
  const before = id === null ? undefined : world.byRequest.get(id);
  if (before !== undefined) return ok(shown(world, before));
  const wanted = readInsert(request.body, zone);
  if (world.get(zone, wanted.name) !== undefined)
    return refusal(409, 'alreadyExists', `The resource 'projects/${world.project}/zones/${zone}/instances/${wanted.name}' already exists`);
  const exceeded = quotaExceeded(world, wanted);
  if (exceeded !== null) return refusal(403, 'quotaExceeded', exceeded);
  const operation = world.insert(wanted);
  if (id !== null) world.byRequest.set(id, operation);
  return ok(shown(world, operation));
}

function instance(world: World, request: FakeRequest, o: { zone: string; name: string; verb: string | undefined }): FakeAnswer | null {
  const found = world.get(o.zone, o.name);
  const { method } = request;
  if (method === 'DELETE') {
    world.terminates.push({ id: `${o.zone}/${o.name}`, name: o.name, at: world.clock.iso() });
    if (found === undefined) return null;
    const busy = () =>
      refusal(400, 'resourceNotReady', `The resource 'projects/${world.project}/zones/${o.zone}/instances/${o.name}' is not ready`);
    if (world.wrong.is('busy-delete') && !found.wasBusy) {
      found.wasBusy = true;
      return busy();
    }
    const slow = world.wrong.is('slow-delete');
    if (slow && found.next?.to === 'removed') return busy();
    return ok(shown(world, remove(world, found, slow ? 1000 : world.timeline.deleteMs)));
  }
  if (found === undefined) return null;
  if (o.verb === undefined) return ok(shownInstance(found, world));
  const operate = (operationType: string): FakeAnswer =>
    ok(shown(world, world.operate({ zone: o.zone, operationType, target: o.name, targetId: found.id, doneAt: world.clock.now() })));
  if (method === 'GET' && o.verb === 'serialPort') return serialPort(found, Number(request.query.get('start') ?? 0));
  if (method !== 'POST') return null;
  switch (o.verb) {
    case 'stop':
      if (found.status === 'RUNNING') world.stop(found, 'TERMINATED');
      return operate('stop');
    case 'start':
      if (found.status !== 'TERMINATED') throw new Error(`The instance is ${found.status}.`);
      world.begin(found);
      return operate('start');
    case 'reset':
      if (found.status !== 'RUNNING') throw new Error(`The instance is ${found.status}.`);
      found.work = found.work.then(() => found.machine?.off?.()).then(() => found.machine?.on?.());
      return operate('reset');
    case 'setLabels':
      found.labels = { ...(request.body as { labels?: Record<string, string> } | undefined)?.labels };
      return operate('setLabels');
    default:
      return null;
  }
}

/** What a delete does: an insert that is under way is called off, and everything ends a little later. */
function remove(world: World, found: FakeInstance, afterMs: number): FakeOperation {
  const doneAt = world.clock.now() + afterMs;
  found.status = 'STOPPING';
  found.next = { at: doneAt, to: 'removed' };
  if (found.insert !== null && found.insert.doneAt === Infinity) found.insert.doneAt = world.clock.now();
  return world.operate({ zone: found.zone, operationType: 'delete', target: found.name, targetId: found.id, doneAt });
}

function serialPort(found: FakeInstance, start: number): FakeAnswer {
  const all = `SeaBIOS (version 1.8.2-google)\r\n${found.name} login: \r\n`;
  const contents = all.slice(start);
  return ok({ kind: 'compute#serialPortOutput', contents, start: String(start), next: String(all.length) });
}

function quotaExceeded(world: World, wanted: FakeInsert): string | null {
  if (wanted.gpu === null) return null;
  const region = regionOfZone(wanted.zone);
  const metric = metricOf(wanted.gpu.type, wanted.market !== 'STANDARD');
  const over = (name: string, where: string): string | null => {
    const limit = limitOf(world, where, name);
    return usageOf(world, name, where) + (wanted.gpu?.count ?? 0) > limit
      ? `Quota '${name}' exceeded.  Limit: ${limit.toFixed(1)} ${where === 'global' ? 'globally' : `in region ${where}`}.`
      : null;
  };
  return (metric === null ? null : over(metric, region)) ?? over('GPUS_ALL_REGIONS', 'global');
}

const limitOf = (world: World, where: string, metric: string): number =>
  world.quotas[where]?.[metric] ?? (metric === 'GPUS_ALL_REGIONS' ? 128 : 64);

function usageOf(world: World, metric: string, where: string): number {
  return [...world.instances.values()]
    .filter(
      ({ zone, wanted }) =>
        metric === 'GPUS_ALL_REGIONS' ||
        (regionOfZone(zone) === where && metricOf(wanted.gpu?.type ?? '', wanted.market !== 'STANDARD') === metric),
    )
    .reduce((sum, { wanted }) => sum + (wanted.gpu?.count ?? 0), 0);
}

const quota = (world: World, where: string, metric: string) => ({
  metric,
  limit: limitOf(world, where, metric),
  usage: usageOf(world, metric, where),
});
const shownProject = (world: World) => ({
  kind: 'compute#project',
  name: world.project,
  quotas: [quota(world, 'global', 'GPUS_ALL_REGIONS')],
  commonInstanceMetadata: { kind: 'compute#metadata' },
  selfLink: `${world.base}/projects/${world.project}`,
});
const shownZone = (world: World, name: string) => ({
  kind: 'compute#zone',
  name,
  status: 'UP',
  region: `${world.base}/projects/${world.project}/regions/${regionOfZone(name)}`,
  selfLink: `${world.base}/projects/${world.project}/zones/${name}`,
});
const shownRegion = (world: World, name: string) => ({
  kind: 'compute#region',
  name,
  status: 'UP',
  quotas: FAKE_METRICS.map((metric) => quota(world, name, metric)),
  zones: ZONES.filter((zone) => regionOfZone(zone) === name).map((zone) => `${world.base}/projects/${world.project}/zones/${zone}`),
  selfLink: `${world.base}/projects/${world.project}/regions/${name}`,
});
const shownTypes = (world: World, zone: string) =>
  FAKE_TYPES.filter((t) => FAKE_ZONES[zone]?.types.includes(t.name)).map((t) => ({
    kind: 'compute#machineType',
    name: t.name,
    guestCpus: t.guestCpus,
    memoryMb: t.memoryMb,
    zone,
    ...(t.accelerator === null
      ? {}
      : { accelerators: [{ guestAcceleratorType: t.accelerator.type, guestAcceleratorCount: t.accelerator.count }] }),
    selfLink: `${world.base}/projects/${world.project}/zones/${zone}/machineTypes/${t.name}`,
  }));
const shownAccelerators = (world: World, zone: string) =>
  (FAKE_ZONES[zone]?.accelerators ?? []).map((name) => ({
    kind: 'compute#acceleratorType',
    name,
    zone: `${world.base}/projects/${world.project}/zones/${zone}`,
    selfLink: `${world.base}/projects/${world.project}/zones/${zone}/acceleratorTypes/${name}`,
  }));
const firewalls = (world: World) => {
  const rule = (name: string, protocol: string, ports?: string[]) => ({
    kind: 'compute#firewall',
    name,
    network: `${world.base}/projects/${world.project}/global/networks/default`,
    direction: 'INGRESS',
    sourceRanges: ['0.0.0.0/0'],
    allowed: [{ IPProtocol: protocol, ...(ports === undefined ? {} : { ports }) }],
    disabled: false,
  });
  return [rule('default-allow-icmp', 'icmp'), ...(world.firewall ? [rule('default-allow-ssh', 'tcp', ['22', '1024-65535'])] : [])];
};
