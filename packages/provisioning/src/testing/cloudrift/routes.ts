import type { FakeAnswer, FakeRequest } from '../fake/exchange.ts';
import { RECIPES } from './catalogue.ts';
import { type FakeInstance, switchPower } from './instances.ts';
import type { CloudriftTricks } from './options.ts';
import { shownInstance, shownType } from './shown.ts';
import type { World } from './world.ts';

type Json = Record<string, unknown>;
type Handler = (world: World, data: Json, request: FakeRequest) => FakeAnswer;

const VERSIONS = ['2024-09-22', '2025-02-10', '2025-03-21', '2025-05-29', '2025-06-10', '2026-05-10', '2026-05-26'];
const ENDED = new Set(['Deactivating', 'Inactive']);

const ROUTES: Readonly<Record<string, Handler>> = {
  'instance-types/list': listTypes,
  'recipes/list': () => ok(RECIPES),
  'auth/me': () => ok({ id: 'u-1', email: 'ada@example.org', name: 'Ada' }),
  'account/info': (world) => ok({ balance: world.balanceCents(), pending: 0 }),
  'instances/rent': rent,
  'instances/list': list,
  'instances/terminate': terminate,
  'instances/start': power('on'),
  'instances/stop': power('stopped'),
  'instances/reset': power('on'),
};
const WITHOUT_KEY = new Set(['instance-types/list']);

/** What the API answers; every call is a POST of `{version, data}`. */
export function handle(world: World, request: FakeRequest): FakeAnswer {
  const [, name] = /^\/api\/v1\/(.+)$/.exec(request.path) ?? [];
  const handler = name !== undefined && Object.hasOwn(ROUTES, name) ? ROUTES[name] : undefined;
  if (request.method !== 'POST' || handler === undefined || name === undefined) return refuse(404, 'Not Found');
  const wrong = wrongEnvelope(world, request);
  if (wrong !== null) return refuse(400, wrong);
  if (!request.authorized && !WITHOUT_KEY.has(name)) return refuse(401, 'the request cannot be authenticated');
  const { version, data } = request.body as { version: string; data: Json };
  const answer = handler(world, data, request);
  if (answer.status !== 201) return answer;
  return { ...answer, status: world.odd.is('status-200') ? 200 : 201, body: { version, data: answer.body } };
}

/** The server parses the object in its order: without the version first it knows nothing of the rest. */
function wrongEnvelope(world: World, { body, text }: FakeRequest): string | null {
  const { version, data } = (body ?? {}) as { version?: unknown; data?: unknown };
  if (typeof version !== 'string' || typeof data !== 'object' || data === null) return 'the request must be {version, data}';
  if (!/^\s*\{\s*"version"\s*:/.test(text)) return 'missing field `version` at the beginning of the object';
  if (version === '~upcoming') return null;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(version) || version < (VERSIONS[0] ?? '')) return `invalid version ${version}`;
  return world.odd.is('dated-versions-refused') ? `unsupported version: ${version}` : null;
}

function listTypes(world: World, { selector }: Json): FakeAnswer {
  if (selector === 'All') return ok({ instance_types: world.types.map((type) => shownType(world, type)) });
  const { ByServiceAndLocation: place, ByName: names } = (selector ?? {}) as { ByServiceAndLocation?: Json; ByName?: string[] };
  if (names !== undefined) return ok({ instance_types: world.types.filter((t) => names.includes(t.name)).map((t) => shownType(world, t)) });
  const services = place?.['services'];
  if (!Array.isArray(services)) return refuse(400, 'unknown variant of `selector`');
  return ok({ instance_types: services.includes('vm') ? world.types.map((type) => shownType(world, type)) : [] });
}

