import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { bench, folder, show } from './cli.ts';

const run = promisify(execFile);
const fish = part('fish');
let root: string;

beforeAll(async () => {
  root = await folder();
  await mkdir(join(root, 'runs', 'rabcdefghi'), { recursive: true });
  await writeFile(join(root, 'runs', 'rabcdefghi', 'run.json'), '{}');
  // As `bench tag` writes it.
  const notes = { tags: ['nightly', 'release/1.2', '$(touch owned)'], remarks: [{ at: '2026-05-04T13:20:11Z', text: 'nigh' }] };
  await writeFile(join(root, 'runs', 'rabcdefghi', 'notes.json'), `${JSON.stringify(notes, null, 1)}\n`);
  // A folder that a careless completion would run.
  await mkdir(join(root, 'runs', 'r$(touch owned)'), { recursive: true });
  await writeFile(join(root, 'runs', 'r$(touch owned)', 'run.json'), '{}');
  await mkdir(join(root, 'my recipe'));
  for (const shell of ['bash', 'fish']) await writeFile(join(root, shell), (await bench(['completion', shell])).stdout);
});

/** What bash offers for the last of these words. */
async function inBash(...words: string[]): Promise<string[]> {
  const script = 'source ./bash; COMP_WORDS=(bench "$@"); COMP_CWORD=$#; _bench; printf "%s\\n" "${COMPREPLY[@]}"';
  const { stdout } = await run('bash', ['--norc', '-c', script, 'bash', ...words], { cwd: root });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  it.each([
    [['tear'], ['teardown']],
    [
      ['run', '--on', ''],
      ['local', 'docker', 'ssh:'],
    ],
    [
      ['run', '--scale-out', ''],
      ['data-parallel', 'replicas'],
    ],
    [
      ['run', '--gpu', 'H20'],
      ['H200', 'H200NVL'],
    ],
    [['image', 'build', ''], ['embedded']],
    [['recipe', 'sh'], ['show']],
    [
      ['cancel', ''],
      ['latest', 'rabcdefghi'],
    ],
    [['status', '--out', 'nowhere', ''], ['latest']],
    [['run', 'my'], ['my recipe']],
    [
      ['list', '--tag', ''],
      ['nightly', 'release/1.2'],
    ],
    [['tag', 'rabcdefghi', 'rel'], ['release/1.2']],
    [['history', 'tiny', '--out', 'nowhere', '--tag', ''], []],
    [['report', 'ra'], ['rabcdefghi']],
    [['report', 'my'], ['my recipe']],
    [['compare', 'rabcdefghi', 'la'], ['latest']],
    [['note', 'ra'], ['rabcdefghi']],
    [['load', '--no-ig'], ['--no-ignore-eos']],
  ])('bench %j', async (words, offered) => {
    expect((await inBash(...words)).sort()).toEqual([...offered].sort());
  });

  it('runs nothing that a folder is called', async () => {
    await inBash('teardown', '');
    await inBash('list', '--tag', '');
    await inBash('report', '');
    await expect(run('ls', ['owned'], { cwd: root })).rejects.toThrow(/owned/);
  });
});

describe.skipIf(!fish.present)(`completion in fish${fish.present ? '' : ` (${fish.skipped})`}`, () => {
  it.each([
    ['bench tear', ['teardown']],
    ['bench run --on ', ['docker', 'local', 'ssh:']],
    ['bench cancel ', ['latest', 'rabcdefghi']],
    ['bench image build ', ['embedded']],
    ['bench list --tag n', ['nightly']],
    ['bench tag rabcdefghi rel', ['release/1.2']],
    ['bench report rab', ['rabcdefghi']],
    ['bench compare latest rab', ['rabcdefghi']],
    ['bench recipe show --v', ['--variant']],
  ])('%s', async (line, offered) => {
    const { stdout } = await run('fish', ['--no-config', '-c', 'source ./fish; complete -C $argv[1]', line], {
      cwd: root,
      env: { ...process.env, HOME: root },
    });
    const words = stdout
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => text.split('\t')[0] ?? '');
    expect(words.sort()).toEqual(offered);
  });
});

describe('bench doctor', () => {
  it('tells what this machine has, for scripts too', async () => {
    const { code, stdout, stderr } = await bench(['doctor', '--json']);
    expect(code, stderr).toBe(0);
    const { site, hosts } = JSON.parse(stdout) as { site: string; hosts: { host: string; checks: { name: string; status: string }[] }[] };
    expect([site, hosts.length]).toEqual(['local', 1]);
    expect(hosts[0]?.checks.find(({ name }) => name === 'node')?.status).toBe('ok');
    expect(hosts[0]?.checks.map(({ name }) => name)).toEqual(expect.arrayContaining(['docker', 'gpu', 'disk']));
    const text = await bench(['doctor']);
    expect(text.stdout).toContain(`Node.js ${process.versions.node}`);
  });

  it('ends with 3, and the reason, for a host that cannot be used', async () => {
    const { code, stdout, stderr } = await bench(['doctor', '--on', 'ssh:127.0.0.1:1', '--json'], { env: { HOME: root } });
    expect(code, stderr).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      exitCode: 3,
      hosts: [{ host: '127.0.0.1:1', checks: [{ name: 'ssh', status: 'missing' }] }],
    });
  });

  it.each([
    [['doctor', '--on', 'slurm:127.0.0.1:1']],
    [['check', 'slurm']],
    [['offers', '--provider', 'slurm']],
    [['run', 'recipes/tiny-cpu', '--out', '/nowhere', '--on', 'slurm:127.0.0.1:1']],
  ])('as for a login host: bench %j', async (args) => {
    const config = join(root, 'bench.config.yaml');
    await writeFile(config, 'providers: {slurm: {login: "127.0.0.1:1"}}\n');
    const finished = await bench([...args, '--config', config], { env: { HOME: root } });
    expect(finished.code, show(finished)).toBe(3);
    expect(show(finished)).toContain('connection refused');
  });
});
