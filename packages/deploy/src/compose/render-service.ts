import type { GpuVendor } from '@bench/core';
import type { Engine, EnvValue, Launch, LlmSettings } from '@bench/recipe';
import { type Instance } from './lay-out.ts';
import type { Mount } from './weights.ts';

export interface ServiceInput {
  instance: Instance;
  vendor: GpuVendor | null;
  engine: Engine;
  launch: Launch & { image: string };
  llm: LlmSettings;
  containerName: string;
  /** Variables of bench's own; the recipe's win over them. */
  env: Readonly<Record<string, string>>;
  mounts: readonly Mount[];
  /** `127.0.0.1:49152:8000`; absent: reached through the balancer only. */
  published?: string | undefined;
}

/** The compose service of one engine. Secrets are not in it; see {@link secretEnvOf}. */
export function renderService(input: ServiceInput): Record<string, unknown> {
  const { instance, vendor, engine, launch, llm, mounts } = input;
  const plain = Object.entries(launch.env).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const secret = new Set(Object.keys(secretEnvOf(launch.env)));
  const own = Object.entries({ ...input.env, ...visibleDevices(instance, vendor) }).filter(([name]) => !secret.has(name));
  const env = { ...Object.fromEntries(own), ...Object.fromEntries(plain) };
  const health = engine.container?.health?.(instance.port);
  return {
    image: launch.image,
    container_name: input.containerName,
    ...(launch.entrypoint ? { entrypoint: launch.entrypoint } : {}),
    command: launch.args,
    ...(Object.keys(env).length === 0 ? {} : { environment: envList(env) }),
    ...(mounts.length === 0 ? {} : { volumes: mounts }),
    ...(input.published === undefined ? {} : { ports: [input.published] }),
    shm_size: '16gb',
    ipc: 'host',
    ...devices(instance, vendor),
    ...(health ? { healthcheck: { test: ['CMD', ...health], interval: '10s', timeout: '10s', retries: 180, start_period: '600s' } } : {}),
    ...llm.docker_options,
  };
}

/** As a list, for a name such as `NO` is no string as a key of YAML 1.1. */
export function envList(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

/** The variables whose values are secrets. */
export function secretEnvOf(env: Readonly<Record<string, EnvValue>>): Record<string, { from_env: string }> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, { from_env: string }] => typeof entry[1] !== 'string'));
}

function devices(instance: Instance, vendor: GpuVendor | null): Record<string, unknown> {
  if (instance.gpus === null) return {};
  if (vendor === 'amd') return { devices: ['/dev/kfd:/dev/kfd', '/dev/dri:/dev/dri'], group_add: ['video', 'render'] };
  const which = instance.gpus === 'all' ? { count: 'all' } : { device_ids: instance.gpus };
  return { deploy: { resources: { reservations: { devices: [{ driver: 'nvidia', ...which, capabilities: ['gpu'] }] } } } };
}

/** AMD containers see every GPU of the host; which ones are used is said by HIP. (ROCR's variable would renumber them before.) */
function visibleDevices(instance: Instance, vendor: GpuVendor | null): Record<string, string> {
  if (vendor !== 'amd' || instance.gpus === null || instance.gpus === 'all') return {};
  return { HIP_VISIBLE_DEVICES: instance.gpus.join(',') };
}
