import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { API_KEY, batchNode, type BatchNode, closeBatchNodes, hasty } from './testing/batch-node.ts';
import { fakeApptainer, type FakeApptainer } from './testing/fake-apptainer.ts';
import type { BatchJob } from './types.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await closeBatchNodes();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const URI = 'docker://registry.example/noded:1.2';
const yaml = (engine: object = {}, rest: object = {}) =>
  JSON.stringify({ model: { huggingface: 'org/m' }, engine: { llm: { noded: engine } }, ...rest });

async function apptainer(options: Parameters<typeof fakeApptainer>[1] = {}): Promise<FakeApptainer> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-apptainer-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return fakeApptainer(join(folder, 'bin'), { registry: [URI], ...options });
}

const path = ({ bin }: FakeApptainer) => ({ PATH: `${bin}:${process.env.PATH}` });
const images = (node: BatchNode) => readdir(join(node.remoteDir, 'cache/images'));

async function ask(node: BatchNode): Promise<{ rest: string[]; cwd: string; env: Record<string, string> }> {
  const { port } = await node.until('service.announced');
  return (await (await fetch(`http://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${API_KEY}` } })).json()) as never;
}

describe.skipIf(!part('netns').present)('an engine in Apptainer', () => {
  it.each(['apptainer', 'singularity'])('runs in its image by %s, with its variables, folders and nothing of the node’s', async (name) => {
    const fake = await apptainer({ name });
    const nasty = ['a b', "it's", '$(touch /tmp/pwned)', '`id`', '"x"', 'a\nb'];
    const env = Object.fromEntries(nasty.map((value, i) => [`N${i}`, value]));
    const node = await batchNode(
      yaml({ args: nasty, env }, { slurm: { runtime: name, binds: ['/usr/share:/data:ro'] }, deploy: { gpu: 'NVIDIA A100 80GB' } }),
      {
        env: path(fake),
        folder: "a folder'with $(id)",
      },
    );
    const job = node.service({ LD_LIBRARY_PATH: '/of/a/module', CUDA_VISIBLE_DEVICES: '1', HF_HOME: '' });
    await node.until('service.ready', job);
    const { rest, env: got, cwd } = await ask(node);
    const { port } = await node.until('service.announced');
    expect(rest).toEqual(['container', `--at=:${port}/x`, ...nasty]);
    expect(got).toMatchObject({
      ...env,
      IMAGE_SAYS: `SIF of ${URI}`,
      CUDA_VISIBLE_DEVICES: '1',
      HOME: '/bench/job/home',
      TMPDIR: '/tmp',
      HF_HOME: '/bench/models',
      PORT: String(port),
    });
    expect(got).not.toHaveProperty('LD_LIBRARY_PATH');
    expect(cwd).toBe('/tmp');
    expect(await fake.runs()).toEqual([expect.stringMatching(/noded-1\.2-[0-9a-f]{16}\.sif \| --nv$/)]);
    // Neither the image nor its layers are in HOME, whose quota is small.
    expect((await readdir(join(node.remoteDir, '..'))).sort()).toEqual(['.bash_profile', basename(node.remoteDir), 'node-tmp']);
    expect(await readdir(join(node.remoteDir, 'cache/apptainer'))).toEqual(['layer']);
    // What ran can be named: by the file itself, for a tag may move.
    const [sif] = (await images(node)).filter((file) => file.endsWith('.sif'));
    const digest = createHash('sha256')
      .update(await readFile(join(node.remoteDir, 'cache/images', sif ?? '')))
      .digest('hex');
    expect(await node.state('service.image')).toMatchObject({ action: 'pulled', sha256: digest });
    job.signal('SIGTERM');
    expect(await job.ended).toBe(130);
    expect(await node.read('engine.log')).toContain('got TERM');
  });

  it('leaves no variable on the node’s disk before it is ready', async () => {
    const fake = await apptainer();
    const node = await batchNode(yaml({ mode: 'never' }), { env: path(fake) });
    await node.until('service.listening', node.service());
    expect(await node.holding(API_KEY)).toEqual([]);
  });

  it('is pulled once by jobs that want it at a time, and not again', async () => {
    const fake = await apptainer({ pullS: 2 });
    const node = await batchNode(
      JSON.stringify({
        service: { image: 'registry.example/noded:1.2', command: 'echo up; sleep 100', ready: { log: 'up' } },
        clients: {
          load: { replicas: 3, command: 'echo x > "$OUTPUT_DIR/x"; id -u > /dev/null; echo "$HOME" > "$OUTPUT_DIR/home"; touch /tmp/own' },
        },
      }),
      { env: path(fake) },
    );
    const jobs = [node.service(), node.client(0), node.client(1), node.client(2)];
    expect(await Promise.all(jobs.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
    expect(await fake.pulls()).toEqual([URI]);
    expect((await images(node)).map((file) => file.replace(/[0-9a-f]{16}/, '#')).sort()).toEqual([
      'noded-1.2-#.sif',
      'noded-1.2-#.sif.sha256',
    ]);
    expect(await node.read('clients/2/0/home')).toBe('/bench/job/home\n');
  });

  it('that a job was killed over is pulled by the next, which finds no half of it', async () => {
    const fake = await apptainer({ pullS: 1 });
    const node = await batchNode(yaml(), { env: path(fake) });
    const first = node.service();
    await expect.poll(async () => (await fake.pulls()).length, { timeout: 10_000 }).toBe(1);
    await expect
      .poll(async () => (await images(node).catch(() => [])).some((file) => file.includes('.part.')), { timeout: 10_000 })
      .toBe(true);
    first.signal('SIGKILL');
    await first.ended;
    expect((await images(node)).some((file) => file.endsWith('.sif'))).toBe(false);
    // On another node nobody can see that the job is gone: its lock shows no life.
    const second = node.start(hasty(node.plan.jobs[0] as BatchJob), { SLURMD_NODENAME: 'gpu1' });
    await node.until('service.ready', second);
    expect(await fake.pulls()).toEqual([URI, URI]);
    expect((await images(node)).filter((file) => !/\.sif(\.sha256)?$/.test(file))).toEqual([]);
  });

  it.each([
    ['whose program fails of it', [1, 2]],
    ['who sees the image there', [2, 1]],
  ])('is brought by another for a job that was taken for dead, and by nobody else: to one %s', async (_how, order) => {
    const fake = await apptainer();
    await fake.hold(1, true);
    await fake.hold(2, true);
    const node = await batchNode(
      JSON.stringify({
        service: { image: 'registry.example/noded:1.2', command: 'echo up; sleep 100', ready: { log: 'up' } },
        clients: { load: { command: 'true' } },
      }),
      { env: path(fake) },
    );
    const there = async (word: string) => (await images(node)).filter((file) => file.includes(word));
    const late = node.service();
    await expect.poll(() => there('.part.').catch(() => []), { timeout: 30_000 }).toHaveLength(1);
    const [own = ''] = await there('.part.');
    // Its node stands still, and what it had begun goes on.
    late.signal('SIGSTOP');
    const client = node.start(hasty(node.plan.jobs[1] as BatchJob), { SLURMD_NODENAME: 'gpu1' });
    await expect.poll(() => fake.pulls(), { timeout: 30_000 }).toHaveLength(2);
    const other = [expect.not.stringContaining(own) as string];
    await expect.poll(() => there('.part.'), { timeout: 30_000 }).toEqual(other);
    late.signal('SIGCONT');
    const [first, second] = order as [number, number];
    await fake.hold(first, false);
    if (first === 1) {
      await expect.poll(() => node.read('image.log'), { timeout: 30_000 }).toContain('no such file');
      // Neither the other's lock nor its part of the image is touched.
      expect(await there('.part.')).toEqual(other);
      expect(await there('.lock')).toHaveLength(1);
    } else await expect.poll(() => there('.sif.sha256'), { timeout: 30_000 }).toHaveLength(1);
    await fake.hold(second, false);
    expect(await Promise.all([client.ended, late.ended])).toEqual([0, 0]);
    expect(await fake.pulls()).toEqual([URI, URI]);
    expect((await images(node)).filter((file) => !/\.sif(\.sha256)?$/.test(file))).toEqual([]);
  });

  it('is left by a job that is cancelled as if it had never been wanted', async () => {
    const fake = await apptainer({ pullS: 30 });
    const node = await batchNode(yaml(), { env: path(fake) });
    const job = node.service();
    await expect
      .poll(async () => (await images(node).catch(() => [])).some((file) => file.includes('.part.')), { timeout: 10_000 })
      .toBe(true);
    job.signal('SIGTERM');
    expect(await job.ended).toBe(130);
    expect(await images(node)).toEqual([]);
    expect(await node.state('service.exit')).toMatchObject({ code: null, reason: 'cancelled' });
  });

  it('that cannot be pulled, or not in time, is told with the program’s words, and nothing is left', async () => {
    const fake = await apptainer({ registry: [] });
    const node = await batchNode(yaml(), { env: path(fake) });
    expect(await node.service().ended).toBe(1);
    expect((await node.state('service.exit'))?.reason).toBe(
      `the image ${URI} cannot be had: apptainer exited with code 255: FATAL:   While making image from oci registry: ${URI}: manifest unknown`,
    );
    expect(await images(node)).toEqual([]);
    const slow = await apptainer({ pullS: 30 });
    const late = await batchNode(yaml(), { env: path(slow), timing: { pullS: 1 } });
    expect(await late.service().ended).toBe(1);
    expect((await late.state('service.exit'))?.reason).toBe(`the image ${URI} was not there within 1 s`);
    expect(await images(late)).toEqual([]);
  });

  it('has the file of each reference for itself, by its tag', async () => {
    const references = ['redis:8', 'redis:alpine', 'docker://redis:8', 'other.example/redis:8', 'redis', 'redis@sha256:abc'];
    const fake = await apptainer({
      registry: references.map((reference) => (reference.includes('://') ? reference : `docker://${reference}`)),
    });
    const made = [];
    for (const image of references) {
      const node = await batchNode(JSON.stringify({ service: { image, command: 'exit 1', ready: { log: 'up' } } }), { env: path(fake) });
      await node.service().ended;
      made.push((await images(node)).find((file) => file.endsWith('.sif')) ?? '');
    }
    expect(made.map((file) => file.replace(/[0-9a-f]{16}/, '#'))).toEqual([
      'redis-8-#.sif',
      'redis-alpine-#.sif',
      'redis-8-#.sif',
      'redis-8-#.sif',
      'redis-latest-#.sif',
      'redis-#.sif',
    ]);
    expect(made[0]).toBe(made[2]);
    expect(new Set(made).size).toBe(5);
  });

  it('may be a file of the cluster, which nobody pulls', async () => {
    const fake = await apptainer();
    const node = await batchNode(yaml({ image: '/no/such.sif' }), { env: path(fake) });
    expect(await node.service().ended).toBe(1);
    expect((await node.state('service.exit'))?.reason).toBe('there is no image /no/such.sif on gpu0');
    const without = await batchNode(yaml());
    expect(await without.service().ended).toBe(1);
    expect((await without.state('service.exit'))?.reason).toBe(
      'apptainer is not on gpu0: name its module in slurm.modules, or set PATH in slurm.prelude',
    );
  });

  it('runs the whole of a command inside, and keeps /tmp to itself', async () => {
    const fake = await apptainer();
    const command =
      'echo "$IMAGE_SAYS" > "$OUTPUT_DIR/first"\necho "$IMAGE_SAYS" > "$OUTPUT_DIR/second"\nls -A /tmp > "$OUTPUT_DIR/tmp"\nls /empty > "$OUTPUT_DIR/empty"\n';
    const node = await batchNode(
      JSON.stringify({
        service: { image: 'registry.example/noded:1.2', command: 'touch /tmp/left; echo up; sleep 100', ready: { log: 'up' } },
        clients: { load: { command, volumes: ['/empty'] } },
      }),
      { env: path(fake) },
    );
    const jobs = [node.service(), node.client(0)];
    expect(await Promise.all(jobs.map(({ ended }) => ended))).toEqual([0, 0]);
    const output = join(node.plan.record.folder, 'clients/0/0');
    expect(await Promise.all(['first', 'second', 'tmp', 'empty'].map((file) => readFile(join(output, file), 'utf8')))).toEqual([
      `SIF of ${URI}\n`,
      `SIF of ${URI}\n`,
      '',
      '',
    ]);
  });
});
