import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readRun, type RunView } from '@bench/results';
import { leftovers, type Machine, startMachine } from '@bench/test-machines';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { bench, folder, show, start } from './cli.ts';

const parts = ['netns', 'sshd', 'docker', 'compose', 'nginx'].map((name) => part(name));
const missing = parts.find((p) => !p.present);

const L4 = { name: 'NVIDIA L4', memoryMiB: 23034 };
const nothing = { containers: [], networks: [], volumes: [], processes: [] };
/** What a host keeps between runs, by hash or by name. */
const CACHE = /^\/home\/bench\/\.cache\/bench(\/|$)/;

let machines: Machine[] = [];
let root: string;

/** Nothing of any run is left on a machine but the cache. */
async function expectClean(...those: Machine[]): Promise<void> {
  for (const machine of those) {
    const left = await leftovers(machine);
    expect(left).toMatchObject(nothing);
    expect(left.files.filter((path) => !CACHE.test(path) && path !== '/home/bench/.cache')).toEqual([]);
  }
}

const sites = (...those: Machine[]) => `ssh:${those.map((machine) => machine.target).join(',')}`;
const keys = () => machines.slice(0, 1).flatMap((machine) => ['--ssh-key', machine.identityFile]);
const view = async (out: string): Promise<RunView> => readRun(join(out, (await readdir(out))[0] as string));

async function recipe(name: string, yaml: string): Promise<string> {
  const dir = join(root, name);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'recipe.yaml'), yaml);
  return dir;
}

/** Two replicas of the embedded engine on two GPUs each, one variant a machine. */
const replicas = (more: { outputLen?: number; requests?: number; gpu?: string; concurrency?: string } = {}) => `model: {random: tiny}
engine: {llm: {context_length: 512, max_concurrent_requests: 4, embedded: {}}}
deploy: {gpu: ${more.gpu ?? 'NVIDIA L4'}, gpu_count: 2, gpu_concurrency: 2}
benchmark: {random_input_len: 48, random_output_len: ${more.outputLen ?? 12}, num_prompts: ${more.requests ?? 8}, max_concurrency: 2, warmup: 1}
matrices: {cross: {engine.llm.max_concurrent_requests: ${more.concurrency ?? '[2, 4]'}}}
`;

