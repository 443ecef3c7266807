import { z } from 'zod';
import type { Machine, MachineRef, MachineState } from '../contract/machine.ts';
import { parseMachineName } from '../contract/name.ts';
import { PROVIDER } from './explain.ts';

const text = z.string().nullish();
const number = z.number().nullish();

/** An instance of `GET /api/v0/instances/{id}/` and `GET /api/v1/instances/`, as far as it is used. */
export const instanceSchema = z.object({
  id: z.union([z.int(), z.string()]).transform(String),
  label: text,
  actual_status: text,
  intended_status: text,
  cur_state: text,
  next_state: text,
  status_msg: text,
  image_uuid: text,
  image_runtype: text,
  public_ipaddr: text,
  // `null` until the host has told its ports.
  ports: z.record(z.string(), z.array(z.object({ HostPort: z.union([z.string(), z.number()]) })).nullish()).nullish(),
  is_bid: z.boolean().nullish(),
  dph_total: number,
  start_date: number,
  geolocation: text,
});
export type Instance = z.output<typeof instanceSchema>;

/** `docker.io/vastai/kvm:ubuntu_terminal` and its like are virtual machines. */
const VM_IMAGE = /(?:^|\/)vastai\/kvm(?:[:@]|$)/;

const EXIT_HINT = 'the arguments, the model or the image of the engine are wrong; on another machine it would end as well';

export interface MachineFacts {
  /** Ports that must be reachable before a container counts as running; undefined: not known, one will do. */
  ports: readonly number[] | undefined;
  /** It was stopped from here. */
  stopped: boolean;
  /** What its container wrote last, when it has ended by itself. */
  lastWords?: string | undefined;
  nowMs: number;
}

/** An instance as a machine. */
export function toMachine(instance: Instance, facts: MachineFacts): Machine {
  const { label } = instance;
  const named = label == null ? null : parseMachineName(label);
  const vm = isVm(instance);
  const published = publishedOf(instance);
  const fatal = fatalMessage(instance);
  // Whatever was rented in its place would end as well: it is not the machine that failed.
  const ended =
    !vm && !facts.stopped && hasEnded(instance) ? `its container ended by itself${facts.lastWords ? `: ${facts.lastWords}` : ''}` : null;
  const outbid = instance.is_bid === true && !facts.stopped && isPaused(instance);
  const reachable = vm ? published.some(({ port }) => port === 22) : isPublished(published, facts.ports);
  const seen = stateOf(instance.actual_status ?? null);
  const state: MachineState =
    fatal !== null || ended !== null ? 'failed' : outbid ? 'stopped' : seen === 'running' && !reachable ? 'provisioning' : seen;
  const ssh = vm && seen === 'running' ? published.find(({ port }) => port === 22) : undefined;
  return {
    ref: refOf(instance),
    state,
    rawState: instance.actual_status ?? 'null',
    stateReason:
      fatal ??
      ended ??
      (outbid
        ? 'outbid: paused'
        : seen === 'running' && !reachable
          ? 'waits for its ports'
          : instance.status_msg == null || instance.status_msg.trim() === ''
            ? null
            : instance.status_msg.trim()),
    connection: ssh === undefined ? null : { host: ssh.host, port: ssh.publicPort, user: 'root' },
    published: vm ? [] : published,
    priceUsdPerHour: instance.dph_total != null && instance.dph_total > 0 ? instance.dph_total : null,
    priceSource: { kind: 'live', name: 'vast.ai', at: new Date(facts.nowMs).toISOString() },
    createdAt: instance.start_date == null ? null : new Date(instance.start_date * 1000).toISOString(),
    preempted: outbid,
    failure:
      fatal !== null
        ? { code: 'start', message: fatal }
        : ended !== null
          ? { code: 'exited', message: ended, kind: 'request', hint: EXIT_HINT }
          : null,
    owner: named?.owner6 ?? null,
    run: named?.run ?? null,
    expiresAt: null,
    market: instance.is_bid === true ? 'spot' : 'on-demand',
    workload: vm ? 'vm' : 'container',
  };
}

export function refOf(instance: Pick<Instance, 'id' | 'label' | 'geolocation'>): MachineRef {
  const place = instance.geolocation?.trim() ?? '';
  return { provider: PROVIDER, id: instance.id, name: instance.label ?? '', region: /([A-Z]{2})$/.exec(place)?.[1] ?? null, zone: null };
}

/** Instances that are started by `args` alone are containers without SSH. */
export function isVm({ image_uuid: image, image_runtype: runtype }: Instance): boolean {
  if (image != null && VM_IMAGE.test(image)) return true;
  return runtype != null && /ssh|jupyter/.test(runtype);
}

function stateOf(status: string | null): MachineState {
  switch (status) {
    case null:
    case 'created':
    case 'loading':
    case 'rebooting':
      return 'provisioning';
    case 'running':
      return 'running';
    case 'stopped':
    case 'exited':
    case 'frozen':
      return 'stopped';
    default:
      // `offline`, `unknown`, and what is new.
      return 'unknown';
  }
}

/** Stopped, wanted stopped and staying so. Nobody here asked for it when it is a bid: somebody else bid more. */
function isPaused({ cur_state: now, intended_status: wanted, next_state: next }: Instance): boolean {
  return now === 'stopped' && wanted === 'stopped' && next === 'stopped';
}

/** A container whose program ended, and that nobody stopped. */
export function hasEnded({ actual_status: status, intended_status: wanted }: Instance): boolean {
  return status === 'exited' && wanted !== 'stopped';
}

/** The image cannot be pulled or started, and never will be. */
function fatalMessage({ actual_status: status, status_msg: message }: Instance): string | null {
  if (message == null || status === 'running') return null;
  return /OCI runtime create failed|\bError\b/.test(message) ? message.trim().slice(0, 500) : null;
}

function publishedOf({ ports, public_ipaddr: address }: Instance): Machine['published'] {
  const host = address?.trim() ?? '';
  if (host === '' || ports == null) return [];
  return Object.entries(ports).flatMap(([name, bindings]) => {
    const port = Number(/^(\d+)\/tcp$/.exec(name)?.[1]);
    const publicPort = Number(bindings?.[0]?.HostPort);
    return Number.isInteger(port) && Number.isInteger(publicPort) && publicPort > 0 ? [{ port, host, publicPort }] : [];
  });
}

function isPublished(published: Machine['published'], wanted: readonly number[] | undefined): boolean {
  if (wanted === undefined) return published.length > 0;
  return wanted.every((port) => published.some((p) => p.port === port));
}
