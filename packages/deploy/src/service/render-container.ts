import { type GpuVendor, parseSize } from '@bench/core';
import type { ClientSection } from '@bench/recipe';

export interface ContainerInput {
  section: Pick<ClientSection, 'command' | 'resources'>;
  image: string;
  name: string;
  /** Variables, secrets too: who passes them in keeps the file to itself. */
  env: Readonly<Record<string, string>>;
  mounts: readonly Record<string, unknown>[];
  /** GPUs it is given. */
  gpus: readonly string[];
  gpuVendor: GpuVendor | null;
  /** `127.0.0.1:49152:6379`. */
  published?: string | undefined;
}

/** A service of a compose file: one container of a service recipe. Every value is data. */
export function renderContainer(input: ContainerInput): Record<string, unknown> {
  const { section, mounts, gpus, gpuVendor } = input;
  const { cpus, memory, shm_size } = section.resources;
  const env = { ...(gpuVendor === 'amd' && gpus.length > 0 ? { HIP_VISIBLE_DEVICES: gpus.join(',') } : {}), ...input.env };
  return {
    image: input.image,
    container_name: input.name,
    ...program(section.command),
    environment: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...(mounts.length === 0 ? {} : { volumes: mounts }),
    ...(input.published === undefined ? {} : { ports: [input.published] }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(memory === undefined ? {} : { mem_limit: `${parseSize(memory)}b` }),
    ...(shm_size === undefined ? {} : { shm_size: `${parseSize(shm_size)}b` }),
    ...devices(gpus, gpuVendor),
  };
}

/** A list is run as it is; text is a script for `sh`; nothing is the image's own. */
function program(command: ClientSection['command']): Record<string, unknown> {
  if (command === undefined) return {};
  const [first, ...rest] = typeof command === 'string' ? ['sh', '-c', command] : command;
  return { entrypoint: [first], ...(rest.length === 0 ? {} : { command: rest }) };
}

function devices(gpus: readonly string[], vendor: GpuVendor | null): Record<string, unknown> {
  if (gpus.length === 0) return {};
  if (vendor === 'amd') return { devices: ['/dev/kfd:/dev/kfd', '/dev/dri:/dev/dri'], group_add: ['video', 'render'] };
  return { deploy: { resources: { reservations: { devices: [{ driver: 'nvidia', device_ids: gpus, capabilities: ['gpu'] }] } } } };
}
