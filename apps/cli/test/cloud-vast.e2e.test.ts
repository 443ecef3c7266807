import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FakeVastOptions, inProcessMachines, processContainers, startFakeVast } from '@bench/provisioning/testing';
import type { JournalLine } from '@bench/results';
import { describe, expect, it } from 'vitest';
import { bench, folder, show, start } from './cli.ts';

const KEY = 'planted-account-key-5f2a9c81d0';
const IMAGE = 'registry.example/embedded-engine:1';
const ENGINE = fileURLToPath(new URL('../../../packages/embedded-engine/dist/bin.js', import.meta.url));

/** An account whose containers are the embedded engine, and whose virtual machines are folders of this computer. */
async function account(options: FakeVastOptions = {}) {
  const root = await folder();
  const runs = join(root, 'runs');
  const fake = await startFakeVast({
    keys: [KEY],
    misbehave: ['intervals', 'late-ports'],
    containers: processContainers({ [IMAGE]: [process.execPath, ENGINE, '--exit-on-stdin-end', '--cache-dir', join(root, 'models')] }),
    machines: inProcessMachines({ root: join(root, 'machines') }),
    ...options,
  });
  const env = {
    VAST_API_KEY: KEY,
    VAST_URL: fake.server.url,
    XDG_STATE_HOME: join(root, 'state'),
    XDG_CONFIG_HOME: join(root, 'config'),
    HF_TOKEN: '',
  };
  const recipe = async (name: string, yaml: string): Promise<string> => {
    const dir = join(root, name);
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, 'recipe.yaml'), yaml);
    return dir;
  };
  return {
    root,
    runs,
    fake,
    env,
    flags: (...more: string[]) => ['--on', 'vast', '--max-price', '1', '--disk', '50', '--yes', '--out', runs, ...more],
    recipe,
    engineRecipe: (requests = 8, outputLen = 16) =>
      recipe(
        'rented',
        `model: {random: tiny}
engine: {llm: {context_length: 512, max_concurrent_requests: 4, embedded: {image: '${IMAGE}'}}}
deploy: {gpu: NVIDIA GeForce RTX 4090}
benchmark: {random_input_len: 64, random_output_len: ${outputLen}, num_prompts: ${requests}, warmup: 2, sweep: {max_concurrency: [1, 2]}}
`,
      ),
    journal: async (): Promise<JournalLine[]> => {
      const run = (await readdir(runs))[0] as string;
      const lines = (await readFile(join(runs, run, 'journal.jsonl'), 'utf8')).trim().split('\n');
      return lines.map((line) => JSON.parse(line) as JournalLine);
    },
    nothingLeft: () => {
      expect(fake.instances()).toEqual([]);
      expect(fake.truth().live).toEqual([]);
      expect(fake.server.errors).toEqual([]);
    },
  };
}

/** Every file below a folder, with its name. */
async function everything(dir: string): Promise<[string, string][]> {
  const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  return Promise.all(
    files.map(
      async ({ parentPath, name }) => [join(parentPath, name), await readFile(join(parentPath, name), 'latin1')] as [string, string],
    ),
  );
}

