import { createIo, type Io } from '@bench/core';
import { hostConnector, localHost } from '@bench/host';
import { type SlurmCluster, startSlurm } from '@bench/test-machines';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { type Machine, type MachineRef, type MachineSpec, openProviders, type OpenProviders, providerErrorKind } from '../index.ts';
import { providerConformance } from '../testing/conformance/index.ts';
import { asSlurm, checkDirectives, slurm, type SlurmDirectives, slurmDirectives, type SlurmProvider } from './index.ts';

const missing = [part('slurm'), part('netns'), part('sshd')].find(({ present }) => !present);

/** What a user's start files have done: they read stdin, hide jobs, choose a place, and live elsewhere. */
const PROFILE = `echo "last login: yesterday"
echo "You have mail" >&2
cat >/dev/null
export TZ=America/New_York SQUEUE_PARTITION=cpu SQUEUE_STATES=CANCELLED SBATCH_PARTITION=nowhere SLURM_TIME_FORMAT=relative SACCT_FORMAT=jobid
trap 'echo bye' EXIT
`;

function ioOf(cluster: SlurmCluster): Io {
  const io = createIo();
  const connect = hostConnector({ io: () => io, configFile: cluster.login.sshConfigFile, agentSocket: null });
  return { ...io, connect };
}

async function until<T>(what: string, look: () => Promise<T | undefined | null | false>): Promise<T> {
  const io = createIo();
  for (let n = 0; n < 240; n++) {
    const found = await look();
    if (found) return found;
    await io.sleep(250);
  }
  throw new Error(`not within a minute: ${what}`);
}

