import { join, posix } from 'node:path';
import { deploymentKey, type EnvValue, type Task } from '@bench/recipe';
import { containersProblems } from '../compose/check-compose.ts';
import { COMPOSE_FILE, composeArgv } from '../compose/compose-project.ts';
import { projectName } from '../compose/project-name.ts';
import { renderCompose } from '../compose/render-yaml.ts';
import { gpuProblems, taskGpus } from '../command/gpus.ts';
import { MASKED, maskedEnv } from '../command/env-file.ts';
import type { Problem, RenderedStep, SiteFacts } from '../contract.ts';
import { renderClients } from './render-clients.ts';
import { renderContainer } from './render-container.ts';
import { clientsFile, clientsOf, mountOf, PASSWORD, SECRETS_FILE, serviceOf, type ServiceRecord } from './record.ts';

/** Why a service recipe cannot run at a site; empty: it can. */
export function checkService(task: Task, site: SiteFacts): Problem[] {
  const name = `${task.recipe}/${task.variant}`;
  if (!task.resolved.service) return [{ code: 'BENCH_SITE_UNFIT', message: `${name}: a ${task.kind} recipe has no service` }];
  const wanted =
    (serviceOf(task).resources.gpus ?? 0) + clientsOf(task).reduce((sum, { section }) => sum + (section.resources.gpus ?? 0), 0);
  const there = taskGpus(task, site).length;
  const problems = [...containersProblems(site), ...gpuProblems(task, site)];
  if (wanted > there && problems.every(({ code }) => code !== 'BENCH_GPU_UNFIT')) {
    problems.push({
      code: 'BENCH_GPU_UNFIT',
      message: `${name}: the service and its clients need ${wanted} GPUs, and ${task.resolved.deploy.gpu === undefined ? site.site : 'deploy.gpu_count'} gives ${there}`,
      hint: 'lower resources.gpus, or raise deploy.gpu_count',
    });
  }
  if (wanted > 0 && site.gpuVendor === 'nvidia' && site.containers?.nvidiaRuntime === false) {
    problems.push({
      code: 'BENCH_GPU_RUNTIME',
      message: `${name}: Docker on ${site.site} cannot hand GPUs to containers: the NVIDIA container toolkit is missing`,
      hint: 'install nvidia-container-toolkit, then: sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker',
    });
  }
  return problems;
}

/** What the target would do. Pure: the same input gives the same bytes. */
export function planService(task: Task, site: SiteFacts): { record: ServiceRecord; steps: RenderedStep[] } {
  const service = serviceOf(task);
  const project = projectName(site.namePrefix);
  const container = `${project}-${service.name}`;
  const gpus = taskGpus(task, site);
  const own = gpus.slice(0, service.resources.gpus ?? 0);
  const port = service.port === undefined ? 0 : (site.freePorts[0] ?? service.port);
  const volumes = service.volumes.map((volume, i) => ({ volume, ...mountOf(volume, { hostDir: site.hostDir, copyAs: `service-${i}` }) }));
  const env: Record<string, EnvValue> = { ...(service.port === undefined ? {} : { PORT: String(service.port) }), ...service.env };
  const plain = Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[0] !== PASSWORD);
  const compose = renderCompose({
    services: {
      [service.name]: renderContainer({
        section: service,
        image: service.image,
        name: container,
        env: Object.fromEntries(plain),
        mounts: volumes.map(({ mount }) => mount),
        gpus: own,
        gpuVendor: site.gpuVendor,
        published: service.port === undefined ? undefined : `127.0.0.1:${port}:${service.port}`,
      }),
    },
  });
  const record: ServiceRecord = {
    id: site.deploymentId,
    target: 'service',
    key: deploymentKey(task.resolved),
    engine: { name: service.preset ?? service.name, image: service.image, model: '' },
    api: null,
    servedModel: '',
    address: '127.0.0.1',
    port,
    logPath: join(site.deploymentDir, 'service.log'),
    project,
    hostDir: site.hostDir,
    containers: { docker: site.containers?.docker ?? ['docker'], compose: site.containers?.compose ?? null },
    container,
    serviceName: service.name,
    servicePort: service.port ?? null,
    files: [{ path: COMPOSE_FILE, content: compose }],
    secretEnv: Object.fromEntries(Object.entries(env).filter(([name, value]) => typeof value !== 'string' || name === PASSWORD)),
    copies: volumes.flatMap(({ volume, copyTo }) => (copyTo === null ? [] : [{ from: join(task.dir, volume.source ?? ''), to: copyTo }])),
    gpuVendor: site.gpuVendor,
    clientGpus: gpus.slice(own.length),
  };
  return { record, steps: steps(task, record) };
}