// Most of their time they wait for what a provider takes its time for.
describe.concurrent('bench run --on vast', () => {
  it('rents a container that is the engine, measures it, tells what it cost, and ends it', async ({ onTestFinished }) => {
    const { root, runs, fake, env, flags, engineRecipe, journal, nothingLeft } = await account();
    onTestFinished(() => fake.close());
    const { code, stdout, stderr } = await bench(['run', await engineRecipe(), ...flags()], { env });
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('random-tiny');
    nothingLeft();
    expect(fake.made).toHaveLength(1);
    expect(fake.destroyed).toEqual(fake.made);
    const status = JSON.parse((await bench(['status', 'latest', '--out', runs, '--json'], { env })).stdout) as {
      cost?: { usd?: number | null };
    };
    expect(status).toMatchObject({ status: 'done', exitCode: 0, tasks: [{ status: 'done' }], problems: [] });
    expect(status.cost?.usd).toBeGreaterThan(0);
    const events = await journal();
    const points = events.filter(({ type }) => type === 'point_finished');
    expect(points).toHaveLength(2);
    const files = await everything(join(root, 'runs'));
    const results = files.filter(([path]) => /points\/\d+\/\d+\/result\.json$/.test(path)).map(([, text]) => text);
    expect(results).toHaveLength(2);
    for (const text of results) expect(text).toMatch(/"tunnelled"[^}]*over the internet/);
    // The account's key, the instance's and the engine's are nowhere.
    const key = /sk-bench-[0-9a-f]{48}|instance-key-\d+/;
    for (const [path, text] of [...files, ...(await everything(join(root, 'state'))), ['output', stdout + stderr] as const])
      expect([path, key.test(text) || text.includes(KEY)]).toEqual([path, false]);
  });

  it('takes the next offer when one is gone or leaves a machine behind, and another machine when somebody bids more in the middle', async ({
    onTestFinished,
  }) => {
    const { fake, env, flags, engineRecipe, journal, nothingLeft } = await account({ tricks: { taken: 1, failedBid: 1 } });
    onTestFinished(() => fake.close());
    const run = start(['run', await engineRecipe(40, 200), ...flags('--spot')], { env });
    await run.saw('it did not win');
    await run.saw('is up and answers');
    await run.saw(/c=1 /);
    fake.outbid(fake.instances().at(-1)?.label ?? '');
    const { code, stderr } = await run.finished;
    expect(code, stderr).toBe(0);
    expect((await journal()).some((event) => event.type === 'machine_lost')).toBe(true);
    nothingLeft();
    // One that failed and left a machine, one that was taken away, and one that was measured to the end.
    expect(fake.made).toHaveLength(3);
    expect(new Set(fake.destroyed.map(({ id }) => id))).toEqual(new Set(fake.made.map(({ id }) => id)));
    const { machines } = JSON.parse((await bench(['ledger', '--all', '--json'], { env })).stdout) as {
      machines: { state: string }[];
    };
    expect(machines.map(({ state }) => state).toSorted()).toEqual(['gone', 'gone', 'gone', 'refused']);
    // Two deployments, one of them twice, and a loss that is noticed by looking.
  }, 300_000);

  it('a kill in the middle, then gc, leaves nothing', async ({ onTestFinished }) => {
    const { fake, env, flags, engineRecipe } = await account();
    onTestFinished(() => fake.close());
    const run = start(['run', await engineRecipe(100, 200), ...flags()], { env });
    await run.saw(/c=1 /);
    run.child.kill('SIGKILL');
    await run.finished;
    expect(fake.instances()).toHaveLength(1);
    const foreign = fake.foreign('somebodys-machine');
    const gc = await bench(['gc'], { env });
    expect(gc.code, show(gc)).toBe(0);
    expect(fake.instances().map(({ id }) => id)).toEqual([foreign]);
  });

  it('refuses what cannot be a container before anything is rented', async ({ onTestFinished }) => {
    const { fake, env, flags, recipe } = await account();
    onTestFinished(() => fake.close());
    const command = await recipe('echo', 'command: {run: "echo hi"}\ndeploy: {gpu: NVIDIA GeForce RTX 4090}\n');
    const { code, stderr } = await bench(['run', command, ...flags()], { env });
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringMatching(/--workload vm/) as string });
    expect(fake.made).toEqual([]);
  });

  it('runs a command on a virtual machine', async ({ onTestFinished }) => {
    const { fake, env, flags, recipe, nothingLeft } = await account();
    onTestFinished(() => fake.close());
    const command = await recipe(
      'echo',
      `command:
  run: |
    echo '{"answer": {"value": 42, "unit": "x"}}' > "$task_dir/metrics.json"
  result_files: [metrics.json]
deploy: {gpu: NVIDIA GeForce RTX 4090}
`,
    );
    const { code, stdout, stderr } = await bench(['run', command, ...flags('--workload', 'vm')], { env });
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('42');
    expect(fake.sshKeys).toHaveLength(1);
    nothingLeft();
  });
});

describe.concurrent('bench deploy on a rented machine', () => {
  it('leaves an engine up that others find: status, logs, its answer, gc leaves it, teardown ends it', async ({ onTestFinished }) => {
    const { root, runs, fake, env, engineRecipe, nothingLeft } = await account();
    onTestFinished(() => fake.close());
    const limits = ['--max-price', '1', '--disk', '50', '--yes', '--out', runs];
    const deployed = await bench(['deploy', 'vast', await engineRecipe(), ...limits], { env });
    expect(deployed.code, show(deployed)).toBe(0);
    const [instance] = fake.instances();
    expect(fake.instances()).toHaveLength(1);
    const said = deployed.stdout;
    expect(said).toContain(`stays up on ${instance?.label}, open to the internet`);
    expect(said).toMatch(/costs: +\$0\.\d+\/h at vast; kept until \d{4}-/);
    // The lines that are printed work when they are pasted.
    const url = /base URL: +(\S+)/.exec(said)?.[1] ?? '';
    const keyFile = /API key in: +(\S+)/.exec(said)?.[1] ?? '';
    const key = await readFile(keyFile, 'utf8');
    const models = (headers: Record<string, string>) => fetch(`${url}/models`, { headers });
    expect((await models({})).status).toBe(401);
    expect(await (await models({ authorization: `Bearer ${key}` })).json()).toMatchObject({ data: [{ id: 'random-tiny' }] });
    const status = await bench(['status', 'latest', '--out', runs], { env });
    expect(status.stdout).toContain(instance?.label);
    expect(status.stdout).toMatch(/kept/);
    const logs = await bench(['logs', 'latest', '--out', runs], { env });
    expect(logs.code, show(logs)).toBe(0);
    expect(logs.stdout.trim()).not.toBe('');
    const gc = await bench(['gc'], { env });
    expect({ code: gc.code, live: fake.instances().length }).toEqual({ code: 0, live: 1 });
    const down = await bench(['teardown', 'latest', '--out', runs], { env });
    expect(down.code, show(down)).toBe(0);
    nothingLeft();
    // Keys of the engine and of the instance are nowhere, and the file of the one is gone.
    await expect(readFile(keyFile)).rejects.toThrow('ENOENT');
    const outputs = [deployed, status, logs, gc, down].map(({ stdout, stderr }, n) => [`output ${n}`, stdout + stderr] as [string, string]);
    for (const [path, text] of [...outputs, ...(await everything(runs)), ...(await everything(join(root, 'state')))])
      expect([path, text.includes(key) || /instance-key-\d+/.test(text)]).toEqual([path, false]);
  }, 300_000);
});
