import { posix } from 'node:path';
import type { EnvValue, Task } from '@bench/recipe';
import { renderCompose } from '../compose/render-yaml.ts';
import {
  type Client,
  clientContainer,
  clientService,
  clientsOf,
  mountOf,
  OUTPUT_DIR,
  PASSWORD,
  serviceOf,
  type ServiceRecord,
} from './record.ts';
import { renderContainer } from './render-container.ts';

export interface ClientsInput {
  /** Of the measurement. */
  id: string;
  runId: string;
  password: string;
  /** Reads the secrets that an environment names. */
  resolve(env: Readonly<Record<string, EnvValue>>): Record<string, string>;
}

/** The compose file of one measurement's clients. It holds secrets. */
export function renderClients(task: Task, record: ServiceRecord, input: ClientsInput): string {
  const { image } = serviceOf(task);
  const clients = clientsOf(task);
  let gpus = record.clientGpus;
  const services = clients.map((client) => {
    const { section } = client;
    const own = gpus.slice(0, section.resources.gpus ?? 0);
    gpus = gpus.slice(own.length);
    return [
      clientService(client),
      renderContainer({
        section,
        image: section.image ?? image,
        name: clientContainer(record.project, input.id, client),
        env: { ...clientEnv(record, input, { client, count: clients.length }), ...input.resolve(section.env) },
        mounts: section.volumes.map((volume, i) => mountOf(volume, { hostDir: record.hostDir, copyAs: copyName(client, i) }).mount),
        gpus: own,
        gpuVendor: record.gpuVendor,
      }),
    ];
  });
  return renderCompose({ services: Object.fromEntries(services) as Record<string, unknown> });
}

/** Folders of the recipe that clients mount; replicas share one copy. */
export function clientCopies(task: Task, record: Pick<ServiceRecord, 'hostDir'>): { from: string; to: string }[] {
  const found = clientsOf(task).flatMap((client) =>
    client.section.volumes.flatMap((volume, i) => {
      const { copyTo } = mountOf(volume, { hostDir: record.hostDir, copyAs: copyName(client, i) });
      return copyTo === null ? [] : [[copyTo, posix.join(task.dir, volume.source ?? '')] as const];
    }),
  );
  return [...new Map(found)].map(([to, from]) => ({ from, to }));
}

const copyName = ({ name }: Client, volume: number) => `client-${name.split('.')[0] ?? name}-${volume}`;

/** What clients are told; the recipe's own `env` wins over it. */
function clientEnv(record: ServiceRecord, input: ClientsInput, of: { client: Client; count: number }): Record<string, string> {
  const { serviceName, servicePort } = record;
  return {
    SERVICE_NAME: serviceName,
    SERVICE_HOSTNAME: serviceName,
    ...(servicePort === null ? {} : { SERVICE_PORT: String(servicePort), SERVICE_URL: `http://${serviceName}:${servicePort}` }),
    [PASSWORD]: input.password,
    BENCHMARK_ID: input.runId,
    BENCHMARK_OUTPUT_DIR: OUTPUT_DIR,
    OUTPUT_DIR,
    CLIENT_NAME: of.client.name,
    CLIENT_INDEX: String(of.client.index),
    CLIENT_COUNT: String(of.count),
  };
}
