import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bench, folder, start, tinyRecipe } from './cli.ts';

let root: string;
beforeEach(async () => {
  root = await folder();
});

/** A user with an account at each provider, and no other settings. */
async function accounts(dir: string): Promise<Record<string, string>> {
  await mkdir(join(dir, 'bench'));
  await writeFile(join(dir, 'bench', 'config.yaml'), 'providers: {gcp: {project: a-project, access_token: {from_env: PLANTED_TOKEN}}}\n');
  const keys = { CLOUDRIFT_API_KEY: 'PLANTED-rift-key-0001', VAST_API_KEY: 'PLANTED-vast-key-0002', PLANTED_TOKEN: 'PLANTED-token-0003' };
  return { ...keys, XDG_CONFIG_HOME: dir, XDG_STATE_HOME: dir, HF_TOKEN: 'PLANTED-token-of-models-0004' };
}

describe('--dry-run', () => {
  it.each([
    ['local', ['run', 'recipes/tiny-cpu', '--dry-run']],
    ['docker', ['deploy', 'local', 'recipes/qwen3-8b-sweep', '--gpu', 'H100', '--expose', '--dry-run']],
    ['ssh', ['run', 'recipes/tiny-cpu', '--on', 'ssh:gpu1,ssh:ann@gpu2:2222', '--node-image', 'node:24', '--dry-run']],
  ])('prints every file and command for site %s', async (name, args) => {
    const { code, stdout, stderr } = await bench([...args, '--out', 'runs']);
    expect([code, stderr]).toEqual([0, '']);
    await expect(stdout).toMatchFileSnapshot(`golden/dry-run-${name}.txt`);
  });

  it.each([
    ['cloudrift', ['recipes/qwen3-8b-sweep', '--gpu', 'H100', '--max-price', '4', '--lifetime', '2h']],
    ['gcp', ['recipes/openssl-speed', '--spot', '--region', 'us-central1-a']],
    // The engine itself is what is rented.
    ['vast', ['recipes/qwen3-8b-sweep', '--gpu', 'H100', '--disk', '100']],
  ])('prints what would be rented at %s, and what would be done there', async (name, args) => {
    const { code, stdout, stderr } = await bench(['run', ...args, '--on', name, '--dry-run', '--out', 'runs'], {
      env: await accounts(root),
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('PLANTED');
    if (name === 'vast') expect(stdout).not.toContain('compose');
    await expect(stdout).toMatchFileSnapshot(`golden/dry-run-${name}.txt`);
  });

  it('of a GPU that a provider does not sell shows nothing of it, with 4', async () => {
    const args = ['run', 'recipes/llama-3.3-70b-mi300x', '--on', 'vast', '--workload', 'vm', '--dry-run'];
    const { code, stdout, stderr } = await bench(args, { env: await accounts(root) });
    expect(stdout).toContain('cannot be shown: vast: no AMD Instinct MI300X is sold there');
    expect(code, stderr).toBe(4);
  });

  it('renders all variants unless some are named, by name, filter or GPU', async () => {
    const count = async (...flags: string[]) => {
      const { stdout } = await bench(['deploy', 'ssh:gpu1', 'recipes/qwen3-coder-30b-engines', '--dry-run', '--json', ...flags]);
      return (JSON.parse(stdout) as { deployments: { gpu: string }[] }).deployments.map(({ gpu }) => gpu);
    };
    const all = await count();
    expect(new Set(all).size).toBeGreaterThan(0);
    expect(all.length).toBeGreaterThan(1);
    const [first] = all as [string];
    const one = await count('--gpu', first);
    expect(one.every((gpu) => gpu === first)).toBe(true);
  });

  it('refuses as the run would, with 3, and measures nothing in its plan', async () => {
    const dir = await tinyRecipe(root);
    await writeFile(
      join(dir, 'recipe.yaml'),
      'model: {random: tiny}\nengine: {llm: {embedded: {}}}\nbenchmark: {dataset: {type: jsonl, path: no.jsonl}}\n',
    );
    const { code, stdout, stderr } = await bench(['run', dir, '--dry-run']);
    expect(stdout).toMatch(/cannot run here: .*no\.jsonl does not exist/);
    expect(stdout).not.toContain('measure');
    expect(code, stderr).toBe(3);
  });
});

describe('a dry run', () => {
  let server: Server;
  let connections = 0;
  beforeEach(async () => {
    connections = 0;
    server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterEach(() => void server.close());

  it('connects to nothing, writes nothing, and shows no secret', async () => {
    const { port } = server.address() as AddressInfo;
    const dir = await tinyRecipe(root);
    const token = `hf_${'x'.repeat(34)}`;
    for (const site of ['docker', `ssh:127.0.0.1:${port}`]) {
      const { code, stdout, stderr } = await bench(['run', dir, '--on', site, '--dry-run'], {
        cwd: root,
        env: { DOCKER_HOST: `tcp://127.0.0.1:${port}`, HF_TOKEN: token, HOME: root },
      });
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('compose.yaml');
      expect(stdout).not.toContain(token);
    }
    expect(connections).toBe(0);
    expect(await readdir(root)).toEqual(['tiny']);
  });

  it('of a run that goes on shows what is missing only', async () => {
    const runs = join(root, 'runs');
    const running = start([
      'run',
      await tinyRecipe(root, { points: [1, 2, 4], requests: 24, outputLen: 300 }),
      '--out',
      runs,
      '--no-report',
    ]);
    await running.saw(/c=1 .*tok\/s/);
    running.child.kill('SIGINT');
    await running.finished;
    const { code, stdout, stderr } = await bench(['run', '--resume', 'latest', '--out', runs, '--dry-run']);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/only what run r[a-z0-9]{9} misses/);
    expect(stdout).toMatch(/ c=4 /);
    expect(stdout).not.toMatch(/ c=1 /);
    await rm(runs, { recursive: true });
  });
});
