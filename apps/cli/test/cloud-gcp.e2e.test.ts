import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FakeGcp, type FakeGcpOptions, type FakeMachines, inProcessMachines, startFakeGcp } from '@bench/provisioning/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { type CloudUser, cloudUser, live, namespaceMachines } from './cloud.ts';
import { folder, show } from './cli.ts';

const TOKEN = 'ya29.planted-token-of-a-test-90ab';

interface Site extends CloudUser {
  cloud: FakeGcp;
}
const open: FakeGcp[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((cloud) => cloud.close()));
});

/** A user of a fake project of Google Cloud. */
async function site(options: FakeGcpOptions = {}): Promise<Site> {
  const machines = options.machines ?? inProcessMachines({ root: join(await folder(), 'machines') });
  const cloud = await startFakeGcp({ keys: [TOKEN], ...options, machines });
  open.push(cloud);
  const user = await cloudUser({ GCP_TOKEN: TOKEN, CLOUDSDK_CONFIG: join(await folder(), 'no-gcloud') });
  await writeFile(
    join(user.root, 'bench.config.yaml'),
    `providers:
  gcp:
    project: ${cloud.project}
    base_url: ${cloud.baseUrl}
    ssh_port: ${cloud.sshPort}
    access_token: {from_env: GCP_TOKEN}
    zones: {L4: [us-east1-b, us-central1-a, us-east4-b]}
    prices:
      - {machine_type: g2-standard-4, usd_per_hour: 0.71}
      - {machine_type: g2-standard-4, market: spot, usd_per_hour: 0.28}
      - {machine_type: g2-standard-24, usd_per_hour: 2}
`,
  );
  return { ...user, cloud };
}

async function recipe(root: string, name: string, yaml: string): Promise<string> {
  const dir = join(root, name);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'recipe.yaml'), yaml);
  return dir;
}

/** A program that says which GPU it has; `seconds` to be interrupted in. */
const command = (more: { seconds?: number } = {}) => `command:
  run: |
    nvidia-smi -L > $task_dir/gpus.txt
    sleep ${more.seconds ?? 0}
    printf '{"answer": 1}' > $task_dir/metrics.json
  result_files: [metrics.json, gpus.txt]
  timeout: 5m
deploy: {gpu: NVIDIA L4, gpu_count: 1}
`;
const zonesOf = ({ cloud }: Site) =>
  cloud.server.requests
    .filter(({ method, path }) => method === 'POST' && path.endsWith('/instances'))
    .map(({ path }) => /\/zones\/([^/]+)\//.exec(path)?.[1]);

/** No file of the user's holds the text. */
async function nowhere({ root }: Site, text: string): Promise<void> {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    expect([path, (await readFile(path, 'latin1')).includes(text)]).toEqual([path, false]);
  }
}

describe('a run on machines of Google Cloud that answer', () => {
  it('goes on to the next zone when the first is sold out after it had said yes; tells what it cost; gives back', async () => {
    const user = await site();
    const { cloud, bench, view, root } = user;
    cloud.soldOut('us-east1-b');
    cloud.foreign('somebodys-machine');
    const finished = await bench(['run', await recipe(root, 'speed', command()), '--on', 'gcp', '--yes', '--max-price', '1']);
    expect(finished.code, show(finished)).toBe(0);
    const run = await view();
    expect(run.problems).toEqual([]);
    expect(run.tasks).toHaveLength(1);
    expect(zonesOf(user)).toEqual(['us-east1-b', 'us-central1-a']);
    // What its disks cost nobody knows: Google Cloud's prices are without them.
    expect(show(finished)).toMatch(/cost: at least \$0\.00/);
    expect(cloud.truth()).toMatchObject({ createsLost: 0 });
    expect(live(cloud)).toEqual(['somebodys-machine']);
    expect(cloud.server.errors).toEqual([]);
    expect(show(finished)).not.toContain(TOKEN);
    await nowhere(user, TOKEN);
  });

  it('is told that a spot machine was taken away in the middle, and nothing is left', async () => {
    const user = await site();
    const { cloud, start, root } = user;
    const dir = await recipe(root, 'speed', command({ seconds: 240 }));
    const running = start(['run', dir, '--on', 'gcp', '--spot', '--yes', '--region', 'us-east1']);
    await running.saw(/command is ready/);
    const [name = ''] = live(cloud);
    cloud.soldOut('us-east1-b');
    cloud.preempt(name);
    const finished = await running.finished;
    expect(finished.code, show(finished)).not.toBe(0);
    expect(show(finished)).toMatch(/taken away|preempted/);
    expect(live(cloud)).toEqual([]);
    expect(cloud.server.errors).toEqual([]);
  });

  it('checks credentials, quotas and firewall, and lists what is offered', async () => {
    const { bench, cloud } = await site({ firewall: false });
    const checked = await bench(['check', 'gcp']);
    expect(show(checked)).toMatch(/NVIDIA_L4_GPUS us-central1/);
    expect(show(checked)).toContain('gcloud compute firewall-rules create');
    const offers = await bench(['offers', '--provider', 'gcp', '--gpu', 'l4', '--count', '1', '--json']);
    expect(offers.code, show(offers)).toBe(0);
    expect(offers.stdout).toContain('us-east1-b/g2-standard-4/on-demand');
    cloud.server.revoke(TOKEN);
    const refused = await bench(['check', 'gcp']);
    expect(show(refused)).toContain('gcloud auth');
    expect(show(checked) + show(offers) + show(refused)).not.toContain(TOKEN);
  });
});

const parts = ['netns', 'sshd', 'docker', 'compose', 'nginx'].map((name) => part(name));
const missing = parts.find((p) => !p.present);
const L4 = { name: 'NVIDIA L4', memoryMiB: 23_034 };

describe.skipIf(missing)(`a run on real hosts rented from Google Cloud${missing ? ` (${missing.skipped})` : ''}`, () => {
  let machines: FakeMachines;
  beforeAll(async () => {
    machines = await namespaceMachines(1, { gpus: [L4, L4] });
  }, 300_000);
  afterAll(() => machines.close());

  it('offers, insert, operation, SSH, compose, load, results with cost, deleted', async () => {
    const user = await site({ machines: { start: (wanted) => machines.start(wanted), close: () => Promise.resolve() } });
    const { cloud, bench, view, root } = user;
    cloud.soldOut('us-east1-b');
    const pair = `model: {random: tiny}
engine: {llm: {context_length: 512, max_concurrent_requests: 4, embedded: {}}}
deploy: {gpu: NVIDIA L4, gpu_count: 2, gpu_concurrency: 2}
benchmark: {random_input_len: 48, random_output_len: 12, num_prompts: 8, max_concurrency: 2, warmup: 1}
`;
    const finished = await bench(['run', await recipe(root, 'pair', pair), '--on', 'gcp', '--yes', '--max-price', '3']);
    expect(finished.code, show(finished)).toBe(0);
    const run = await view();
    expect(run.problems).toEqual([]);
    expect(run.live).toEqual([]);
    expect(run.tasks[0]?.points[0]?.result?.counts).toMatchObject({ sent: 8, ok: 8 });
    expect(show(finished)).toMatch(/cost: at least \$0\.\d+/);
    expect(zonesOf(user)).toEqual(['us-east1-b', 'us-central1-a']);
    expect(live(cloud)).toEqual([]);
    expect(cloud.truth().billedUsd).toBeGreaterThan(0);
    await nowhere(user, TOKEN);
  });
});
