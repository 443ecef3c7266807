import type { FakeAnswer, FakeRequest } from '../fake/exchange.ts';
import { endBehind, type FakeContract, type FakeInstance, shownInstance, startBehind } from './instances.ts';
import { search } from './search.ts';
import type { VastTricks, World } from './world.ts';

const PAGE = 25;
const OCI =
  'Error: OCI runtime create failed: runc create failed: unable to start container process: exec: "serve": executable file not found in $PATH';

type Handler = (world: World, request: FakeRequest, id: string) => FakeAnswer | Promise<FakeAnswer>;

/** What makes an instance. */
export const CREATE = /^PUT \/api\/v0\/asks\/(\d+)\/$/;

/** Kind of limit, and what it does, by method and path. */
const ROUTES: readonly [RegExp, string, Handler][] = [
  [/^POST \/api\/v0\/bundles\/$/, 'search', searchAsks],
  [CREATE, 'create', createInstance],
  [/^GET \/api\/v1\/instances\/$/, 'list', listPage],
  [/^GET \/api\/v0\/instances\/$/, 'list', () => ({ status: 410, body: { success: false, error: 'gone', msg: 'use /api/v1/instances/' } })],
  [/^GET \/api\/v0\/instances\/([^/]+)\/$/, 'show', showOne],
  [/^PUT \/api\/v0\/instances\/request_logs\/([^/]+)\/$/, 'manage', requestLogs],
  [/^PUT \/api\/v0\/instances\/reboot\/([^/]+)\/$/, 'manage', (world, _request, id) => withInstance(world, id, () => ok())],
  [/^PUT \/api\/v0\/instances\/([^/]+)\/$/, 'manage', changeOne],
  [/^DELETE \/api\/v0\/instances\/([^/]+)\/$/, 'destroy', destroy],
  [/^GET \/api\/v0\/ssh\/$/, 'ssh-key', listKeys],
  [/^POST \/api\/v0\/ssh\/$/, 'ssh-key', addKey],
  [/^GET \/api\/v0\/users\/current\/$/, 'account', account],
];

/** What the API answers. */
export async function handle(world: World, request: FakeRequest): Promise<FakeAnswer> {
  const line = `${request.method} ${request.path}`;
  const log = /^GET \/logs\/(.+)$/.exec(line)?.[1];
  if (log !== undefined) return storedLog(world, log);
  for (const [pattern, kind, handler] of ROUTES) {
    const match = pattern.exec(line);
    if (match === null) continue;
    const id = match[1] ?? '';
    // Searching needs no key; an instance's own key does what concerns itself.
    const own = world.instances.get(id)?.apiKey;
    const allowed = request.authorized || kind === 'search' || (own !== undefined && own === request.credential);
    if (!allowed) return { status: 401, body: { success: false, error: 'auth_error', msg: 'Invalid user key' } };
    const early = world.refuse(kind);
    if (early !== null) return { status: 429, body: early };
    return handler(world, request, id);
  }
  return { status: 404, body: { success: false, error: 'not_found', msg: line } };
}

const ok = (more: object = {}): FakeAnswer => ({ status: 200, body: { success: true, ...more } });
const fault = (status: number, error: string, msg: string, more: object = {}): FakeAnswer => ({
  status,
  body: { success: false, error, msg: `error ${status}/3000: ${msg}`, ...more },
});

function searchAsks(world: World, { body }: FakeRequest): FakeAnswer {
  try {
    return { status: 200, body: { offers: search((body ?? {}) as Record<string, unknown>, world.free()) } };
  } catch (error) {
    return fault(400, 'invalid_args', (error as Error).message);
  }
}

