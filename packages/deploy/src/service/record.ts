import { posix } from 'node:path';
import type { GpuVendor } from '@bench/core';
import type { ClientSection, EnvValue, ServiceSection, Task } from '@bench/recipe';
import { BenchError } from '@bench/core';
import type { ProjectFile } from '../compose/compose-project.ts';
import type { ContainerFacts, DeploymentRecord } from '../contract.ts';

/** What the service target adds to a record: all that another process needs to go on with it, or to end it. No secret. */
export interface ServiceRecord extends DeploymentRecord {
  /** Label of all that is made. */
  project: string;
  /** Folder on the host for its files. */
  hostDir: string;
  containers: Pick<ContainerFacts, 'docker' | 'compose'>;
  /** Its container's name. */
  container: string;
  /** Name that clients reach it by, and its service in the compose file. */
  serviceName: string;
  /** Port inside the container; null: it has none. */
  servicePort: number | null;
  /** `compose.yaml`. */
  files: readonly ProjectFile[];
  /** Variables of the service that are read when it starts. */
  secretEnv: Readonly<Record<string, EnvValue>>;
  /** Folders of the recipe that are copied to the host. */
  copies: readonly { from: string; to: string }[];
  gpuVendor: GpuVendor | null;
  /** GPUs left for clients. */
  clientGpus: readonly string[];
}

/** Override of the compose file with the service's variables that are secrets; mode 0600. */
export const SECRETS_FILE = 'secret-env.yaml';
/** The generated password, for whoever adopts the deployment; mode 0600. */
export const PASSWORD_FILE = 'password';
export const PASSWORD = 'SERVICE_PASSWORD';
/** Where a client's output folder is in its container. */
export const OUTPUT_DIR = '/bench/output';

/** One container of a kind of client. */
export interface Client {
  /** `load`, or `load.0`, `load.1` when there are several; its folder below `clients/` too. */
  name: string;
  /** Position among all clients, from 0. */
  index: number;
  section: ClientSection;
}

/** The service of a task. @throws BenchError `BENCH_SITE_UNFIT` for a recipe of another kind. */
export function serviceOf(task: Task): ServiceSection & { name: string; image: string } {
  const { service } = task.resolved;
  if (!service) throw new BenchError({ code: 'BENCH_SITE_UNFIT', message: `${task.recipe}: a ${task.kind} recipe has no service` });
  return { ...service, name: service.name ?? 'service', image: service.image ?? '' };
}

/** What a service is called in a sentence: one that its recipe gives no name is `the service`. */
export function serviceText({ serviceName }: Pick<ServiceRecord, 'serviceName'>): string {
  return serviceName === 'service' ? 'the service' : `service ${serviceName}`;
}

/** Every client of a task, each kind so many times as it says. */
export function clientsOf(task: Task): Client[] {
  const each = Object.entries(task.resolved.clients ?? {}).flatMap(([kind, section]) =>
    Array.from({ length: section.replicas }, (_, i) => ({ name: section.replicas === 1 ? kind : `${kind}.${i}`, section })),
  );
  return each.map((client, index) => ({ ...client, index }));
}

/** Service of a client in the compose file; a dot is in no service's name. */
export const clientService = (client: Pick<Client, 'name'>) => `client.${client.name}`;
/** Container of a client in one measurement. */
export const clientContainer = (project: string, id: string, client: Pick<Client, 'name'>) => `${project}-${id}-${client.name}`;
/** The compose file of one measurement's clients; mode 0600, as secrets are in it. */
export const clientsFile = (id: string) => `clients-${id}.yaml`;

type Volume = ServiceSection['volumes'][number];

/** A volume as compose takes it. A folder named relative to the recipe is copied to the host first. */
export function mountOf(
  volume: Volume,
  place: { hostDir: string; copyAs: string },
): { mount: Record<string, unknown>; copyTo: string | null } {
  const { source, target, read_only } = volume;
  if (source === null) return { mount: { type: 'volume', target }, copyTo: null };
  const copyTo = posix.isAbsolute(source) ? null : posix.join(place.hostDir, 'volumes', place.copyAs);
  return { mount: { type: 'bind', source: copyTo ?? source, target, ...(read_only ? { read_only: true } : {}) }, copyTo };
}