describe.skipIf(missing)(`hosts${missing ? ` (${missing.skipped})` : ''}`, () => {
  beforeAll(async () => {
    root = await folder();
    machines = await Promise.all([startMachine({ gpus: [L4, L4] }), startMachine({ gpus: [L4, L4] })]);
    const { nginxImage } = await import('@bench/test-machines');
    await Promise.all(machines.map(async (machine) => machine.importImage(await nginxImage())));
    const built = await bench(['image', 'build', 'embedded', '--offline', '--on', sites(...machines), ...keys()]);
    if (built.code !== 0) throw new Error(`no image of the embedded engine:\n${show(built)}`);
  }, 300_000);
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.stop()));
  });

  it('two machines share a run: two replicas behind nginx on each, load from next to them, and nothing left', async () => {
    const out = join(root, 'runs', 'both');
    const finished = await bench(['run', await recipe('pair', replicas()), '--on', sites(...machines), '--out', out, ...keys()]);
    expect(finished.code, show(finished)).toBe(0);
    const run = await view(out);
    expect(run.problems).toEqual([]);
    expect(run.live).toEqual([]);
    expect(run.machines.map((machine) => machine.name)).toEqual(machines.map((machine) => machine.target));
    expect(new Set(run.tasks.map((task) => task.file.machine))).toEqual(new Set([0, 1]));
    for (const task of run.tasks) {
      const [point] = task.points;
      expect(point?.result?.counts).toMatchObject({ sent: 8, ok: 8 });
      expect(await point?.requests()).toHaveLength(9);
      expect(point?.result?.flags.map((flag) => flag.code)).not.toContain('tunnelled');
      expect(task.deployment?.engine.digest ?? '').toMatch(/sha256:/);
      const phases = task.deployment?.phases.map((phase) => phase.name);
      expect(phases).toEqual(expect.arrayContaining(['files', 'launch', 'model_load', 'smoke_test', 'teardown']));
    }
    for (const machine of machines) {
      const devices = machine.gpuGrants().map((grant) => grant.devices);
      expect(new Set(devices.slice(-2))).toEqual(new Set(['0', '1']));
    }
    await expectClean(...machines);
  });

  it('a connection that is cut in the middle of a load costs nothing', async () => {
    const [machine] = machines as [Machine, Machine];
    const out = join(root, 'runs', 'cut');
    const dir = await recipe('cut', replicas({ requests: 60, outputLen: 200, concurrency: '[4]' }));
    const running = start(['run', dir, '--on', sites(machine), '--out', out, ...keys()]);
    await running.saw(/is up and answers/);
    for (let i = 0; i < 3; i++) {
      await delay(700);
      await machine.dropConnections();
    }
    const finished = await running.finished;
    expect(finished.code, show(finished)).toBe(0);
    const [task] = (await view(out)).tasks;
    expect(task?.points[0]?.result?.counts).toMatchObject({ sent: 60, ok: 60, failed: 0 });
    await expectClean(machine);
  });

  it('Ctrl-C takes everything down on every machine', async () => {
    const out = join(root, 'runs', 'stopped');
    const running = start([
      'run',
      await recipe('stopped', replicas({ requests: 400, outputLen: 200 })),
      '--on',
      sites(...machines),
      '--out',
      out,
      ...keys(),
    ]);
    await running.saw(/is up and answers[\s\S]*is up and answers/);
    running.child.kill('SIGINT');
    const finished = await running.finished;
    expect(finished.code, show(finished)).toBe(130);
    expect((await view(out)).status).toBe('interrupted');
    await expectClean(...machines);
  });

  it('kill -9 leaves what --resume takes over: nothing is deployed again, nothing is left', async () => {
    const [machine] = machines as [Machine, Machine];
    const out = join(root, 'runs', 'killed');
    const dir = await recipe('killed', replicas({ requests: 40, outputLen: 200, concurrency: '[4]' }));
    const running = start(['run', dir, '--on', sites(machine), '--out', out, ...keys()]);
    await running.saw(/is up and answers/);
    await delay(1000);
    running.child.kill('SIGKILL');
    await running.finished;
    const before = await view(out);
    expect(before.live).toHaveLength(1);
    const finished = await bench(['run', '--resume', before.run.id, '--out', out]);
    expect(finished.code, show(finished)).toBe(0);
    const after = await view(out);
    expect(after.tasks[0]?.points[0]?.result?.counts.ok).toBe(40);
    expect(await readdir(join(after.dir, 'deployments'))).toHaveLength(1);
    const phases = after.tasks[0]?.deployment?.phases.map((phase) => phase.name);
    expect(phases).toEqual(expect.arrayContaining(['launch', 'model_load', 'teardown']));
    await expectClean(machine);
  });

  it('--no-teardown leaves the engine up, teardown ends it, twice', async () => {
    const [machine] = machines as [Machine, Machine];
    const out = join(root, 'runs', 'kept');
    const dir = await recipe('kept', replicas({ concurrency: '[4]' }));
    const finished = await bench(['run', dir, '--on', sites(machine), '--out', out, '--no-teardown', ...keys()]);
    expect(finished.code, show(finished)).toBe(0);
    const { run, live } = await view(out);
    expect(live).toHaveLength(1);
    expect((await leftovers(machine)).containers).toHaveLength(3);
    const second = await bench(['run', dir, '--on', sites(machine), '--out', join(root, 'runs', 'second'), ...keys()]);
    expect(second.code, show(second)).toBe(3);
    expect(second.stderr).toContain(`GPUs 0, 1 are left out, run ${run.id} is up there`);
    for (let i = 0; i < 2; i++) {
      const down = await bench(['teardown', run.id, '--out', out]);
      expect(down.code, show(down)).toBe(0);
      await expectClean(machine);
    }
  });

  it('deploy leaves an engine that answers through the tunnel it names', async () => {
    const [machine] = machines as [Machine, Machine];
    const out = join(root, 'runs', 'deployed');
    const dir = await recipe('deployed', replicas({ concurrency: '[4]' }));
    const finished = await bench(['deploy', sites(machine), dir, '--out', out, ...keys()]);
    expect(finished.code, show(finished)).toBe(0);
    expect(finished.stdout).toMatch(/ssh -N -L/);
    const { run, live } = await view(out);
    const { port } = (live[0] as (typeof live)[number]).record as { port: number };
    const answer = await machine.exec(['curl', '-sf', `http://127.0.0.1:${port}/v1/models`]);
    expect(answer.stdout).toContain('random-tiny');
    const down = await bench(['teardown', run.id, '--out', out]);
    expect(down.code, show(down)).toBe(0);
    await expectClean(machine);
  });

  it('a wrong GPU, too few of them, and a host without the image are refused or explained, and nothing is left', async () => {
    const [machine] = machines as [Machine, Machine];
    const run = async (name: string, yaml: string) =>
      bench(['run', await recipe(name, yaml), '--on', sites(machine), '--out', join(root, 'runs', name), ...keys()]);
    const wrong = await run('wrong', replicas({ gpu: 'NVIDIA H200' }));
    expect(wrong.code, show(wrong)).toBe(3);
    expect(wrong.stderr).toContain('needs 2× NVIDIA H200');
    expect(wrong.stderr).toContain('2× NVIDIA L4');
    const few = await run('few', replicas().replace('gpu_count: 2', 'gpu_count: 8'));
    expect(few.code, show(few)).toBe(3);
    expect(few.stderr).toContain('needs 8× NVIDIA L4');
    const absent = await run(
      'absent',
      'model: {huggingface: org/m}\nengine: {llm: {vllm: {image: "registry.invalid/none:1"}}}\nbenchmark: {num_prompts: 1, max_concurrency: 1}\n',
    );
    expect(absent.code, show(absent)).toBe(5);
    expect(show(absent)).toMatch(/registry\.invalid\/none:1: image not found/);
    await expectClean(machine);
  });

  it('a dockerd that dies in the middle is told, and what it left is ended once it is back', async () => {
    const [, machine] = machines as [Machine, Machine];
    const out = join(root, 'runs', 'dockerd');
    const dir = await recipe('dockerd', replicas({ requests: 400, outputLen: 200, concurrency: '[4]' }));
    const running = start(['run', dir, '--on', sites(machine), '--out', out, ...keys()]);
    await running.saw(/is up and answers/);
    await delay(500);
    await machine.killDockerd();
    const finished = await running.finished;
    expect([1, 5, 6], show(finished)).toContain(finished.code);
    expect(show(finished)).toMatch(/docker/i);
    await machine.startDockerd();
    const { run } = await view(out);
    const down = await bench(['teardown', run.id, '--out', out]);
    expect(down.code, show(down)).toBe(0);
    await expectClean(machine);
  });

  it('a host key that changed is refused with the fix', async () => {
    const [, machine] = machines as [Machine, Machine];
    const out = join(root, 'runs', 'kept-key');
    const dir = await recipe('kept-key', replicas({ concurrency: '[4]' }));
    const first = await bench(['run', dir, '--on', sites(machine), '--out', out, '--no-teardown', ...keys()]);
    expect(first.code, show(first)).toBe(0);
    const { run, dir: runDir } = await view(out);
    const remembered = await readFile(join(runDir, 'known_hosts'), 'utf8');
    expect(remembered).toContain(machine.address);
    await machine.changeHostKey();
    const refused = await bench(['teardown', run.id, '--out', out]);
    expect(refused.code, show(refused)).toBe(3);
    expect(refused.stderr).toContain('ssh-keygen -R');
    await writeFile(join(runDir, 'known_hosts'), '');
    const down = await bench(['teardown', run.id, '--out', out]);
    expect(down.code, show(down)).toBe(0);
    await expectClean(machine);
  });
});

describe.skipIf(missing)(`a host with a full disk${missing ? ` (${missing.skipped})` : ''}`, () => {
  it('is told, and left as it was', async () => {
    const machine = await startMachine({ gpus: [L4, L4], homeSizeMiB: 1, name: 'full' });
    try {
      await machine.execAsUser(['sh', '-c', 'head -c 2000000 /dev/zero > filler; exit 0'], { check: false });
      const dir = await recipe('full', replicas({ concurrency: '[4]' }));
      const finished = await bench([
        'run',
        dir,
        '--on',
        sites(machine),
        '--out',
        join(root, 'full-out'),
        '--ssh-key',
        machine.identityFile,
      ]);
      expect(finished.code, show(finished)).not.toBe(0);
      expect(show(finished)).toMatch(/the disk of .* is full/);
      await machine.execAsUser(['rm', 'filler']);
      await expectClean(machine);
    } finally {
      await machine.stop();
    }
  }, 120_000);
});