function createInstance(world: World, { body }: FakeRequest, id: string): FakeAnswer {
  const ask = world.free().find((a) => a.id === Number(id));
  if (ask === undefined)
    return fault(404, 'invalid_args', `no_such_ask Instance type by id ${id} is not available.`, { ask_id: Number(id) });
  if (strikes(world, 'taken') || world.befalls('taken', 0.25)) {
    world.asks.delete(ask.id);
    return fault(410, 'no_such_ask', `no_such_ask Instance type ${id} is no longer available.`, { ask_id: ask.id });
  }
  const contract = contractOf(body);
  if (typeof contract === 'string') return fault(400, 'invalid_args', contract);
  if (contract.vm && world.sshKeys.length === 0) return fault(400, 'no_ssh_key_for_vm', 'no SSH key in the account');
  if (contract.vm && !ask.vms_enabled) return fault(400, 'invalid_args', 'this machine cannot run VMs');
  if (contract.price !== null && contract.price < ask.min_bid)
    return fault(400, 'invalid_price', `bid ${contract.price} below ${ask.min_bid}`);
  if (world.credit <= 0) return fault(400, 'insufficient_credit', 'Your account lacks credit; see the billing page.');
  const lost = strikes(world, 'failedBid') ? 400 : strikes(world, 'failedBidOk') ? 200 : null;
  if (lost !== null || world.befalls('error-with-machine', contract.price === null ? 1 / 6 : 1 / 3)) {
    const left = world.add(ask, contract, { stillborn: true, intended: 'stopped' });
    world.count.made += 1;
    if (lost !== 200) world.count.leftByError += 1;
    return fault(lost ?? 400, 'invalid_price', 'it did not win', { new_contract: left.id });
  }
  world.count.made += 1;
  const broken = strikes(world, 'oci') || (!contract.vm && world.befalls('oci', 1 / 6));
  const instance = world.add(ask, contract, broken ? { fatal: OCI } : {});
  if (instance.fatal === null) startBehind(instance, [...world.sshKeys], world.behind);
  return ok({ new_contract: instance.id, instance_api_key: instance.apiKey });
}

function strikes({ tricks }: World, name: keyof VastTricks): boolean {
  if (tricks[name] <= 0) return false;
  tricks[name] -= 1;
  return true;
}

/** What is asked for, or what is wrong with it. */
function contractOf(body: unknown): FakeContract | string {
  const b = (body ?? {}) as Record<string, unknown>;
  if (typeof b['image'] !== 'string') return 'image is required';
  if (typeof b['disk'] !== 'number' || b['disk'] < 8) return 'disk must be at least 8 GB';
  if (b['args'] !== undefined && !Array.isArray(b['args'])) return 'args must be an array';
  const env = b['env'] ?? {};
  if (typeof env !== 'object' || !Object.values(env).every((v) => typeof v === 'string')) return 'env must be an object of texts';
  const price = b['price'];
  if (price !== undefined && (typeof price !== 'number' || price < 0.001 || price > 128)) return 'price must be from 0.001 to 128';
  return {
    label: typeof b['label'] === 'string' ? b['label'] : '',
    image: b['image'],
    disk: b['disk'],
    runtype: typeof b['runtype'] === 'string' ? b['runtype'] : 'ssh',
    env: env as Record<string, string>,
    args: (b['args'] ?? []) as string[],
    onstart: typeof b['onstart'] === 'string' ? b['onstart'] : null,
    vm: b['vm'] === true,
    price: price === undefined ? null : price,
  };
}

function listPage(world: World, { query }: FakeRequest): FakeAnswer {
  const limit = Number(query.get('limit') ?? PAGE);
  if (!(limit >= 1 && limit <= PAGE)) return fault(400, 'invalid_args', `limit must be from 1 to ${PAGE}`);
  const filters = JSON.parse(query.get('select_filters') ?? '{}') as { label?: { eq?: string } };
  const after = Number(Buffer.from(query.get('after_token') ?? '', 'base64').toString() || 0);
  const fitting = [...world.instances.values()]
    .filter(({ contract }) => filters.label?.eq === undefined || contract.label === filters.label.eq)
    .sort((a, b) => a.id - b.id);
  const page = fitting.filter(({ id }) => id > after).slice(0, limit);
  const last = page.at(-1)?.id;
  const more = last !== undefined && fitting.some(({ id }) => id > last);
  return {
    status: 200,
    body: {
      success: true,
      instances: page.map((instance) => shownInstance(instance, world.behind)),
      instances_found: page.length,
      total_instances: fitting.length,
      next_token: more ? Buffer.from(String(last)).toString('base64') : null,
    },
  };
}

