import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type FakeCloudrift, inProcessMachines, startFakeCloudrift } from '@bench/provisioning/testing';
import { describe, expect, it, type TestContext } from 'vitest';
import { bench, folder, show } from './cli.ts';
import { type CloudUser, cloudUser, live } from './cloud.ts';

const KEY = 'rift_planted-key-of-a-test-91c2';
interface Killed extends CloudUser {
  cloud: FakeCloudrift;
  id: string;
  machine: string;
}

/** A run that was killed while its program ran on a machine of CloudRift, which is still there. */
async function killed(test: TestContext): Promise<Killed> {
  const cloud = await startFakeCloudrift({ keys: [KEY], machines: inProcessMachines({ root: join(await folder(), 'machines') }) });
  test.onTestFinished(() => cloud.close());
  const user = await cloudUser({ CLOUDRIFT_API_URL: cloud.server.url, CLOUDRIFT_API_KEY: KEY });
  const dir = join(user.root, 'speed');
  await mkdir(dir);
  await writeFile(
    join(dir, 'recipe.yaml'),
    'command:\n  run: sleep 3\n  result_files: []\ndeploy: {gpu: RTX 4090, gpu_count: 1}\nmatrices: {cross: {n: [1]}}\n',
  );
  const running = user.start(['run', dir, '--on', 'cloudrift', '--yes']);
  await running.saw(/command is ready/);
  running.child.kill('SIGKILL');
  await running.finished;
  const [machine = ''] = live(cloud);
  const [id = ''] = await readdir(user.out);
  return { ...user, cloud, id, machine };
}

describe('a run that goes on after it was killed', () => {
  it('uses its machine again, asks for nothing and rents nothing', async (test) => {
    const { cloud, id, machine, ...user } = await killed(test);
    const finished = await user.bench(['run', '--resume', id]);
    expect(finished.code, show(finished)).toBe(0);
    expect(finished.stderr).toContain(`still there, and used again: ${machine} (id `);
    expect(finished.stderr).not.toContain('estimate:');
    expect(cloud.truth()).toMatchObject({ createsAcknowledged: 1, live: [] });
  });

  it('names the machine and what ends it where its provider is not open, with exit code 6; so does teardown', async (test) => {
    const user = await killed(test);
    const { id, machine, cloud } = user;
    const closed = (args: string[]) => bench(args, { cwd: user.root, env: { ...user.env, CLOUDRIFT_API_KEY: '' } });
    const resumed = await closed(['run', '--resume', id, '--yes']);
    expect(resumed.code, show(resumed)).toBe(6);
    expect(resumed.stderr).toMatch(new RegExp(`machines of run ${id} may still cost money:\\n\\s+${machine} \\(id \\S+ at cloudrift`));
    expect(resumed.stderr).toContain(`bench teardown ${id}`);
    const ended = await closed(['teardown', id]);
    expect(ended.code, show(ended)).toBe(6);
    expect(ended.stderr).toMatch(new RegExp(`left behind: ${machine}: .*cloudrift.* is not open`));
    expect(live(cloud)).toEqual([machine]);
    const again = await user.bench(['teardown', id]);
    expect(again.code, show(again)).toBe(0);
    expect(live(cloud)).toEqual([]);
  });

  it('names the machine at the second Ctrl-C while it is taken over', async (test) => {
    const { start, cloud, id, machine } = await killed(test);
    const running = start(['run', '--resume', id, '--yes']);
    await running.saw(/still there, and used again/);
    // It cannot be ended, so there is time.
    cloud.server.fail({ how: { status: 503, body: 'maintenance' } });
    running.child.kill('SIGINT');
    await running.saw(/stopping/);
    // Two at once are one.
    await delay(600);
    running.child.kill('SIGINT');
    const finished = await running.finished;
    expect(finished.code, show(finished)).toBe(6);
    expect(finished.stderr).toMatch(
      new RegExp(`not everything was taken down: machines of run ${id} .*\\n\\s+${machine} \\(id \\S+ at cloudrift`),
    );
    expect(finished.stderr).toContain(`end them with: bench teardown ${id}`);
    expect(live(cloud)).toEqual([machine]);
  });
});
