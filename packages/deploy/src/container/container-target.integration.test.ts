import { leftovers, type Machine, nodeImage, startMachine } from '@bench/test-machines';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { ENGINE_IMAGE } from '../testing/container-engine.ts';
import { dockerContainers } from './testing/docker-containers.ts';
import { vastAccount } from './testing/vast-account.ts';

const needed = [part('netns'), part('sshd'), part('docker')];
const missing = needed.find(({ present }) => !present);

describe.skipIf(missing !== undefined)(`rented containers by a real Docker${missing ? ` (${missing.skipped})` : ''}`, () => {
  let machine: Machine;
  beforeAll(async () => {
    machine = await startMachine({});
    await machine.importImage(await nodeImage(ENGINE_IMAGE));
  });
  afterAll(() => machine?.stop());

  const account = (mode: string) => vastAccount({ fake: { containers: dockerContainers(machine) }, mode });

  it('an image runs by its own entrypoint, with its environment, and answers where its port is mapped', async () => {
    const { start, fake, close } = await account('good');
    const live = await start();
    const { address, port, apiKey } = live.endpoint as NonNullable<typeof live.endpoint>;
    expect(address).toBe(machine.address);
    const told = (await (await fetch(`http://${address}:${port}/whoami`)).json()) as { port: string; env: Record<string, string> };
    expect(told.port).toBe('8000');
    expect(told.env['ENGINE_KEY']).toBe(apiKey);
    expect(told.env['CONTAINER_ID']).toBe(fake.instances()[0]?.id);
    const lines = async () => {
      const all: string[] = [];
      for await (const line of live.logs()) all.push(line);
      return all;
    };
    await expect.poll(lines, { timeout: 10_000 }).toEqual(expect.arrayContaining(['starting good', 'on stderr']));
    await live.stop();
    await expect.poll(async () => (await leftovers(machine)).containers, { timeout: 10_000 }).toEqual([]);
    await close();
  });

  it('an engine that ends at once is told of with what it said, and is ended', async () => {
    const { start, fake, close } = await account('exit');
    await expect(start()).rejects.toThrow(/its container ended by itself: .*no such device/);
    // Nor is it tried on every machine there is.
    expect(fake.made).toHaveLength(1);
    expect(fake.instances()).toEqual([]);
    await expect.poll(async () => (await leftovers(machine)).containers, { timeout: 10_000 }).toEqual([]);
    await close();
  });
});