function withInstance(world: World, id: string, then: (instance: FakeInstance) => FakeAnswer): FakeAnswer {
  const instance = world.instances.get(id);
  return instance === undefined ? fault(404, 'no_such_instance', `Instance ${id} not found`) : then(instance);
}

/** An instance that is gone is null, or 404: both were seen. */
function showOne(world: World, _request: FakeRequest, id: string): FakeAnswer {
  const instance = world.instances.get(id);
  if (instance !== undefined) return { status: 200, body: { instances: shownInstance(instance, world.behind) } };
  return Number(id) % 2 === 0 ? { status: 200, body: { instances: null } } : fault(404, 'no_such_instance', `Instance ${id} not found`);
}

function changeOne(world: World, { body }: FakeRequest, id: string): FakeAnswer {
  return withInstance(world, id, (instance) => {
    const { state } = (body ?? {}) as { state?: unknown };
    if (state !== 'running' && state !== 'stopped') return fault(400, 'invalid_args', 'state must be running or stopped');
    instance.intended = state;
    instance.paused = false;
    void instance.work.then(() => (state === 'stopped' ? instance.machine?.off?.() : instance.machine?.on?.()));
    return ok();
  });
}

async function destroy(world: World, _request: FakeRequest, id: string): Promise<FakeAnswer> {
  const instance = world.instances.get(id);
  world.terminates.push({ id, name: instance?.contract.label ?? null, at: world.behind.clock.iso() });
  if (instance === undefined) return fault(404, 'no_such_instance', `Instance ${id} not found`);
  world.forget(instance);
  world.destroyed.push({ id, label: instance.contract.label });
  await endBehind(instance);
  return ok({ msg: `destroyed ${id}` });
}

function requestLogs(world: World, { body }: FakeRequest, id: string): FakeAnswer {
  return withInstance(world, id, (instance) => {
    const tail = Number((body as { tail?: unknown } | undefined)?.tail ?? 1000);
    const lines = (instance.container?.log() ?? '').split('\n');
    const token = `C.${id}.${world.logs.size}.log`;
    world.logs.set(token, { text: lines.slice(-tail - 1).join('\n'), looks: 0 });
    return ok({ result_url: `${world.baseUrl}/logs/${token}` });
  });
}

/** It takes a moment until it is there; until then the store forbids to look. */
function storedLog(world: World, token: string): FakeAnswer {
  const log = world.logs.get(token);
  if (log === undefined) return { status: 404, body: 'NoSuchKey' };
  log.looks += 1;
  return log.looks <= (world.is('late-logs') ? 4 : 1) ? { status: 403, body: 'AccessDenied' } : { status: 200, body: log.text };
}

function listKeys(world: World): FakeAnswer {
  return { status: 200, body: world.sshKeys.map((key, i) => ({ id: i + 1, user_id: 7, public_key: key })) };
}

function addKey(world: World, { body }: FakeRequest): FakeAnswer {
  const key = (body as { ssh_key?: unknown } | undefined)?.ssh_key;
  if (typeof key !== 'string' || !/^(ssh|ecdsa)-/.test(key)) return fault(400, 'invalid_args', 'ssh_key must be a public key');
  if (world.sshKeys.includes(key)) return fault(400, 'duplicate', 'this key is there already');
  world.sshKeys.push(key);
  return ok({ key: { id: world.sshKeys.length } });
}

function account(world: World): FakeAnswer {
  return { status: 200, body: { id: 7, email: 'ada@example.org', username: 'ada', credit: world.credit, balance: 0, ssh_key: null } };
}
