import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type FakeCloudrift,
  type FakeGcp,
  type FakeVast,
  inProcessMachines,
  processContainers,
  startFakeCloudrift,
  startFakeGcp,
  startFakeVast,
} from '@bench/provisioning/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Finished, folder, show, start } from './cli.ts';
import { type FakeIdentity, fakeIdentity } from './fake-identity.ts';
import { lookAround, nothingSeen } from './look-around.ts';

/** What must be seen nowhere. Long and odd enough that nothing else is ever the same, not even in another run of this test. */
const odd = randomBytes(8).toString('hex');
const PLANTED = {
  cloudrift: `rift_planted-cloudrift-${odd}`,
  vast: `planted-vast-key-${odd}`,
  huggingFace: `hf_plantedTokenOfNobody${odd}`,
  gcpOwn: `planted-token-of-a-workload-${odd}`,
  gcpGiven: `ya29.planted-access-token-${odd}`,
  gcpKey: `plantedPrivateKeyOfAnAccount${odd}`,
};
/** Those that the user puts into the environment of bench. */
const GIVEN = ['vast', 'huggingFace'];
const RECIPE = `command:
  run: |
    nvidia-smi -L > $task_dir/gpus.txt
    sleep 1
    printf '{"answer": 1}' > $task_dir/metrics.json
  result_files: [metrics.json, gpus.txt]
  timeout: 2m
deploy: {gpu: RTX 4090, gpu_count: 1}
`;

let root: string;
let cloudrift: FakeCloudrift | undefined;
let vast: FakeVast | undefined;
let gcp: FakeGcp | undefined;
let identity: FakeIdentity | undefined;
const seen = nothingSeen();
/** Keys that bench made for engines, by the file that holds each while it lives. */
const engineKeys = new Map<string, string>();
const outputs: Finished[] = [];

const IMAGE = 'registry.example/embedded-engine:1';
const ENGINE = fileURLToPath(new URL('../../../packages/embedded-engine/dist/bin.js', import.meta.url));
const ENGINE_RECIPE = `model: {random: tiny}
engine: {llm: {context_length: 512, max_concurrent_requests: 4, embedded: {image: '${IMAGE}'}}}
deploy: {gpu: NVIDIA GeForce RTX 4090}
benchmark: {random_input_len: 64, random_output_len: 16, num_prompts: 8}
`;

/** Keys of engines are files of a run for as long as the engine is up. */
async function readEngineKeys(): Promise<void> {
  for (const file of await readdir(join(root, 'runs'), { recursive: true }).catch(() => [])) {
    if (!file.endsWith('/api-key')) continue;
    const key = await readFile(join(root, 'runs', file), 'utf8').catch(() => '');
    if (key !== '') engineKeys.set(file, key);
  }
}

async function run(...args: string[]): Promise<Finished> {
  const { child, finished } = start(args, {
    cwd: root,
    env: {
      XDG_STATE_HOME: join(root, 'state'),
      XDG_CACHE_HOME: join(root, 'cache'),
      PLANTED_VAST: PLANTED.vast,
      HF_TOKEN: PLANTED.huggingFace,
      CLOUDSDK_CONFIG: join(root, 'no-gcloud'),
      BENCH_DEBUG: '1',
    },
  });
  await lookAround(seen, { pid: child.pid ?? 0, finished }, readEngineKeys);
  const result = await finished;
  outputs.push(result);
  return result;
}

/** Every file below a folder, as text. */
async function texts(dir: string): Promise<[string, string][]> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (file): Promise<[string, string]> => [file, await readFile(file, 'latin1')]));
}

beforeAll(async () => {
  root = await folder();
  const machines = inProcessMachines({ root: join(await folder(), 'machines') });
  cloudrift = await startFakeCloudrift({ keys: [PLANTED.cloudrift], machines });
  const containers = processContainers({ [IMAGE]: [process.execPath, ENGINE, '--exit-on-stdin-end', '--cache-dir', join(root, 'models')] });
  vast = await startFakeVast({ keys: [PLANTED.vast], containers });
  await mkdir(join(root, 'speed'));
  await writeFile(join(root, 'speed/recipe.yaml'), RECIPE);
  await mkdir(join(root, 'google'));
  await writeFile(join(root, 'google/recipe.yaml'), RECIPE.replace('RTX 4090', 'NVIDIA L4'));
  await mkdir(join(root, 'engine'));
  await writeFile(join(root, 'engine/recipe.yaml'), ENGINE_RECIPE);
  await mkdir(join(root, 'secret'));
  gcp = await startFakeGcp({ keys: [PLANTED.gcpGiven], machines: inProcessMachines({ root: join(await folder(), 'machines') }) });
  identity = await fakeIdentity(join(root, 'secret'), { own: PLANTED.gcpOwn, given: PLANTED.gcpGiven });
  await writeFile(join(root, 'secret/key'), PLANTED.cloudrift, { mode: 0o600 });
  await writeFile(
    join(root, 'bench.config.yaml'),
    `providers:
  cloudrift: {api_key: {from_file: ${join(root, 'secret/key')}}, base_url: "${cloudrift.server.url}"}
  vast: {api_key: {from_env: PLANTED_VAST}, base_url: "${vast.server.url}"}
  gcp: {project: ${gcp.project}, base_url: "${gcp.baseUrl}", ssh_port: ${gcp.sshPort}, credentials_file: ${identity.file}}
`,
  );
});
afterAll(() => Promise.all([cloudrift?.close(), vast?.close(), gcp?.close(), identity?.close()]));