describe.skipIf(missing !== undefined).each([true, false])(
  `a real Slurm, accounting %s${missing === undefined ? '' : ` (${missing.skipped})`}`,
  (accounting) => {
    let cluster: SlurmCluster;
    let all: OpenProviders;
    let provider: SlurmProvider;
    let n = 0;

    beforeAll(async () => {
      cluster = await startSlurm({ accounting });
      await cluster.runAsUser(['sh', '-c', 'cat > ~/.bash_profile'], { stdin: PROFILE });
      const io = ioOf(cluster);
      const settings = { slurm: { login: cluster.login.name, poll_interval_s: 1, prices_usd_per_gpu_hour: { gpu: 2 } } };
      all = await openProviders({ factories: [slurm()], settings, io });
      const open = asSlurm(all.get('slurm').provider);
      if (open === null) throw new Error('it is not Slurm');
      provider = open;
    }, 60_000);
    afterEach(async () => {
      await cluster.runAsUser(['scancel', '--me']);
      await until('an empty queue', async () => (await cluster.run(['squeue', '--noheader'])).stdout === '');
    });
    afterAll(async () => {
      await all?.close();
      await cluster?.close();
    });

    const specOf = async (script: string, directives: SlurmDirectives = {}): Promise<MachineSpec> => {
      const query = { gpu: null, count: 1, workload: 'batch', markets: ['on-demand'], regions: ['gpu'], diskGb: 1, criteria: {} } as const;
      for await (const offer of provider.offers(query)) {
        return {
          name: `bench-aaaaaa-r123456789-${n++}`,
          owner: 'aaaaaabbbbbb',
          run: 'r123456789',
          offer,
          market: 'on-demand',
          sshPublicKeys: [],
          image: null,
          diskGb: 1,
          maxLifetimeS: 600,
          expiresAt: '2026-11-22T00:00:00.000Z',
          bidUsdPerHour: null,
          workload: { kind: 'batch', script: `#!/bin/sh\n${script}\n`, directives },
          secrets: [],
        };
      }
      throw new Error('there is no offer');
    };
    const submit = async (script: string, directives?: SlurmDirectives): Promise<MachineRef> => {
      const spec = await specOf(script, directives);
      return (await provider.create(spec, { idempotencyKey: spec.name, signal: new AbortController().signal })).ref;
    };
    const machineOf = async (ref: MachineRef): Promise<Machine | null | undefined> => (await provider.observe([ref])).get(ref.id);
    const over = (ref: MachineRef) =>
      until(`${ref.name} is over`, async () => {
        const job = (await provider.jobs([ref])).get(ref.id);
        return job?.over ? job : null;
      });
    const runs = (ref: MachineRef) => until(`${ref.name} runs`, async () => (await machineOf(ref))?.state === 'running');
    const logOf = async (ref: MachineRef): Promise<string[]> => {
      const lines: string[] = [];
      for await (const line of provider.logs?.(ref) ?? []) lines.push(line);
      return lines;
    };

    it('says what it found', async () => {
      const { items } = await provider.check();
      expect(items).toEqual([
        { name: 'login host', state: 'ok', text: expect.stringMatching(/^\S+, slurm-wlm \d+\.\d+/) },
        { name: 'partitions', state: 'ok', text: expect.stringMatching(/gpu/) },
        { name: 'accounting', state: 'ok', text: accounting ? 'kept' : expect.stringContaining('not kept') },
      ]);
      expect(await provider.account?.()).toMatch(/^bench on \S+$/);
    });

    it('tells its nodes, and offers what they have', async () => {
      const nodes = await provider.nodes();
      const mine = nodes.filter(({ name }) => name === 'gpu0').toSorted((a, b) => a.partition.localeCompare(b.partition));
      expect(mine).toEqual([
        {
          name: 'gpu0',
          partition: 'gpu',
          isDefault: true,
          state: 'idle',
          suffix: '',
          usable: true,
          gpus: [{ type: 'a100', count: 2 }],
          cpus: 8,
          memoryMb: 16_000,
          timeLimitS: null,
          maxNodes: null,
          partitionUp: true,
          features: [],
        },
        expect.objectContaining({ partition: 'short', isDefault: false, timeLimitS: 60 }),
      ]);
      const found = [];
      const query = { gpu: null, count: null, workload: 'batch', markets: ['on-demand'], regions: [], diskGb: 1, criteria: {} } as const;
      for await (const offer of provider.offers(query)) found.push([offer.id, offer.priceUsdPerHour, offer.availability]);
      expect(found.toSorted(([a], [b]) => String(a).localeCompare(String(b)))).toEqual([
        ['cpu/cpu', null, 'available'],
        ['gpu/2xa100', 4, 'available'],
        ['short/2xa100', null, 'available'],
      ]);
    });

    it('runs a job with the GPUs of the offer, whatever the start files of the user do', async () => {
      const ref = await submit('echo "gpu $CUDA_VISIBLE_DEVICES on $(hostname) in $PWD"; exit 3');
      const job = await over(ref);
      expect(job).toMatchObject({ state: 'FAILED', exitCode: 3, signal: null, partition: 'gpu', over: true });
      // New York is hours away.
      expect(Math.abs(Date.parse(job.submittedAt ?? '') - Date.now())).toBeLessThan(600_000);
      expect(Math.abs(Date.parse(job.endsAt ?? '') - Date.now())).toBeLessThan(600_000);
      expect(await machineOf(ref)).toMatchObject({
        state: 'failed',
        failure: { code: 'FAILED' },
        priceUsdPerHour: 2,
        owner: 'aaaaaa',
        run: 'r123456789',
      });
      expect(await provider.logPath(ref)).toBe(`${cluster.login.home}/bench/r123456789/${ref.name}.log`);
      expect(await logOf(ref)).toContain(`gpu 0 on ${job.nodeList} in ${cluster.login.home}/bench/r123456789`);
      expect(await provider.terminate(ref)).toBe('gone');
    });

    it('finds a job by its name, ends it, and says who did', async () => {
      const ref = await submit('exec sleep 600');
      await runs(ref);
      expect((await provider.find(ref.name))?.ref.id).toBe(ref.id);
      const owned: string[] = [];
      for await (const machine of provider.owned({ owner: 'aaaaaabbbbbb' })) owned.push(machine.ref.name);
      expect(owned).toEqual([ref.name]);
      expect(await provider.terminate(ref)).toBe('accepted');
      const job = await over(ref);
      expect(job.state).toBe('CANCELLED');
      // Only accounting knows, once it has written the job down.
      if (job.source === 'sacct') expect(job.cancelledBy).toMatch(/^\d+$/);
      await until('it is gone', async () => (await provider.terminate(ref)) === 'gone');
      expect((await provider.find(ref.name))?.state).toBe('terminated');
    });

    it('tells of one that waits why, and when it will start', async () => {
      const first = await submit('exec sleep 600', { gres: 'gpu:2', nodes: 4, time: 600 });
      await runs(first);
      const ref = await submit('true', { gres: 'gpu:2' });
      const job = await until('an estimate', async () => {
        const one = (await provider.jobs([ref])).get(ref.id);
        return one?.startsAt ? one : null;
      });
      expect(job).toMatchObject({ state: 'PENDING', nodeList: null });
      expect(job.reason).toMatch(/^(Resources|Priority)$/);
      const inS = (Date.parse(job.startsAt ?? '') - Date.now()) / 1000;
      expect(inS).toBeGreaterThan(30);
      expect(inS).toBeLessThan(700);
    });

    it('runs a command in a job that runs, also one that has all of its node, and never as a job of its own', async () => {
      const ref = await submit('exec sleep 600', { gres: 'gpu:2', nodes: 1, cpus_per_task: 8 });
      await runs(ref);
      const node = (await provider.jobs([ref])).get(ref.id)?.nodeList;
      const text = await provider.inJob(ref, [
        'sh',
        '-c',
        'echo "$SLURM_JOB_ID $(hostname) $CUDA_VISIBLE_DEVICES"; [ "$1" = "a  b" ]',
        'sh',
        'a  b',
      ]);
      expect(text).toBe(`${ref.id} ${node} 0,1\n`);
      expect(await provider.inJob(ref, ['false'])).toBeNull();
      expect(await provider.inJob(ref, ['sleep', '60'], { timeoutMs: 2000 })).toBeNull();
      expect((await cluster.run(['squeue', '--noheader', '--format=%i'])).stdout.trim()).toBe(ref.id);
      // One that waits is not waited for, and one that nobody knows makes none.
      const waits = await submit('true', { gres: 'gpu:2', nodes: 4 });
      expect(await provider.inJob(waits, ['hostname'])).toBeNull();
      expect(await provider.inJob({ ...ref, id: '87654321' }, ['hostname'])).toBeNull();
      const { stdout } = await cluster.run(['squeue', '--noheader', '--format=%i']);
      expect(stdout.trim().split('\n').sort()).toEqual([ref.id, waits.id].sort());
    }, 120_000);

    it('tells what a job used', async () => {
      const ref = await submit(`x=$(head -c 60000000 /dev/zero | tr '\\0' a); sleep 4`);
      await over(ref);
      if (!accounting) return expect(await provider.usage(ref)).toBeNull();
      const usage = await until('its usage', async () => {
        const one = await provider.usage(ref);
        return one?.maxRssBytes ? one : null;
      });
      expect(usage).toMatchObject({ exitCode: 0, signal: null, state: 'COMPLETED', allocTres: { 'gres/gpu': '1', node: '1' } });
      expect(usage.maxRssBytes).toBeGreaterThan(50_000_000);
      expect(usage.elapsedS).toBeGreaterThanOrEqual(3);
      expect(usage.nodes).toMatch(/^gpu\d$/);
    });

    it('sums up the tasks of an array', async () => {
      const script = '#!/bin/sh\n[ "$SLURM_ARRAY_TASK_ID" = 1 ] && exit 7\nexit 0\n';
      const { stdout } = await cluster.runAsUser(['sbatch', '--parsable', '--array=0-2', '--partition=cpu', '--output=/dev/null'], {
        stdin: script,
      });
      const id = stdout.trim();
      const ref = { provider: 'slurm', id, name: 'sbatch', region: null, zone: null };
      const one = { ...ref, id: `${id}_1` };
      const other = { ...ref, id: `${id}_2` };
      await until('all are over', async () => [...(await provider.jobs([ref, one, other])).values()].every((job) => job?.over));
      const jobs = await provider.jobs([ref, one, other]);
      expect([ref, one, other].map(({ id: key }) => [jobs.get(key)?.state, jobs.get(key)?.exitCode])).toEqual([
        ['FAILED', 7],
        ['FAILED', 7],
        ['COMPLETED', 0],
      ]);
    });

    it('has its directives read as they were written', async () => {
      const comment = `a "b --uid=5 #c 'd' é $(id) \`id\` %j`.replace('"', '');
      const lines = slurmDirectives({ partition: 'cpu', nodes: 1, cpus_per_task: 2, mem: '100M', time: 90, comment, extra: ['--nice=7'] });
      const script = ['#!/bin/sh', ...lines, 'sleep 30', ''].join('\n');
      const id = (await cluster.runAsUser(['sbatch', '--parsable', '--output=/dev/null'], { stdin: script })).stdout.trim();
      const { stdout } = await cluster.run(['squeue', '--noheader', `--jobs=${id}`, '--format=%P|%D|%C|%m|%l|%k']);
      // Slurm counts minutes.
      expect(stdout.trim()).toBe(`cpu|1|2|100M|2:00|${comment}`);
    });

    const FITTING: [SlurmDirectives, boolean][] = [
      [{}, true],
      [{ partition: 'gpu', gres: 'gpu:a100:2', nodes: 4 }, true],
      [{ partition: 'gpu', gpus_per_node: 'a100:2', nodes: 2 }, true],
      [{ partition: 'gpu', gpus: 8, nodes: 4 }, true],
      [{ partition: 'short', time: 60 }, true],
      [{ partition: 'gpus' }, false],
      [{ partition: 'gpu', gres: 'gpu:3' }, false],
      [{ partition: 'gpu', gres: 'gpu:h100:1' }, false],
      [{ partition: 'gpu', gpus_per_node: 4 }, false],
      [{ partition: 'gpu', nodes: 5 }, false],
      [{ partition: 'cpu', gres: 'gpu:1' }, false],
      [{ partition: 'gpu', cpus_per_task: 9 }, false],
      [{ partition: 'gpu', constraint: 'nvlink' }, false],
    ];
    it.each(FITTING)('judges %j as sbatch does: %s', async (directives, fits) => {
      const script = ['#!/bin/sh', ...slurmDirectives(directives), 'true', ''].join('\n');
      const { code } = await cluster.runAsUser(['sbatch', '--test-only'], { stdin: script, check: false });
      expect(code === 0).toBe(fits);
      expect(checkDirectives(directives, await provider.nodes()).length === 0).toBe(fits);
    });

    const REFUSED: [string, SlurmDirectives, string, RegExp][] = [
      ['partition', { partition: 'nowhere' }, 'request', /no such partition/],
      ['GPUs', { gres: 'gpu:a100:3' }, 'capacity', /no node of the partition has/],
      ['feature', { constraint: 'nvlink' }, 'request', /no such feature|such a feature/],
      ['reservation', { reservation: 'none' }, 'request', /reservation/],
      ['node', { exclude: 'nowhere7' }, 'request', /no such node/],
      ['resource', { gres: 'fpga:1' }, 'request', /no such resource/],
      ['option', { extra: ['--no-such-option'] }, 'request', /option is not understood/],
    ];
    it.each(REFUSED)('says why a job was refused: %s', async (_what, directives, kind, message) => {
      const thrown: unknown = await submit('true', directives).catch((error: unknown) => error);
      expect([providerErrorKind(thrown), (thrown as Error).message]).toEqual([kind, expect.stringMatching(message)]);
      expect((thrown as { hint?: string }).hint).toBeTruthy();
    });

    // Its clients take their time to give up.
    it.each(accounting ? [] : ['observe, terminate and find'])(
      'does not take a controller that is away for an empty queue: %s',
      async () => {
        const ref = await submit('exec sleep 600');
        await runs(ref);
        await cluster.stopController();
        try {
          // What was seen a moment ago is still believed.
          await createIo().sleep(1100);
          const calls = [provider.observe([ref]), provider.terminate(ref), provider.find(ref.name)];
          const thrown = await Promise.all(calls.map((call) => call.catch((error: unknown) => error)));
          expect(thrown.map(providerErrorKind)).toEqual(['transient', 'transient', 'transient']);
        } finally {
          await cluster.startController();
        }
        await until('it is seen again', async () => (await machineOf(ref).catch(() => null))?.state === 'running');
      },
      120_000,
    );

    it('says that a node failed under a job', async () => {
      const ref = await submit('exec sleep 600');
      await runs(ref);
      const node = (await provider.jobs([ref])).get(ref.id)?.nodeList ?? '';
      await cluster.killNode(node);
      try {
        expect(await over(ref)).toMatchObject({ state: 'NODE_FAIL' });
        expect(await machineOf(ref)).toMatchObject({
          state: 'failed',
          failure: { code: 'NODE_FAIL', hint: expect.stringContaining('slurm.exclude') },
        });
        expect((await provider.nodes()).find(({ name }) => name === node)?.usable).toBe(false);
      } finally {
        await cluster.resume(node);
      }
    }, 120_000);

    it('is used on the login host itself too', async () => {
      const local = localHost();
      const io: Io = {
        ...createIo(),
        connect: () =>
          Promise.resolve({ ...local, exec: (command, o = {}) => local.exec(command, { ...o, env: { ...o.env, ...cluster.env } }) }),
      };
      const here = await openProviders({ factories: [slurm()], settings: { slurm: { login: 'local' } }, io });
      const nodes = await asSlurm(here.get('slurm').provider)?.nodes();
      expect(nodes?.length).toBe(9);
      await here.close();
    });

    describe.each(accounting ? [] : ['conformance'])('keeps what every provider promises: %s', () => {
      const own = slurm();
      const cases = providerConformance({
        // This one answers at once.
        factory: { ...own, capabilities: { ...own.capabilities, visibleWithinMs: 300 }, deadlines: { ...own.deadlines, pollMs: 300 } },
        prepare: () => ({ io: ioOf(cluster), settings: { login: cluster.login.name, poll_interval_s: 1 } }),
        query: { count: 1, regions: ['gpu'] },
        unknownId: '87654321',
        patienceMs: 60_000,
        many: 3,
      });
      // Each narrows the query by itself.
      const skipped = /^offers: each satisfies/;
      it.each(cases.filter((one) => one.skipped === null && !skipped.test(one.name)))('$name', ({ run }) => run(), 120_000);
    });
  },
);
