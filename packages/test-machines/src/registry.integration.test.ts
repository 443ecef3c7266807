import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { baseImage, nodeImage, startMachine, startRegistry, type Machine, type Registry } from './index.ts';

const needed = [part('netns'), part('sshd'), part('docker')];

describe.skipIf(needed.some(({ present }) => !present))('a registry for machines', () => {
  let registry: Registry;
  let machine: Machine;
  beforeAll(async () => {
    registry = await startRegistry();
    machine = await startMachine({ registryMirror: registry.url });
  });
  afterAll(async () => {
    await machine?.stop();
    await registry?.close();
  });

  it('serves an image by its name, with a digest and settings', async () => {
    const image = await baseImage('tools:1');
    const { reference, digest } = await registry.add({ ...image, changes: [...image.changes, 'ENV GREETING=hello'] });
    expect(reference).toBe(`${registry.address}/library/tools:1`);
    expect((await machine.docker(['pull', reference])).stdout).toContain(digest);
    expect((await machine.docker(['inspect', '--format', '{{json .RepoDigests}}', reference])).stdout).toBe(
      `["${registry.address}/library/tools@${digest}"]\n`,
    );
    expect((await machine.docker(['run', '--rm', 'tools:1', 'sh', '-c', 'echo $GREETING'])).stdout).toBe('hello\n');
  });

  it('says that it has no such image', async () => {
    const pull = await machine.docker(['pull', `${registry.address}/nobody/nothing:1`], { check: false });
    expect(pull).toMatchObject({ code: 1, stderr: expect.stringContaining('manifest unknown') });
  });

  it('is slow when asked', async () => {
    const slow = await startRegistry({ bytesPerSecond: 1_000_000 });
    try {
      const { reference } = await slow.add(await nodeImage(), 'slow/image:1'); // it would take minutes
      await expect(machine.docker(['pull', reference], { timeoutMs: 1_000 })).rejects.toThrow('not done after 1000 ms');
      expect((await machine.docker(['images', '-q', reference])).stdout).toBe('');
    } finally {
      await slow.close();
    }
  });
});