it('no key is in anything that is printed, written or handed to a program', async () => {
  const checked = await run('check', 'cloudrift', 'vast', 'gcp');
  expect(checked.code, show(checked)).toBe(0);
  await run('offers', '--gpu', 'rtx4090', '--json');
  await run('plan', 'speed', '--json');
  await run('run', 'speed', '--on', 'cloud', '--dry-run');
  const ran = await run('run', 'speed', '--on', 'cloudrift', '--yes');
  expect(ran.code, ran.stderr).toBe(0);
  await run('run', 'speed', '--on', 'cloudrift', '--yes', '--max-price', '0.001');
  const engine = await run('run', 'engine', '--on', 'vast', '--max-price', '1', '--disk', '50', '--yes');
  expect(engine.code, engine.stderr).toBe(0);
  const google = await run('run', 'google', '--on', 'gcp', '--yes', '--allow-unknown-price');
  expect(google.code, show(google)).toBe(0);
  expect(gcp?.truth()).toMatchObject({ createsAcknowledged: 1, live: [] });
  await run('status', 'latest', '--json');
  await run('ledger', '--all', '--json');
  await run('gc', '--json');
  // Credentials that are refused are an error, and not a quoted one.
  await writeFile(join(root, 'secret/key'), `${PLANTED.cloudrift}-revoked`);
  expect((await run('check', 'cloudrift')).code).toBe(4);
  await run('run', 'speed', '--on', 'cloudrift', '--yes');
  const settings = await readFile(join(root, 'bench.config.yaml'), 'utf8');
  // Nor are key files that cannot be used.
  const broken = {
    type: 'service_account',
    client_email: 'a@example.org',
    private_key_id: '1',
    private_key: `-----BEGIN PRIVATE KEY-----\n${PLANTED.gcpKey}\n-----END PRIVATE KEY-----\n`,
  };
  for (const text of [JSON.stringify(broken), PLANTED.gcpKey, '{"type": "external_account"}']) {
    await writeFile(join(root, 'secret/unfit.json'), text);
    await writeFile(join(root, 'unfit.yaml'), settings.replace(identity?.file ?? '', join(root, 'secret/unfit.json')));
    const unfit = await run('check', 'gcp', '--config', 'unfit.yaml');
    expect(unfit.code, show(unfit)).toBe(4);
    expect(unfit.stdout).toContain('secret/unfit.json');
  }
  await writeFile(join(root, 'literal.yaml'), settings.replace(/\{from_env: PLANTED_VAST\}/, PLANTED.vast));
  const literal = await run('check', '--config', 'literal.yaml');
  expect(literal.code).toBe(2);
  expect(literal.stderr).toContain('providers.vast.api_key: expected {from_env: NAME} or {from_file: PATH}');

  const written = [...(await texts(join(root, 'runs'))), ...(await texts(join(root, 'state'))), ...(await texts(join(root, 'cache')))];
  expect(written.some(([file]) => file.endsWith('ledger.jsonl'))).toBe(true);
  expect(written.some(([file]) => file.endsWith('journal.jsonl'))).toBe(true);
  // Keys that were made on the way: of each engine, and of each instance.
  expect(engineKeys.size).toBeGreaterThan(0);
  expect(vast?.made.length).toBeGreaterThan(0);
  const made = [
    ...[...engineKeys].map(([file, key]) => [file, key] as const),
    ...(vast?.made ?? []).map(({ id }) => [`the key of instance ${id}`, `instance-key-${id}-`] as const),
  ];
  expect(written.filter(([file]) => file.endsWith('api-key'))).toEqual([]);
  for (const [name, value] of [...Object.entries(PLANTED), ...made]) {
    for (const { stdout, stderr } of outputs) expect(`${stdout}\n${stderr}`.includes(value), `${name} is printed`).toBe(false);
    for (const [file, text] of written) expect(text.includes(value), `${name} is in ${file}`).toBe(false);
    for (const line of seen.lines) expect(line.includes(value), `${name} is on a command line: ${line}`).toBe(false);
    for (const environment of seen.inherited)
      expect(environment.includes(value) && !GIVEN.includes(name), `${name} was handed on in an environment: ${environment}`).toBe(false);
  }
  for (const [name, value] of Object.entries(PLANTED))
    for (const environment of seen.environments)
      expect(environment.includes(value), `${name} is in an environment: ${environment}`).toBe(false);
  for (const those of [seen.lines, seen.environments]) expect(those.size).toBeGreaterThan(1);
}, 300_000);
