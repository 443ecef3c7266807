import { createIo } from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import { type MachineRef, openProviders, type OpenProviders } from '../index.ts';
import { fakeSlurm } from '../testing/slurm/fake-slurm.ts';
import { stepArgs } from './in-job.ts';
import { asSlurm, slurm } from './index.ts';

let all: OpenProviders | undefined;
afterEach(() => all?.close());

async function open() {
  const fake = fakeSlurm({ queueMs: 60_000 });
  const io = { ...createIo({ env: {} }), connect: fake.connect };
  all = await openProviders({ factories: [slurm()], settings: { slurm: { login: 'login1', cluster: 'alpha' } }, io });
  const provider = asSlurm(all.get('slurm').provider);
  if (provider === null) throw new Error('it is not Slurm');
  const name = 'bench-aaaaaa-r123456789-0';
  const ref: MachineRef = { provider: 'slurm', id: fake.foreign(name), name, region: null, zone: null };
  return { fake, provider, ref };
}

describe('a command in a job', () => {
  it('is a step of the job that shares what the job has, and has an end', () => {
    expect(stepArgs('12', ['echo', '--nodes=9'])).toEqual([
      '--jobid=12',
      '--overlap',
      '--nodes=1',
      '--ntasks=1',
      '--immediate=5',
      '--time=1',
      '--mpi=none',
      '--job-name=bench-look',
      '--quiet',
      '--',
      'echo',
      '--nodes=9',
    ]);
  });

  it('runs where the job runs; of one that waits, or is over, there is no look, and never another job', async () => {
    const { fake, provider, ref } = await open();
    const before = fake.jobs().length;
    expect(await provider.inJob(ref, ['hostname'])).toBeNull();
    fake.clock.advance(61_000);
    expect(await provider.inJob(ref, ['hostname'])).toMatch(/^hostname on \w+\n$/);
    fake.end(ref.name, { state: 'COMPLETED' });
    expect(await provider.inJob(ref, ['hostname'])).toBeNull();
    expect(fake.jobs()).toHaveLength(before);
    const asked = fake.commands.filter((command) => command.startsWith('srun '));
    expect(asked).toHaveLength(3);
    for (const command of asked) {
      expect(command).toMatch(new RegExp(`^srun --clusters=alpha --jobid=${ref.id} --overlap `));
      expect(command).not.toContain('--nodelist');
    }
  });

  it.each(['', '12;reboot', '--nodelist=gpu0', '12_3', '0'])('asks nothing for the job "%s"', async (id) => {
    const { fake, provider, ref } = await open();
    expect(await provider.inJob({ ...ref, id }, ['hostname'])).toBeNull();
    expect(fake.commands.filter((command) => command.startsWith('srun'))).toEqual([]);
  });

  it.each([
    'refused',
    'lost-before',
    'lost-after',
    'cut',
    { code: 1, stderr: 'srun: error: Unable to create step for job 101: Requested nodes are busy' },
    { code: 127, stderr: '' },
  ] as const)('is quiet when it cannot be had: %j', async (how) => {
    const { fake, provider, ref } = await open();
    fake.clock.advance(61_000);
    fake.fail({ match: /^srun/, how });
    expect(await provider.inJob(ref, ['hostname'])).toBeNull();
  });

  it('ends when it is told to', async () => {
    const { fake, provider, ref } = await open();
    fake.clock.advance(61_000);
    fake.fail({ match: /^srun/, how: 'endless' });
    const stop = new AbortController();
    const asked = provider.inJob(ref, ['hostname'], { signal: stop.signal });
    setTimeout(() => stop.abort(new DOMException('enough', 'AbortError')), 50);
    await expect(asked).rejects.toThrow('enough');
  });
});
