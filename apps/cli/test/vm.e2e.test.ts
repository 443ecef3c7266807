import { join } from 'node:path';
import { inProcessMachines, startFakeCloudrift } from '@bench/provisioning/testing';
import { describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { cloudUser, live } from './cloud.ts';
import { type Finished, folder } from './cli.ts';

const KEY = 'rift_planted-key-of-a-test-51cc';
const ssh = part('sshd');
const show = ({ code, stdout, stderr }: Finished) => `${code}\n${stdout}\n${stderr}`;

describe.skipIf(!ssh.present)(`bench vm${ssh.present ? '' : ` (${ssh.skipped})`}`, () => {
  it('rents a machine, logs in, stops and starts it, and gives it back', async ({ onTestFinished }) => {
    const machines = inProcessMachines({ root: join(await folder(), 'machines') });
    const cloud = await startFakeCloudrift({ keys: [KEY], machines });
    onTestFinished(() => cloud.close());
    const user = await cloudUser({ CLOUDRIFT_API_URL: cloud.server.url, CLOUDRIFT_API_KEY: KEY });
    const vm = async (args: readonly string[], code = 0) => {
      const finished = await user.bench(['vm', ...args]);
      expect(finished.code, `vm ${args.join(' ')}: ${show(finished)}`).toBe(code);
      return finished;
    };
    const want = ['create', '--gpu', 'rtx4090', '--max-price', '1', '--keep-for', '1h'];
    expect((await vm(want, 2)).stderr).toContain('--yes');
    expect(live(cloud)).toEqual([]);

    const created = JSON.parse((await vm([...want, '--yes', '--json'])).stdout) as { name: string; ssh: string; timer: boolean };
    const { name } = created;
    // It looks like this computer, which no timer may end.
    expect(created.timer).toBe(false);
    expect(live(cloud)).toEqual([name]);
    expect(created.ssh).toContain(`HostKeyAlias=${name}`);
    expect((await vm(['list'])).stdout).toMatch(new RegExp(`${name} +cloudrift .*RTX4090`));

    // Words arrive as they are, and the exit code comes back.
    const words = await vm(['ssh', name, '--', 'printf', '%s|', 'two words', "it's"]);
    expect(words.stdout).toBe("two words|it's|");
    expect((await vm(['ssh', name, '--', 'nvidia-smi', '-L'])).stdout).toContain('4090');
    await vm(['ssh', name, '--', 'sh', '-c', 'exit 7'], 7);

    // It is kept: gc leaves it alone.
    expect((await user.bench(['gc'])).code).toBe(0);
    expect(live(cloud)).toEqual([name]);

    // What a dry run says is not done.
    for (const action of ['delete', 'stop', 'start', 'reboot']) {
      const dry = JSON.parse((await vm([action, name, '--dry-run', '--json'])).stdout) as { name: string; done: boolean; text: string };
      expect(dry).toMatchObject({ name, action, done: false });
      expect(dry.text).toContain(`would tell CloudRift to ${action} ${name}`);
    }
    expect((await vm(['list'])).stdout).toContain(name);
    expect(cloud.truth().terminates).toEqual([]);

    expect((await vm(['stop', name])).stdout).toContain(`bench vm delete ${name}`);
    const reachable = async () => (await user.bench(['vm', 'ssh', name, '--', 'true'])).code === 0;
    await expect.poll(reachable, { timeout: 60_000 }).toBe(false);
    // It is waited for, and what becomes of the timer in it is told: it looks like this computer.
    expect((await vm(['start', name])).stdout).toContain('the timer in it is not set; it is kept until');
    await expect.poll(reachable, { timeout: 60_000 }).toBe(true);

    expect((await vm(['delete', name])).stdout).toContain(`${name} is gone`);
    expect(live(cloud)).toEqual([]);
    expect((await vm(['delete', name], 2)).stderr).toContain('is gone');
    expect((await vm(['list'])).stdout).toContain('no machine of yours is up');
    const ledger = JSON.parse((await user.bench(['ledger', '--json'])).stdout) as { machines: unknown[] };
    expect(ledger.machines).toEqual([]);
    expect(cloud.server.errors).toEqual([]);
  }, 300_000);

  it('gc ends what another owner has when it is named by its id, and says when nobody is meant', async ({ onTestFinished }) => {
    const machines = inProcessMachines({ root: join(await folder(), 'machines') });
    const cloud = await startFakeCloudrift({ keys: [KEY], machines });
    onTestFinished(() => cloud.close());
    const { bench } = await cloudUser({ CLOUDRIFT_API_URL: cloud.server.url, CLOUDRIFT_API_KEY: KEY });
    const theirs = ['bench-zzzzzz-r000000000-0', 'bench-yyyyyy-r000000000-0'];
    for (const name of theirs) cloud.foreign(name);
    expect(show(await bench(['gc', '--owner', 'zz']))).toMatch(/^2\n/);
    const nobody = await bench(['gc', '--owner', 'xxxxxx']);
    expect([nobody.code, nobody.stderr]).toEqual([0, expect.stringContaining('nothing matched') as string]);
    expect(live(cloud).toSorted()).toEqual(theirs.toSorted());
    // As bench ledger prints it: twelve characters, of which a name has six.
    const collected = await bench(['gc', '--owner', 'zzzzzz000000']);
    expect(collected.code, show(collected)).toBe(0);
    expect(live(cloud)).toEqual([theirs[1]]);
  }, 120_000);
});
