import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createIo, type Host } from '@bench/core';
import { EMBEDDED_IMAGE, parseRecipe } from '@bench/recipe';
import { leftovers, type Machine, nodeImage, startMachine } from '@bench/test-machines';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { composeTarget } from '../compose/compose-target.ts';
import { inspectContainers } from '../compose/container-facts.ts';
import { pullImages } from '../compose/pull-images.ts';
import type { ContainerFacts } from '../contract.ts';
import { machineHost } from '../testing/machine-host.ts';
import { testSite } from '../testing/site.ts';
import { buildEmbeddedImage } from './index.ts';

const missing = ['netns', 'sshd', 'docker', 'compose'].map((name) => part(name)).find(({ present }) => !present);
/** Where the engine is installed here: the command line depends on it. */
const FOLDERS = [fileURLToPath(new URL('../../../../apps/cli/', import.meta.url))];

const ASK = `const base = 'http://127.0.0.1:8000';
(async () => {
  for (let i = 0; ; i++) {
    try { if ((await fetch(base + '/health')).ok) break; } catch {}
    if (i > 200) throw new Error('never healthy');
    await new Promise((r) => setTimeout(r, 100));
  }
  const answer = await fetch(base + '/v1/completions', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'random-tiny', prompt: 'a b', max_tokens: 8, ignore_eos: true }) });
  console.log((await answer.json()).usage.completion_tokens);
})();`;

describe.skipIf(missing)(`the embedded engine’s image${missing ? ` (${missing.skipped ?? ''})` : ''}`, () => {
  let machine: Machine;
  let host: Host;
  let containers: ContainerFacts;
  const io = createIo();
  const signal = new AbortController().signal;

  beforeAll(async () => {
    machine = await startMachine();
    host = await machineHost(machine);
    const found = await inspectContainers(host);
    if (!found.facts) throw new Error('no docker there');
    containers = found.facts;
  });
  afterAll(async () => {
    await host?.close();
    await machine?.stop();
  });

  const answers = async () => {
    await machine.docker([
      'run',
      '-d',
      '--name',
      'engine',
      EMBEDDED_IMAGE,
      '--port',
      '8000',
      '--host',
      '0.0.0.0',
      '--model-random',
      'tiny',
    ]);
    try {
      const asked = await machine.docker(['exec', 'engine', 'node', '-e', ASK]);
      expect(asked.stdout.trim()).toBe('8');
    } finally {
      await machine.docker(['rm', '-f', '-v', 'engine']);
    }
  };

  it('is not looked for in a registry, where it would be somebody else’s', async () => {
    await expect(pullImages([EMBEDDED_IMAGE], { host, docker: containers.docker, project: 'p', io, signal })).rejects.toMatchObject({
      code: 'BENCH_IMAGE_NOT_FOUND',
      hint: `make it there: bench image build embedded --on ssh:${machine.name}`,
    });
  });

  it('says what to do without a Node image', async () => {
    await expect(buildEmbeddedImage({ host, containers, folders: FOLDERS, io, signal })).rejects.toMatchObject({
      code: 'BENCH_IMAGE_NOT_FOUND',
      hint: expect.stringContaining('--offline') as string,
    });
  });

  it('is built from the host’s own Node, and answers', async () => {
    const progress: string[] = [];
    const built = await buildEmbeddedImage({
      host,
      containers,
      folders: FOLDERS,
      offline: true,
      io,
      signal,
      onProgress: (text) => progress.push(text),
    });
    expect(built).toMatchObject({
      image: EMBEDDED_IMAGE,
      version: expect.stringMatching(/^\d+\./) as string,
      id: expect.stringMatching(/^sha256:/) as string,
    });
    expect(progress).toContain('building');
    await answers();
  }, 300_000);

  it('is what a recipe of the embedded engine is deployed from', async () => {
    const root = await mkdtemp(join(tmpdir(), 'bench-embedded-'));
    try {
      const [task] = parseRecipe('model: {random: tiny}\nengine: {llm: {context_length: 256, embedded: {seed: 7}}}\n', { file: 'r' }).tasks;
      if (!task) throw new Error('no task');
      const site = testSite({
        deploymentDir: root,
        hostDir: '/home/bench/bench-d1',
        modelDir: '/home/bench/models',
        freePorts: [28_000],
        containers,
      });
      const target = composeTarget();
      expect(target.check(task, site)).toEqual([]);
      const deployment = await target.start({ record: target.plan(task, site).record, task }, { io, host, on: () => undefined });
      try {
        expect(deployment.phases.map(({ name }) => name)).toEqual(expect.arrayContaining(['launch', 'model_load', 'smoke_test']));
        expect(deployment.endpoint).toMatchObject({ model: 'random-tiny', port: 28_000 });
        const container = (await machine.docker(['ps', '-q'])).stdout.trim();
        await expect
          .poll(async () => (await machine.docker(['inspect', '--format', '{{.State.Health.Status}}', container])).stdout.trim(), {
            timeout: 60_000,
          })
          .toBe('healthy');
      } finally {
        await deployment.stop();
      }
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  }, 300_000);

  it('is built on a Node image, and answers', async () => {
    const image = await nodeImage();
    await machine.importImage(image, 'node:22-slim');
    await buildEmbeddedImage({ host, containers, folders: FOLDERS, io, signal });
    await answers();
  }, 300_000);

  it('leaves nothing but the image', async () => {
    const left = await leftovers(machine);
    expect({
      ...left,
      images: left.images.filter((name) => !name.startsWith('bench/embedded-engine:')),
      // Where a host keeps the state of processes.
      files: left.files.filter((path) => !/^\/home\/bench\/(\.local\/state|models)/.test(path)),
    }).toEqual({ containers: [], networks: [], volumes: [], images: [], processes: [], files: [] });
  });
});
