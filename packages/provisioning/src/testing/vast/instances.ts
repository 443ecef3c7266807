import { messageOf } from '@bench/core';
import type { FakeClock } from '../fake/clock.ts';
import type { FakeMachine, FakeMachines } from '../fake/machines.ts';
import type { FakeAsk } from './asks.ts';
import type { FakeContainer, FakeContainers } from './containers.ts';

/** What `PUT /api/v0/asks/{id}/` was given. */
export interface FakeContract {
  label: string;
  image: string;
  disk: number;
  runtype: string;
  env: Readonly<Record<string, string>>;
  args: readonly string[];
  onstart: string | null;
  vm: boolean;
  /** USD an hour; null: on demand. */
  price: number | null;
}

export interface Timeline {
  /** Until the host has made it, then until the image is there and it runs, then until its ports are told; milliseconds of the fake's clock. */
  createdMs: number;
  runningMs: number;
  portsMs: number;
}

/** An instance of the fake, with what is behind it. */
export interface FakeInstance {
  readonly id: number;
  readonly ask: FakeAsk;
  readonly contract: FakeContract;
  readonly apiKey: string;
  readonly startedAt: number;
  /** USD an hour. */
  readonly price: number;
  intended: 'running' | 'stopped';
  paused: boolean;
  /** It was made stopped, and never ran. */
  stillborn: boolean;
  fatal: string | null;
  machine: FakeMachine | null;
  container: FakeContainer | null;
  off: boolean;
  /** What is being started behind it. */
  work: Promise<void>;
}

export interface InstanceOptions {
  clock: FakeClock;
  machines: FakeMachines;
  containers: FakeContainers;
  timeline: () => Timeline;
}

/** Starts what is behind an instance. What goes wrong is the instance's own message, as on a real host. */
export function startBehind(instance: FakeInstance, keys: readonly string[], o: InstanceOptions): void {
  const { contract, ask } = instance;
  const start = async () => {
    if (contract.vm) {
      instance.machine = await o.machines.start({
        id: String(instance.id),
        name: contract.label,
        user: 'root',
        publicKeys: keys,
        image: contract.image,
        gpus: Array.from({ length: ask.num_gpus }, () => ({ name: `NVIDIA ${ask.gpu_name}`, memoryMiB: ask.gpu_ram })),
        onShutdown: () => void (instance.off = true),
      });
      return;
    }
    const env = Object.entries(contract.env).filter(([name]) => !name.startsWith('-p '));
    const ports = Object.keys(contract.env).flatMap((name) => /^-p \d+:(\d+)$/.exec(name)?.[1] ?? []);
    instance.container = await o.containers.start({
      id: String(instance.id),
      image: contract.image,
      entrypoint: contract.onstart,
      args: contract.args,
      // What the host adds by itself.
      env: { ...Object.fromEntries(env), CONTAINER_ID: String(instance.id), CONTAINER_API_KEY: instance.apiKey },
      ports: ports.map(Number),
    });
  };
  instance.work = start().catch((error: unknown) => void (instance.fatal ??= messageOf(error)));
}

/** Ends what is behind an instance; also what is still being started. */
export async function endBehind(instance: FakeInstance): Promise<void> {
  await instance.work;
  await Promise.all([instance.machine?.end(), instance.container?.end()]);
}

/** An instance as the API tells it now. */
export function shownInstance(instance: FakeInstance, o: InstanceOptions): Record<string, unknown> {
  const { contract, ask } = instance;
  const age = o.clock.now() - instance.startedAt;
  const timeline = o.timeline();
  const status = actualStatus(instance, age, timeline);
  const running = status === 'running';
  const told = running && age >= timeline.runningMs + timeline.portsMs;
  const current = instance.paused || instance.intended === 'stopped' || instance.stillborn ? 'stopped' : 'running';
  return {
    id: instance.id,
    machine_id: ask.machine_id,
    label: contract.label,
    actual_status: status,
    intended_status: current,
    cur_state: current,
    next_state: current,
    status_msg: instance.fatal ?? message(status, contract),
    image_uuid: contract.image,
    image_runtype: contract.runtype === 'ssh_direct' ? 'ssh_direc ssh_proxy' : contract.runtype,
    gpu_name: ask.gpu_name,
    num_gpus: ask.num_gpus,
    geolocation: ask.geolocation,
    is_bid: contract.price !== null,
    min_bid: ask.min_bid,
    dph_base: contract.price ?? ask.dph_base,
    dph_total: instance.price,
    disk_space: contract.disk,
    start_date: instance.startedAt / 1000,
    end_date: instance.startedAt / 1000 + ask.duration,
    extra_env: Object.entries(contract.env),
    ssh_host: 'ssh4.vast.ai',
    ssh_port: 20_000 + (instance.id % 10_000),
    public_ipaddr: told ? `${hostOf(instance)}\n` : null,
    // The host tells its ports when it comes to it: first none, then those of the machine itself.
    ports: told ? portsOf(instance) : running ? {} : null,
  };
}

function actualStatus(instance: FakeInstance, age: number, t: Timeline): string | null {
  if (instance.paused || instance.stillborn || instance.intended === 'stopped') return 'stopped';
  if (instance.off) return 'exited';
  if (instance.fatal !== null) return 'loading';
  if (age < t.createdMs) return null;
  const behind = instance.container ?? instance.machine;
  if (age < t.runningMs || behind === null) return age < (t.createdMs + t.runningMs) / 2 ? 'created' : 'loading';
  return instance.container?.exitCode() != null ? 'exited' : 'running';
}

function message(status: string | null, { image, runtype }: FakeContract): string | null {
  if (status === 'loading') return `Pulling ${image}\n`;
  return status === 'running' ? `success, running ${image}/${runtype}\n` : null;
}

const hostOf = ({ machine, container }: FakeInstance): string => machine?.host ?? container?.host ?? '192.0.2.1';

function portsOf({ machine, container }: FakeInstance): Record<string, { HostIp: string; HostPort: string }[]> {
  const pairs: [number, number][] = machine === null ? [...(container?.ports ?? [])] : [[22, machine.port]];
  return Object.fromEntries(pairs.map(([inside, outside]) => [`${inside}/tcp`, [{ HostIp: '0.0.0.0', HostPort: String(outside) }]]));
}
