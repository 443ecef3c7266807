import { parseRecipe, type Task } from '@bench/recipe';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { RenderedStep, SiteFacts } from '../contract.ts';
import { testSite } from '../testing/site.ts';
import { serviceTarget } from './index.ts';
import { listeningPorts } from './ready.ts';

const CONTAINERS = {
  docker: ['docker'],
  dockerVersion: '28',
  compose: { argv: ['docker', 'compose'], version: '2.30', flavour: 'v2' },
  nvidiaRuntime: true,
} as const;
const NASTY = `it's "quoted" $(touch x) \`id\` $HOME $$ ; rm -rf / \\ \n second: line # no \u2028 é`;
const target = serviceTarget();

const site = (more: Partial<SiteFacts> = {}) =>
  testSite({ deploymentDir: '/run/d1', hostDir: '/host/d1', freePorts: [40_001], containers: CONTAINERS, ...more });
const task = (recipe: Record<string, unknown>) =>
  parseRecipe(JSON.stringify(recipe), { file: '/recipes/r/recipe.yaml', dir: '/recipes/r' }).tasks[0] as Task;
const files = (steps: readonly RenderedStep[]) =>
  Object.fromEntries(steps.flatMap((step) => (step.kind === 'file' ? [[step.path.split('/').at(-1), step.content]] : [])));

/** As compose reads it: `$$` is a dollar. */
const composed = (text: string) =>
  (JSON.parse(JSON.stringify(parse(text, { version: '1.1' }))) as { services: Record<string, Record<string, unknown>> }).services;
const undollar = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll('$$', '$'));

describe('the plan of a service', () => {
  const t = task({
    service: {
      name: 'store',
      image: 'example/store:1',
      port: 7000,
      command: NASTY,
      env: { E: NASTY, S: { from_env: 'MY_SECRET' } },
      volumes: ['/abs:/a:ro', 'mine:/m', '/cache'],
      resources: { cpus: 1.5, memory: '1GiB', shm_size: '64MiB' },
      prepare: NASTY,
    },
    clients: {
      load: { command: ['run', NASTY], env: { C: NASTY, T: { from_env: 'OTHER' } }, replicas: 2 },
      own: { image: 'example/client:2' },
    },
  });

  it('keeps every value as it is', () => {
    const { steps, record } = target.plan(t, site());
    const written = files(steps);
    expect(undollar(composed(written['compose.yaml'] ?? '')['store'])).toEqual({
      image: 'example/store:1',
      container_name: 'bench-test-d1-store',
      entrypoint: ['sh'],
      command: ['-c', NASTY],
      environment: ['PORT=7000', `E=${NASTY}`],
      volumes: [
        { type: 'bind', source: '/abs', target: '/a', read_only: true },
        { type: 'bind', source: '/host/d1/volumes/service-1', target: '/m' },
        { type: 'volume', target: '/cache' },
      ],
      ports: ['127.0.0.1:40001:7000'],
      cpus: 1.5,
      mem_limit: '1073741824b',
      shm_size: '67108864b',
    });
    const clients = composed(written['clients-<measurement>.yaml'] ?? '');
    expect(Object.keys(clients)).toEqual(['client.load.0', 'client.load.1', 'client.own']);
    expect(undollar(clients['client.load.1'])).toMatchObject({ entrypoint: ['run'], command: [NASTY] });
    expect(undollar(clients['client.load.1']?.['environment'])).toEqual(
      expect.arrayContaining([
        `C=${NASTY}`,
        'T=***',
        'CLIENT_NAME=load.1',
        'CLIENT_INDEX=1',
        'CLIENT_COUNT=3',
        'SERVICE_URL=http://store:7000',
      ]),
    );
    expect(clients['client.own']).toMatchObject({ image: 'example/client:2' });
    expect(record).toMatchObject({
      address: '127.0.0.1',
      port: 40_001,
      copies: [{ from: '/recipes/r/mine', to: '/host/d1/volumes/service-1' }],
    });
  });

  it('holds no secret, and is the same each time', () => {
    const { steps, record } = target.plan(t, site());
    expect(target.plan(t, site())).toEqual({ steps, record });
    expect(composed(files(steps)['secret-env.yaml'] ?? '')['store']).toEqual({ environment: ['SERVICE_PASSWORD=***', 'S=***'] });
    expect(JSON.stringify(record)).not.toMatch(/SERVICE_PASSWORD|sk-bench/);
    expect(steps.flatMap((step) => (step.kind === 'command' ? [step.argv.join(' ').split('\n')[0]] : []))).toEqual([
      'put /recipes/r/mine /host/d1/volumes/service-1',
      'docker pull -- example/store:1',
      'docker pull -- example/client:2',
      'docker compose --project-name bench-test-d1 --project-directory /host/d1 --file /host/d1/compose.yaml --file /host/d1/secret-env.yaml up -d --no-build',
      'docker exec bench-test-d1-store cat /proc/net/tcp /proc/net/tcp6',
      `docker exec bench-test-d1-store sh -c ${NASTY.split('\n')[0] ?? ''}`,
      'docker compose --project-name bench-test-d1 --project-directory /host/d1 --file /host/d1/compose.yaml --file /host/d1/clients-<measurement>.yaml up --no-start --no-build',
    ]);
  });

  it('splits the GPUs between service and clients, and refuses fewer', () => {
    const gpus = ['0', '1', '2'].map((id) => ({ id, name: 'NVIDIA L40S' }));
    const wants = task({
      service: { image: 'a:1', port: 1, resources: { gpus: 2 } },
      clients: { c: { command: 'true', resources: { gpus: 1 } } },
      deploy: { gpu: 'NVIDIA L40S', gpu_count: 3 },
    });
    const here = site({ gpus, gpuVendor: 'nvidia' });
    expect(target.check(wants, here)).toEqual([]);
    const written = files(target.plan(wants, here).steps);
    const reserved = (text: string | undefined, name: string) =>
      (composed(text ?? '')[name] as { deploy: { resources: { reservations: { devices: { device_ids: string[] }[] } } } }).deploy.resources
        .reservations.devices[0]?.device_ids;
    expect(reserved(written['compose.yaml'], 'service')).toEqual(['0', '1']);
    expect(reserved(written['clients-<measurement>.yaml'], 'client.c')).toEqual(['2']);
    expect(target.check(wants, { ...here, gpus: gpus.slice(1) })).toMatchObject([
      { code: 'BENCH_GPU_UNFIT', message: expect.stringContaining('needs 3× ') as string },
    ]);
    const many = task({
      service: { image: 'a:1', port: 1, resources: { gpus: 4 } },
      clients: {},
      deploy: { gpu: 'NVIDIA L40S', gpu_count: 3 },
    });
    expect(target.check(many, here)).toMatchObject([
      { code: 'BENCH_GPU_UNFIT', message: expect.stringContaining('need 4 GPUs, and deploy.gpu_count gives 3') as string },
    ]);
  });

  it('needs containers', () => {
    expect(target.check(t, site({ containers: null }))).toMatchObject([{ code: 'BENCH_DOCKER_MISSING' }]);
    expect(target.check(task({ command: { run: 'true' } }), site())).toMatchObject([{ code: 'BENCH_SITE_UNFIT' }]);
  });
});

it('reads which ports a container listens on', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:18EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000   998        0 1 1 0
   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3 1 0
`;
  expect([...listeningPorts(table)]).toEqual([6379, 8081]);
});
