import type { Machine, MachineConnection, MachineState } from '../contract/machine.ts';
import { parseMachineName } from '../contract/name.ts';
import { PROVIDER } from './explain.ts';
import type { WireInstance } from './wire.ts';

const DEFAULT_USER = 'riftuser';
const SSH_PORT = 22;

/** Billing ends with the request to stop, and `Deactivating` may stall: that is as good as gone. */
export const isOver = (status: string): boolean => status === 'Deactivating' || status === 'Inactive';

/** Statuses of instances that cost money, or may. */
export const LIVE_STATUSES = ['Initializing', 'Active', 'Failed'] as const;

/** An instance as it is shown now. @param at when that was, ISO 8601. @param region of it, where that is known: the API does not say */
export function readInstance(instance: WireInstance, o: { at: string; region: string | null }): Machine {
  const { id, status, failure, instance_name: name, resource_info: resources, created_at: createdAt } = instance;
  const cents = resources?.cost_per_hour ?? 0;
  const owner = parseMachineName(name ?? '');
  const state = stateOf(instance);
  const cause = failure?.user_message ?? failure?.cause ?? null;
  return {
    ref: { provider: PROVIDER, id, name: name ?? '', region: o.region, zone: null },
    state,
    rawState: status,
    stateReason: cause,
    connection: connectionOf(instance),
    published: [],
    priceUsdPerHour: cents > 0 ? Math.round(cents * 100) / 10_000 : null,
    priceSource: cents > 0 ? { kind: 'live', name: 'CloudRift', at: o.at } : null,
    createdAt: createdAt ?? null,
    preempted: false,
    failure: state === 'failed' ? { code: failure?.cause ?? status, message: cause ?? `the instance is ${status}` } : null,
    // Only the first characters of the owner stand in the name.
    owner: owner?.owner6 ?? null,
    run: owner?.run ?? null,
    expiresAt: null,
    market: 'on-demand',
    workload: 'vm',
  };
}

function stateOf(instance: WireInstance): MachineState {
  const [vm] = instance.virtual_machines ?? [];
  switch (instance.status) {
    case 'Initializing':
      return 'provisioning';
    case 'Active':
      if (isReady(instance)) return 'running';
      return /^(stop|shut|off|pause|hibernat)/i.test(vm?.state ?? '') ? 'stopped' : 'provisioning';
    case 'Failed':
      return 'failed';
    default:
      return isOver(instance.status) ? 'terminated' : 'unknown';
  }
}

/** All four must hold: `Active` comes before the address, the map of ports and the machine itself. */
function isReady({ status, host_address: host, port_mappings: ports, virtual_machines: machines }: WireInstance): boolean {
  return status === 'Active' && host != null && host !== '' && ports != null && machines?.[0]?.ready === true;
}

function connectionOf(instance: WireInstance): MachineConnection | null {
  if (!isReady(instance)) return null;
  return { host: instance.host_address ?? '', port: sshPortOf(instance), user: userOf(instance) };
}

/** The outer half of the pair whose inner half is 22; else the `-p N` of the instructions; else 22, when there is no map. */
function sshPortOf({ port_mappings: ports, instructions }: WireInstance): number {
  const [, mapped] = (ports ?? []).find(([inside]) => inside === SSH_PORT) ?? [];
  if (mapped !== undefined) return mapped;
  const [, told] = /(?:^|\s)-p\s*(\d+)/.exec(placeholder(instructions?.placeholder_values, 'SSH_PORT') ?? '') ?? [];
  return told === undefined ? SSH_PORT : Number(told);
}

/** A map, or pairs, or objects with a name: the schema leaves it open. */
function placeholder(values: unknown, name: string): string | null {
  if (typeof values !== 'object' || values === null) return null;
  const entries = Array.isArray(values) ? values.map(entryOf) : Object.entries(values);
  const found: unknown = entries.find(([key]) => key === name)?.[1];
  return typeof found === 'string' || typeof found === 'number' ? String(found) : null;
}

function entryOf(value: unknown): [unknown, unknown] {
  if (Array.isArray(value)) return [value[0], value[1]];
  const { name, key, placeholder: text, value: content } = (value ?? {}) as Record<string, unknown>;
  return [name ?? key ?? text, content];
}

function userOf({ virtual_machines: machines }: WireInstance): string {
  for (const login of Object.values(machines?.[0]?.login_info ?? {})) {
    if (login?.username) return login.username;
  }
  return DEFAULT_USER;
}

/** Passwords that an answer holds: to be masked, for nothing here uses them. */
export function passwordsOf({ virtual_machines: machines }: WireInstance): string[] {
  return (machines ?? []).flatMap((vm) => Object.values(vm.login_info ?? {}).flatMap((login) => (login?.password ? [login.password] : [])));
}