function rent(world: World, data: Json, request: FakeRequest): FakeAnswer {
  const { ByInstanceTypeAndLocation: place } = (data['selector'] ?? {}) as {
    ByInstanceTypeAndLocation?: { instance_type?: string; datacenters?: string[] };
  };
  const { VirtualMachine: vm } = (data['config'] ?? {}) as { VirtualMachine?: { image_url?: string; ssh_key?: { PublicKeys?: string[] } } };
  if (typeof place?.instance_type !== 'string' || typeof data['with_public_ip'] !== 'boolean' || vm === undefined)
    return refuse(400, 'selector, with_public_ip and config are required');
  if (typeof vm.image_url !== 'string' || !Array.isArray(vm.ssh_key?.PublicKeys))
    return refuse(400, 'missing field `image_url` or `ssh_key`');
  const variant = world.variantOf(place.instance_type);
  const where = place.datacenters ?? Object.keys(variant?.type.nodes ?? {});
  if (variant === null || spend(world, 'notFound') || !where.some((dc) => Object.hasOwn(variant.type.nodes, dc)))
    return refuse(400, `Instance ${place.instance_type} not found`);
  if (spend(world, 'mixed')) return refuse(503, 'NodeAllocationModeMixed');
  if (world.balanceCents() <= 0) return refuse(402, 'insufficient balance');
  const datacenter = where.find((dc) => world.free(variant.type, dc) > 0);
  if (datacenter === undefined || world.soldOut.has(place.instance_type) || spend(world, 'empty')) return ok({ instance_ids: [] });
  const name = data['name'];
  const instance = world.rent({
    ...variant,
    datacenter,
    name: typeof name === 'string' ? name : null,
    publicKeys: vm.ssh_key.PublicKeys,
    image: vm.image_url,
    doomed: spend(world, 'bootFailed'),
  });
  void request.answered.then((whole) => {
    world.counts[whole ? 'acknowledged' : 'lost'] += 1;
  });
  return ok({ instance_ids: [instance.id] });
}

function spend({ tricks }: World, name: keyof CloudriftTricks): boolean {
  if (tricks[name] <= 0) return false;
  tricks[name] -= 1;
  return true;
}

/** Ended ones are left out unless they are asked for by status or id. */
function selected(world: World, selector: unknown): FakeInstance[] | string {
  const visible = [...world.instances.values()].filter((i) => world.visible(i));
  const { ById: ids, ByStatus: status } = (selector ?? {}) as { ById?: unknown; ByStatus?: { statuses?: unknown } };
  if (Array.isArray(ids)) return visible.filter((i) => ids.includes(i.id));
  if (Array.isArray(status)) return 'ByStatus takes an object since v055';
  const statuses = status?.statuses;
  if (Array.isArray(statuses)) return visible.filter((i) => statuses.includes(world.statusOf(i)));
  if (status !== undefined) return visible.filter((i) => !ENDED.has(world.statusOf(i)));
  return 'unknown variant of `selector`';
}

function list(world: World, data: Json): FakeAnswer {
  const found = selected(world, data['selector']);
  if (typeof found === 'string') return refuse(400, found);
  const flags = (data['mask'] ?? {}) as Json;
  const mask = { connection: flags['with_connection_info'] === true, usage: flags['with_usage_info'] === true };
  return ok({ instances: found.map((instance) => shownInstance(world, instance, mask)) });
}

function terminate(world: World, data: Json): FakeAnswer {
  const found = selected(world, data['selector']);
  if (typeof found === 'string') return refuse(400, found);
  const running = found.filter((i) => i.endedAt === null);
  for (const instance of found) world.end(instance);
  return ok({ terminated: world.odd.is('empty-terminated') ? [] : running.map(({ id }) => ({ id })) });
}

function power(to: 'on' | 'stopped'): Handler {
  return (world, data) => {
    const found = selected(world, data['selector']);
    if (typeof found === 'string') return refuse(400, found);
    for (const instance of found) if (instance.endedAt === null) switchPower(instance, to);
    return ok({});
  };
}

const ok = (data: unknown): FakeAnswer => ({ status: 201, body: data });
/** Errors are plain text. */
const refuse = (status: number, text: string): FakeAnswer => ({ status, body: text });
