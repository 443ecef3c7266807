import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BatchState, type BatchStateName, parseBatchState } from '@bench/core';
import { slurmOptions } from '@bench/provisioning/slurm';
import { type SlurmCluster, startSlurm } from '@bench/test-machines';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { API_KEY, layDown, planFor, taskOf } from './testing/batch-node.ts';
import type { BatchPlan } from './types.ts';

const absent = [part('slurm'), part('netns'), part('sshd')].some(({ present }) => !present);

describe.skipIf(absent)('jobs of a real Slurm', () => {
  let cluster: SlurmCluster;
  let runs = 0;
  beforeAll(async () => {
    cluster = await startSlurm({ nodes: 2 });
  }, 120_000);
  afterAll(() => cluster?.close());

  async function submit(recipe: object, { clients = true, limitS }: { clients?: boolean; limitS?: number } = {}) {
    runs += 1;
    const plan = planFor(taskOf(JSON.stringify(recipe)), {
      remoteDir: cluster.shared,
      place: { remoteDir: cluster.shared, runId: `r${runs}`, deploymentId: 'd1' },
      ...(limitS === undefined ? {} : { limitOf: () => limitS }),
    });
    await layDown(plan);
    const ids: string[] = [];
    for (const job of clients ? plan.jobs : plan.jobs.slice(0, 1)) {
      const options = [
        '--parsable',
        '--no-requeue',
        '--export=NONE',
        `--output=${plan.record.folder}/${job.log}`,
        ...slurmOptions(job.directives),
      ];
      const after = ids[0] === undefined ? [] : [`--dependency=after:${ids[0]}`];
      const { stdout } = await cluster.run(['sbatch', ...options, ...after], { stdin: job.script });
      ids.push(stdout.trim());
    }
    return { plan, ids };
  }

  async function until<Name extends BatchStateName>(plan: BatchPlan, name: Name, timeout = 60_000): Promise<BatchState<Name>> {
    const read = async () => parseBatchState(name, await readFile(join(plan.record.folder, 'state', name), 'utf8').catch(() => ''));
    await expect
      .poll(read, { timeout })
      .not.toBeNull()
      .catch(async (error: unknown) => {
        const { stdout } = await cluster.run(['scontrol', 'show', 'job']);
        throw new Error(`no ${name}\n${stdout}\n${await readFile(join(plan.record.folder, 'service.out'), 'utf8').catch(() => '')}`, {
          cause: error,
        });
      });
    return (await read()) as BatchState<Name>;
  }

  const inference = (slurm: object = {}) => ({
    model: { huggingface: 'org/m' },
    engine: { llm: { noded: {} } },
    deploy: { gpu: 'NVIDIA A100 80GB' },
    slurm: { runtime: 'none', ...slurm },
  });

  it('a service on GPUs is reached by its clients from another node, and they end it', async () => {
    const serve =
      'exec node -e \'require("node:http").createServer((q, r) => r.end(process.env.CUDA_VISIBLE_DEVICES)).listen(Number(process.env.PORT))\'';
    const { plan } = await submit({
      service: { image: 'x:1', command: serve, port: 80, resources: { gpus: 2 } },
      clients: {
        load: {
          replicas: 2,
          command:
            'hostname > "$OUTPUT_DIR/node"; exec node -e \'fetch(process.env.SERVICE_URL).then((r) => r.text()).then((t) => require("fs").writeFileSync(process.env.OUTPUT_DIR + "/gpus", t))\'',
        },
      },
      slurm: { runtime: 'none', partition: 'gpu', clients: { partition: 'cpu' } },
    });
    expect(await until(plan, 'service.exit')).toMatchObject({ reason: 'stopped: clients are done' });
    const files = (i: number, name: string) => readFile(join(plan.record.folder, `clients/${i}/0/${name}`), 'utf8');
    expect(await Promise.all([files(0, 'gpus'), files(1, 'gpus'), files(0, 'node')])).toEqual(['0,1', '0,1', 'cpu0\n']);
    expect((await until(plan, 'service.announced')).hosts[0]).toMatch(/^gpu\d$/);
    expect(await until(plan, 'service.running')).toMatchObject({ node: expect.stringMatching(/^gpu\d$/) as string });
  });

  it('a service that is cancelled lets its engine end, and says so', async () => {
    const { plan, ids } = await submit(inference(), { clients: false });
    await until(plan, 'service.ready');
    await cluster.run(['scancel', ...ids]);
    expect(await until(plan, 'service.exit')).toMatchObject({ reason: 'cancelled' });
    await expect.poll(() => readFile(join(plan.record.folder, 'engine.log'), 'utf8')).toContain('got TERM');
  });

  it('a service that is told of its time limit ends before it', async () => {
    const { plan, ids } = await submit(inference({ time_limit: 600 }), { clients: false });
    await until(plan, 'service.ready');
    // What `--signal=B:USR1@…` does when the time comes: the script alone hears of it.
    await cluster.run(['scancel', '--batch', '--signal=USR1', ...ids]);
    expect(await until(plan, 'service.exit')).toMatchObject({ reason: 'time limit' });
    await expect.poll(() => readFile(join(plan.record.folder, 'engine.log'), 'utf8')).toContain('got TERM');
  });

  it('a service in a partition of a minute gets up, and ends before Slurm ends it', async () => {
    const { plan, ids } = await submit(inference({ partition: 'short' }), { clients: false, limitS: 60 });
    await until(plan, 'service.ready');
    expect(await until(plan, 'service.exit', 120_000)).toMatchObject({ reason: 'time limit' });
    await expect.poll(() => readFile(join(plan.record.folder, 'engine.log'), 'utf8')).toContain('got TERM');
    // Slurm has nothing to say of its limit: the script was done before it.
    const job = async () => (await cluster.run(['scontrol', 'show', 'job', ...ids])).stdout;
    await expect.poll(job, { timeout: 60_000 }).toMatch(/JobState=FAILED .*[^]*ExitCode=124:0/);
  }, 200_000);

  it('GPUs that a recipe asks for by their number are what its engine sees', async () => {
    const recipe = {
      ...inference(),
      engine: { llm: { tensor_parallel_size: 2, noded: {} } },
      deploy: { gpu: 'NVIDIA A100 80GB', gpu_count: 2 },
    };
    const { plan, ids } = await submit(recipe, { clients: false });
    expect(plan.jobs[0]?.directives).toMatchObject({ gres: 'gpu:2' });
    const { port } = await until(plan, 'service.announced');
    await until(plan, 'service.ready');
    const { node } = await until(plan, 'service.running');
    const answer = await fetch(`http://${cluster.node(node).address}:${port}/`, { headers: { authorization: `Bearer ${API_KEY}` } });
    expect(((await answer.json()) as { env: object }).env).toMatchObject({ CUDA_VISIBLE_DEVICES: '0,1' });
    await cluster.run(['scancel', ...ids]);
    await until(plan, 'service.exit');
  });
});
