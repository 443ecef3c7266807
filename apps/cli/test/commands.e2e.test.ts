import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedEngine } from '@bench/embedded-engine';
import { startTestServer } from '@bench/loadgen/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { bench, folder, show, tinyRecipe } from './cli.ts';

let root: string;
beforeEach(async () => {
  root = await folder();
});

describe('the command line', () => {
  it('shows help without loading the schemas', async () => {
    const coverage = await mkdtemp(join(tmpdir(), 'bench-coverage-'));
    const { code, stdout, stderr } = await bench(['--help'], { env: { NODE_V8_COVERAGE: coverage } });
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('Exit codes: 0 ok');
    const loaded = (await Promise.all((await readdir(coverage)).map((name) => readFile(join(coverage, name), 'utf8')))).join('');
    expect(loaded).toContain('commander');
    expect(loaded.match(/node_modules\/(zod|yaml|exceljs|undici|ssh2)\//g)).toBeNull();
  });

  it.each([
    [['run', '--filtr', 'x=1'], 'Did you mean --filter?'],
    [['runn'], 'Did you mean run?'],
    [['run'], 'no recipe was named'],
    [['run', 'no/such/recipe'], 'no/such/recipe'],
    [['run', '--on', 'moon', 'x'], 'unknown site "moon"'],
    [['run', '--on', 'ssh:', 'x'], 'names a host without a name'],
    [['run', '--on', 'ssh:a,a', 'x'], 'names a twice'],
    [['run', '--expose', 'x'], '--expose means nothing on site "local"'],
    [['run', '--on', 'docker', '--ssh-key', 'k', 'x'], '--ssh-key means nothing on site "docker"'],
    [['run', '--scale-out', 'both', 'x'], 'Allowed choices are data-parallel, replicas'],
    [['deploy', 'moon', 'x'], 'unknown site "moon"'],
    [['deploy', 'docker'], "missing required argument 'recipe'"],
    [['deploy', 'docker', '--bootstrap', 'x'], '--bootstrap means nothing on site "docker"'],
    [['teardown', 'rnothere00'], 'no run "rnothere00"'],
    [['cancel', 'rnothere00'], 'no run "rnothere00"'],
    [['logs', 'latest'], 'no run "latest"'],
    [['rerun', 'latest'], 'no run "latest"'],
    [['doctor', '--on', 'ssh:-oProxyCommand=x'], 'cannot be a host name'],
    [['completion', 'csh'], 'Allowed choices are bash, zsh, fish'],
    [['image', 'build', 'vllm'], 'Allowed choices are embedded'],
    [['image', 'build', 'embedded', '--offline', '--base', 'node:22'], 'give one of them'],
    [['run', '--resume', 'rnothere00'], 'no run "rnothere00"'],
    [['run', '--seed', '-1', 'x'], 'whole number from 0'],
    [['load', 'nonsense'], 'not an http address'],
    [['load', 'http://127.0.0.1:9', '--model', 'm', '--input-len', '9-3'], '--input-len 9-3'],
    [['status', 'latest'], 'no run "latest"'],
    [['report', 'latest'], 'no run "latest"'],
    [['init', '--template', 'tiny-cup'], 'tiny-cpu'],
  ])('refuses %j with exit code 2 and no stack trace', async (args, message) => {
    const { code, stderr, stdout } = await bench(args, { cwd: root });
    expect(`${stderr}${stdout}`).toContain(message);
    expect(code, stderr).toBe(2);
    expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
  });

  it('writes a recipe to start from, which is valid and is not overwritten', async () => {
    const first = await bench(['init', 'mine'], { cwd: root });
    expect(first.code, show(first)).toBe(0);
    expect(first.stdout).toContain('bench run mine');
    const valid = await bench(['recipe', 'validate', 'mine'], { cwd: root });
    expect([valid.code, valid.stdout]).toEqual([0, expect.stringContaining('ok, inference')]);
    const again = await bench(['init', 'mine'], { cwd: root });
    expect(again.code).not.toBe(0);
    const listed = await bench(['init', '--list']);
    expect(listed.stdout).toMatch(/service/);
  });

  it('reports every problem of every recipe at once, with its place', async () => {
    await mkdir(join(root, 'a'));
    await mkdir(join(root, 'b'));
    await writeFile(join(root, 'a', 'recipe.yaml'), 'model: {random: tiny}\nbenchmark:\n  max_concurency: 3\n');
    await writeFile(join(root, 'b', 'recipe.yaml'), '- a list\n');
    const { code, stderr } = await bench(['recipe', 'validate', 'a', 'b'], { cwd: root });
    expect(code, stderr).toBe(2);
    expect(stderr).toMatch(/a\/recipe\.yaml:3:3 .*did you mean "max_concurrency"\?/);
    expect(stderr).toMatch(/b\/recipe\.yaml:1:1 /);
  });

  it('shows a resolved recipe with the origin of each value', async () => {
    const { code, stdout, stderr } = await bench(['recipe', 'show', await tinyRecipe(root)]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/random_input_len: 64 +# recipe, line 4/);
    expect(stdout).toMatch(/temperature: 0 +# default/);
  });

  it('prints the JSON Schema that is published', async () => {
    const { stdout } = await bench(['recipe', 'schema']);
    expect(JSON.parse(stdout)).toEqual(
      JSON.parse(await readFile(new URL('../../../packages/recipe/recipe.schema.json', import.meta.url), 'utf8')),
    );
  });

  it.each([
    [['--variant', 'nope'], 'no variant is called "nope"', 'there are: default'],
    [['--gpu', 'H200'], 'no variant is for GPU "H200"', 'name no GPU'],
    [['--filter', 'variant=x*'], 'no variant of tiny passes variant=x*', 'bench recipe variants'],
  ])('says what there is where %j finds nothing', async (flags, message, hint) => {
    const { code, stderr } = await bench(['run', await tinyRecipe(root), ...flags], { cwd: root });
    expect(code, stderr).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
  });

  it('names the missing engine and the command that adds it', async () => {
    const recipe = await tinyRecipe(root);
    const text = (await readFile(join(recipe, 'recipe.yaml'), 'utf8'))
      .replace('model: {random: tiny}', 'model: {gguf: m.gguf}')
      .replace('embedded: {}', 'llamacpp: {}');
    await writeFile(join(recipe, 'recipe.yaml'), text);
    await writeFile(join(recipe, 'm.gguf'), '');
    const { code, stderr } = await bench(['run', recipe], { cwd: root });
    expect([code, stderr]).toEqual([3, expect.stringContaining('llama-server')]);
    expect(await readdir(root)).toEqual(['tiny']);
  });
});

describe('bench load', () => {
  it('measures a server that is up, asking it for its model', async () => {
    const engine = await startEmbeddedEngine({ model: { random: 'tiny', cacheDir: join(root, 'cache') }, apiKey: 'open sesame 123' });
    try {
      const args = [
        'load',
        engine.baseUrl,
        '--concurrency',
        '2',
        '--requests',
        '6',
        '--input-len',
        '40-60',
        '--output-len',
        '8',
        '--api-key-env',
        'ENGINE_KEY',
      ];
      const env = { ENGINE_KEY: 'open sesame 123' };
      const text = await bench(args, { env });
      expect(text.stdout).toMatch(/Successful requests: +6/);
      expect(text.code, show(text)).toBe(0);
      expect(`${text.stdout}${text.stderr}`).not.toContain('open sesame');
      const json = JSON.parse((await bench([...args, '--json', '--rate', '50'], { env })).stdout) as {
        counts: { ok: number };
        load: { arrival: { kind: string } };
      };
      expect([json.counts.ok, json.load.arrival.kind]).toEqual([6, 'poisson']);
      const refused = await bench(['load', engine.baseUrl]);
      expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('401')]);
    } finally {
      await engine.close();
    }
  });

  it('sends to several servers in turn, and says what each came to', async () => {
    const servers = [await startTestServer(), await startTestServer()];
    const urls = servers.map(({ url }) => url);
    try {
      const { code, stdout, stderr } = await bench([
        'load',
        ...urls,
        '--requests',
        '5',
        '--output-len',
        '2',
        '--source-address',
        '127.0.0.1',
      ]);
      expect(code, stderr).toBe(0);
      const lines = stdout.split('\n').filter((line) => urls.some((url) => line.startsWith(url)));
      expect(lines.map((line) => line.split(/ +/).slice(0, 4))).toEqual([
        [urls[0], '3', '3', '0'],
        [urls[1], '2', '2', '0'],
      ]);
    } finally {
      await Promise.all(servers.map((server) => server.close()));
    }
  });

  it('ends with 5 when no request succeeded', async () => {
    const { code, stdout } = await bench(['load', 'http://127.0.0.1:9', '--model', 'm', '--requests', '2']);
    expect([code, stdout]).toEqual([5, expect.stringMatching(/Failed requests: +2/)]);
  });
});
