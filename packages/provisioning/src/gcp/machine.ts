import type { Machine, MachineState } from '../contract/machine.ts';
import { LABELS, parseMachineName } from '../contract/name.ts';
import type { Market } from '../contract/offer.ts';
import { meaningOf } from './errors.ts';
import { regionOf } from './machine-types.ts';
import { priceOf } from './prices.ts';
import { type Place, refOf } from './refs.ts';
import type { GcpSettings } from './settings.ts';
import { type GcpInstance, type GcpOperation, lastPart } from './wire.ts';

/** Google's TERMINATED is a machine that was switched off: its disks are there, and billed. */
const STATES: Readonly<Record<string, MachineState>> = {
  PENDING: 'pending',
  PROVISIONING: 'provisioning',
  STAGING: 'provisioning',
  REPAIRING: 'provisioning',
  RUNNING: 'running',
  STOPPING: 'stopping',
  PENDING_STOP: 'stopping',
  SUSPENDING: 'stopping',
  DEPROVISIONING: 'stopping',
  STOPPED: 'stopped',
  SUSPENDED: 'stopped',
  TERMINATED: 'stopped',
};
const MARKETS: Readonly<Record<string, Market>> = { SPOT: 'spot', FLEX_START: 'flex', RESERVATION_BOUND: 'reserved' };

/** States in which a machine that may be preempted may have been. */
export const mayBePreempted = (instance: GcpInstance): boolean =>
  marketOf(instance) !== 'on-demand' && ['stopping', 'stopped'].includes(STATES[instance.status] ?? 'unknown');

export function marketOf(instance: Pick<GcpInstance, 'scheduling'>): Market {
  const model = instance.scheduling?.provisioningModel;
  return (model === undefined ? undefined : MARKETS[model]) ?? (instance.scheduling?.preemptible === true ? 'spot' : 'on-demand');
}

/** A machine as the API shows it. */
export function machineOf(o: {
  instance: GcpInstance;
  project: string;
  settings: GcpSettings;
  /** ISO 8601. */
  now: string;
  preempted: boolean;
}): Machine {
  const { instance, settings } = o;
  const place = { project: o.project, zone: lastPart(instance.zone), name: instance.name };
  const market = marketOf(instance);
  const natIp = instance.networkInterfaces?.[0]?.accessConfigs?.[0]?.natIP;
  const accelerator = instance.guestAccelerators?.[0]?.acceleratorType;
  const price = priceOf({
    settings,
    machineType: lastPart(instance.machineType ?? ''),
    region: regionOf(place.zone),
    market,
    accelerator: accelerator === undefined ? null : lastPart(accelerator),
    now: o.now,
  });
  const expires = Number(instance.labels?.[LABELS.expires]);
  const state = STATES[instance.status] ?? 'unknown';
  return {
    ...bare(place),
    state,
    rawState: instance.status,
    stateReason: instance.statusMessage ?? null,
    connection: state === 'running' && natIp ? { host: natIp, port: settings.ssh_port, user: settings.ssh_user } : null,
    priceUsdPerHour: price.usdPerHour,
    priceSource: price.usdPerHour === null ? null : price.source,
    createdAt: isoOf(instance.creationTimestamp),
    preempted: o.preempted,
    owner: instance.labels?.[LABELS.owner] ?? parseMachineName(place.name)?.owner6 ?? null,
    run: instance.labels?.[LABELS.run] ?? parseMachineName(place.name)?.run ?? null,
    expiresAt: Number.isSafeInteger(expires) && expires > 0 && expires < 1e11 ? new Date(expires * 1000).toISOString() : null,
    market,
  };
}

/** A machine that the list of instances does not show, as its operations tell of it. Null: gone, or never made. */
export function machineOfOperations(place: Place, operations: readonly GcpOperation[]): Machine | null {
  const insert = newest(operations.filter((o) => o.operationType === 'insert'));
  if (insert !== null && insert.status !== 'DONE')
    return { ...bare(place), state: 'provisioning', rawState: `insert ${insert.status}`, createdAt: isoOf(insert.insertTime) };
  if (insert !== null && failureOf(insert) !== null) {
    const failure = failureOf(insert);
    return { ...bare(place), state: 'failed', rawState: 'insert failed', stateReason: failure?.message ?? null, failure };
  }
  const preempted = operations.some((o) => o.operationType === PREEMPTED);
  return preempted ? { ...bare(place), state: 'terminated', rawState: 'preempted', preempted: true } : null;
}

export const PREEMPTED = 'compute.instances.preempted';

/** Why an operation failed, with what that means for failover; null: it did not. */
export function failureOf(operation: GcpOperation): Machine['failure'] {
  const errors = operation.error?.errors ?? [];
  const [first] = errors;
  if (first === undefined && (operation.httpErrorStatusCode ?? 0) < 400) return null;
  const code = first?.code ?? String(operation.httpErrorStatusCode);
  const message = errors.map((e) => e.message ?? e.code).join('; ') || (operation.httpErrorMessage ?? code);
  const meaning = meaningOf(
    errors.map((e) => e.code),
    message,
  );
  return { code, message, ...meaning };
}

/** What is known of a machine from its place alone. */
export function bare(place: Place): Machine {
  return {
    ref: refOf(place),
    state: 'unknown',
    rawState: '',
    stateReason: null,
    connection: null,
    published: [],
    priceUsdPerHour: null,
    priceSource: null,
    createdAt: null,
    preempted: false,
    failure: null,
    owner: parseMachineName(place.name)?.owner6 ?? null,
    run: parseMachineName(place.name)?.run ?? null,
    expiresAt: null,
    market: 'on-demand',
    workload: 'vm',
  };
}

const newest = (operations: readonly GcpOperation[]): GcpOperation | null =>
  [...operations].sort((a, b) => Date.parse(b.insertTime ?? '') - Date.parse(a.insertTime ?? ''))[0] ?? null;

/** RFC 3339 with an offset, as the API writes it, in UTC. */
function isoOf(time: string | undefined): string | null {
  const ms = Date.parse(time ?? '');
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
