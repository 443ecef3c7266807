import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FakeCloudrift, type FakeMachines, inProcessMachines, noMachines, startFakeCloudrift } from '@bench/provisioning/testing';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { folder, show, untilNone } from './cli.ts';
import { type CloudUser, cloudUser, live, namespaceMachines } from './cloud.ts';
import { killAt, kindsIn, type Moment, MOMENTS } from './moments.ts';

const KEY = 'rift_planted-key-of-a-test-9c2e';
const STRANGER = 'bench-zzzzzz-r000000000-0';
/** A life and a clean-up that waits for a create whose answer nobody got, several at once on a busy computer. */
const LIMIT_MS = 400_000;

/** A fake CloudRift with a stranger's machine in it. */
async function crowdedCloud(test: TestContext, machines?: FakeMachines): Promise<FakeCloudrift> {
  const cloud = await startFakeCloudrift({
    keys: [KEY],
    misbehave: ['late-visible', 'late-ports', 'empty-terminated'],
    machines: machines ?? inProcessMachines({ root: join(await folder(), 'machines') }),
  });
  test.onTestFinished(() => cloud.close());
  cloud.foreign(STRANGER);
  return cloud;
}

const userOf = (cloud: FakeCloudrift): Promise<CloudUser> => cloudUser({ CLOUDRIFT_API_URL: cloud.server.url, CLOUDRIFT_API_KEY: KEY });

async function recipe(root: string, text: string): Promise<string> {
  const dir = join(root, 'recipe');
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'recipe.yaml'), text);
  return dir;
}

const command = (seconds: number) => `command:
  run: |
    sleep ${seconds}
    echo '{"done": 1}' > $task_dir/metrics.json
  result_files: [metrics.json]
  timeout: 2m
deploy: {gpu: RTX 4090, gpu_count: 1}
`;

/** gc finds what is left, ends it, and nothing else. */
async function cleanUp(user: CloudUser, cloud: FakeCloudrift, others: readonly string[] = [STRANGER]): Promise<void> {
  const collected = await user.bench(['gc']);
  expect(collected.code, show(collected)).toBe(0);
  expect(live(cloud).toSorted()).toEqual([...others].toSorted());
  expect(cloud.truth().terminates.filter(({ name }) => others.includes(name ?? ''))).toEqual([]);
  const again = await user.bench(['gc', '--json']);
  expect(JSON.parse(again.stdout), show(again)).toMatchObject({ ended: [], alive: [], unresolved: [], exitCode: 0 });
}

// Each has a cloud and users of its own, and most of their time they wait.
describe.concurrent('nothing is left by a run that was killed', { timeout: LIMIT_MS }, () => {
  it.for(MOMENTS)('at $event of the $in', async (moment, test) => {
    const cloud = await crowdedCloud(test);
    const user = await userOf(cloud);
    const running = user.start(['run', await recipe(user.root, command(1)), '--on', 'cloudrift', '--yes']);
    await killAt(user, running, moment);
    await cleanUp(user, cloud);
  });

  it('while it looks for a machine whose create was never answered', async (test) => {
    const cloud = await crowdedCloud(test);
    cloud.server.fail({ match: /instances\/rent/, times: 1, how: 'reset-after' });
    const user = await userOf(cloud);
    const running = user.start(['run', await recipe(user.root, command(1)), '--on', 'cloudrift', '--yes']);
    await killAt(user, running, { in: 'ledger', event: 'unknown' });
    expect(cloud.truth()).toMatchObject({ createsAcknowledged: 0, createsLost: 1 });
    await cleanUp(user, cloud);
  });

  it('these are all the kinds of events that a run writes', async (test) => {
    const cloud = await crowdedCloud(test);
    const user = await userOf(cloud);
    const finished = await user.bench(['run', await recipe(user.root, command(0)), '--on', 'cloudrift', '--yes']);
    expect(finished.code, show(finished)).toBe(0);
    for (const file of ['ledger', 'journal'] as const) {
      const known = MOMENTS.filter((moment) => moment.in === file).map(({ event }) => event);
      expect([...(await kindsIn(user, file))].toSorted()).toEqual(known.toSorted());
    }
    expect(live(cloud)).toEqual([STRANGER]);
  });

  it("one user's gc leaves the live machine of another alone", async (test) => {
    const cloud = await crowdedCloud(test);
    const [a, b] = [await userOf(cloud), await userOf(cloud)];
    const working = b.start(['run', await recipe(b.root, command(100)), '--on', 'cloudrift', '--yes']);
    await working.saw(/command is ready/);
    const theirs = live(cloud);
    const running = a.start(['run', await recipe(a.root, command(100)), '--on', 'cloudrift', '--yes']);
    await killAt(a, running, { in: 'journal', event: 'point_started' });
    await cleanUp(a, cloud, theirs);
    // Nor does one's own, from another terminal.
    const own = await b.bench(['gc']);
    expect(own.code, show(own)).toBe(0);
    expect(live(cloud).toSorted()).toEqual(theirs.toSorted());
    working.child.kill('SIGINT');
    await working.finished;
    expect(live(cloud)).toEqual([STRANGER]);
  });
});

const parts = ['netns', 'sshd', 'docker', 'compose', 'nginx'].map((name) => part(name));
const missing = parts.find((p) => !p.present);
const RTX4090 = { name: 'NVIDIA GeForce RTX 4090', memoryMiB: 24_564 };
/** While containers come up, and in the middle of a load. */
const ON_HOSTS: readonly (Moment & { loading: boolean })[] = [
  { in: 'journal', event: 'deployment_started', loading: false },
  { in: 'journal', event: 'point_started', loading: true },
];
/** Longer than anybody waits for the load to begin. */
const LOADED = `model: {random: tiny}
engine: {llm: {context_length: 512, max_concurrent_requests: 4, embedded: {}}}
deploy: {gpu: RTX 4090, gpu_count: 1}
benchmark: {random_input_len: 48, random_output_len: 200, num_prompts: 20000, max_concurrency: 2}
`;

/** Processes of this computer, and so of its namespaces, that send load for the user's run. */
async function loadClients(user: CloudUser): Promise<number[]> {
  const runs = await readdir(user.out).catch(() => []);
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (runs.some((run) => line.includes(`/bench/runs/${run}/load/`))) found.push(Number(name));
  }
  return found;
}

describe.skipIf(missing)(`on real hosts${missing ? ` (${missing.skipped})` : ''}`, () => {
  const paper = noMachines();
  let machines: FakeMachines;
  beforeAll(async () => {
    machines = await namespaceMachines(ON_HOSTS.length, { gpus: [RTX4090] });
  }, 300_000);
  afterAll(() => machines.close());

  it.for(ON_HOSTS)('at $event of the $in', { timeout: LIMIT_MS }, async (moment, test) => {
    // Whoever brings no key logs in nowhere: the stranger takes no host.
    const cloud = await crowdedCloud(test, {
      start: (wanted) => (wanted.publicKeys.length === 0 ? paper : machines).start(wanted),
      close: () => Promise.resolve(),
    });
    const user = await userOf(cloud);
    const running = user.start(['run', await recipe(user.root, LOADED), '--on', 'cloudrift', '--yes']);
    await killAt(user, running, moment, moment.loading ? async () => (await loadClients(user)).length > 0 : undefined);
    await cleanUp(user, cloud);
    expect(await untilNone(() => loadClients(user))).toEqual([]);
  });
});
