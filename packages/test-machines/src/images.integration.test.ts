import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { baseImage, nginxImage, nodeImage, postgresImage, redisImage, startMachine, type Machine } from './index.ts';

const needed = [part('netns'), part('sshd'), part('docker')];

describe.skipIf(needed.some(({ present }) => !present))('images made from what is here', () => {
  let machine: Machine;
  beforeAll(async () => {
    machine = await startMachine();
  });
  afterAll(() => machine?.stop());
  const sh = async (image: string, script: string, ...options: string[]) =>
    (await machine.docker(['run', '--rm', ...options, image, 'sh', '-euc', script])).stdout;
  /** Runs a script in a container, again until it succeeds. */
  const inside = async (container: string, script: string) =>
    (
      await machine.docker([
        'exec',
        container,
        'sh',
        '-euc',
        `for i in $(seq 100); do if (${script}) 2> /dev/null; then exit 0; fi; sleep 0.1; done; ${script}`,
      ])
    ).stdout;

  it('base: a shell with the usual tools', async () => {
    const image = await baseImage();
    expect(await baseImage()).toEqual(image);
    await machine.importImage(image);
    const script =
      'curl --version | head -n 1 | cut -d " " -f 1; printf "%s\\n" 3 1 2 | sort | awk "{ s = s \\$1 } END { print s }"; id -un; mktemp -d > /dev/null; bash -c "echo ok"';
    expect(await sh(image.tag, script)).toBe('curl\n123\nroot\nok\n');
    expect(await sh(image.tag, 'id -un', '--user', 'nobody')).toBe('nobody\n');
  });

  it('node: runs scripts and programs', async () => {
    const image = await nodeImage('node:test');
    await machine.importImage(image);
    expect((await machine.docker(['run', '--rm', image.tag, '-p', 'process.version'])).stdout).toBe(`${process.version}\n`);
    expect((await machine.docker(['run', '--rm', image.tag, 'uname'])).stdout).toBe('Linux\n');
  });

  it('do not fit on a machine whose disk is too small', async () => {
    const small = await startMachine({ dockerSizeMiB: 100 });
    try {
      const image = await baseImage();
      await small.importImage(image);
      expect((await small.docker(['run', '--rm', image.tag, 'echo', 'fits'])).stdout).toBe('fits\n');
      await expect(small.importImage(await nodeImage())).rejects.toThrow('no space left on device');
    } finally {
      await small.stop();
    }
  });

  it.skipIf(!part('nginx').present)('nginx: answers', async () => {
    const image = await nginxImage();
    await machine.importImage(image);
    await machine.docker(['run', '-d', '--name', 'web', '-p', '127.0.0.1:8080:80', image.tag]);
    await inside('web', 'curl -sf http://127.0.0.1');
    expect((await machine.exec(['curl', '-sf', 'http://127.0.0.1:8080/'])).stdout).toContain('Welcome to nginx');
    expect((await machine.docker(['logs', 'web'])).stdout).toContain('"GET / HTTP/1.1" 200');
  });

  it.skipIf(!part('redis').present)('redis: PING', async () => {
    const image = await redisImage();
    await machine.importImage(image);
    await machine.docker(['run', '-d', '--name', 'cache', image.tag]);
    expect(await inside('cache', 'redis-cli PING')).toBe('PONG\n');
    expect(await inside('cache', 'redis-benchmark -n 100 -q -t set')).toContain('requests per second');
  });

  it.skipIf(!part('postgres').present)('postgres: SELECT 1 and pgbench, by gosu as root', async () => {
    const image = await postgresImage();
    await machine.importImage(image);
    const start =
      'mkdir /tmp/data; chown postgres /tmp/data; gosu postgres initdb -D /tmp/data -U postgres -A trust; exec gosu postgres postgres -D /tmp/data -c unix_socket_directories=/tmp';
    await machine.docker(['run', '-d', '--name', 'base', image.tag, 'sh', '-euc', start]);
    expect(await inside('base', 'psql -h /tmp -U postgres -Atc "SELECT 1"')).toBe('1\n');
    await inside('base', 'pgbench -h /tmp -U postgres -i -q postgres');
    expect(await inside('base', 'pgbench -h /tmp -U postgres -t 5 postgres')).toContain('number of transactions actually processed: 5/5');
  });
});