function steps(task: Task, record: ServiceRecord): RenderedStep[] {
  const { containers, project, hostDir } = record;
  const service = serviceOf(task);
  const clients = clientsOf(task);
  const compose = (extra: readonly string[], command: readonly string[]) =>
    composeArgv({ containers, project, dir: hostDir }, extra, command);
  const file = (path: string, content: string, description: string): RenderedStep => ({
    kind: 'file',
    description,
    path: posix.join(hostDir, path),
    content,
  });
  const secrets = { [PASSWORD]: MASKED, ...maskedEnv(record.secretEnv) };
  const images = new Set([service.image, ...clients.map(({ section }) => section.image ?? service.image)]);
  return [
    ...record.files.map(({ path, content }) => file(path, content, `write ${path}`)),
    file(SECRETS_FILE, renderSecrets(record, { ...secrets, [PASSWORD]: MASKED }), 'write the generated password and secrets, mode 0600'),
    ...record.copies.map(({ from, to }): RenderedStep => ({ kind: 'command', description: 'copy to the host', argv: ['put', from, to] })),
    ...[...images].map((image): RenderedStep => ({
      kind: 'command',
      description: 'pull the image, unless it is there',
      argv: [...containers.docker, 'pull', '--', image],
    })),
    { kind: 'command', description: `start ${service.name}`, argv: compose([SECRETS_FILE], ['up', '-d', '--no-build']) },
    ready(service.ready, record),
    ...(service.prepare === undefined
      ? []
      : [
          {
            kind: 'command' as const,
            description: 'prepare',
            argv: [...containers.docker, 'exec', record.container, 'sh', '-c', service.prepare],
          },
        ]),
    ...(clients.length === 0
      ? []
      : [
          file(
            clientsFile('<measurement>'),
            renderClients(task, record, { id: '<measurement>', runId: '<run>', password: MASKED, resolve: maskedEnv }),
            'write the clients, mode 0600',
          ),
          {
            kind: 'command' as const,
            description: 'start the clients at once',
            argv: compose([clientsFile('<measurement>')], ['up', '--no-start', '--no-build']),
          },
        ]),
  ];
}

function ready(asked: ReturnType<typeof serviceOf>['ready'], record: ServiceRecord): RenderedStep {
  if (asked && 'http' in asked) {
    return {
      kind: 'http',
      description: 'wait until it answers 2xx',
      method: 'GET',
      url: `http://${record.address}:${record.port}${asked.http}`,
    };
  }
  const { docker } = record.containers;
  if (asked && 'log' in asked) {
    return {
      kind: 'command',
      description: `wait until its log holds ${JSON.stringify(asked.log)}`,
      argv: [...docker, 'logs', '--follow', record.container],
    };
  }
  const port = asked && asked.tcp !== true ? asked.tcp : record.servicePort;
  return {
    kind: 'command',
    description: `wait until it listens on port ${port ?? 0}`,
    argv: [...docker, 'exec', record.container, 'cat', '/proc/net/tcp', '/proc/net/tcp6'],
  };
}

/** The override with the variables of the service that are secrets. */
export function renderSecrets(record: ServiceRecord, env: Readonly<Record<string, string>>): string {
  return renderCompose({
    services: { [record.serviceName]: { environment: Object.entries(env).map(([name, value]) => `${name}=${value}`) } },
  });
}
