import { BenchError } from '@bench/core';
import { localHost } from '@bench/host';
import { describe, expect, it } from 'vitest';
import { bootstrap, bootstrapPlan, type BootstrapEvent, type BootstrapOptions, type BootstrapWanted } from '../index.ts';
import { type MachineState, patientIo, scriptedHost } from './testing/scripted-host.ts';

const H200: BootstrapWanted = { gpu: 'NVIDIA H200', driverVersion: '570' };
const ALL = ['settle', 'nvidia-driver', 'docker', 'compose', 'docker-group', 'container-toolkit'];

async function run(wanted: BootstrapWanted, change: Partial<MachineState> = {}, options: Partial<BootstrapOptions> = {}) {
  const machine = scriptedHost(wanted, change);
  const events: BootstrapEvent[] = [];
  const outcome = await bootstrap(machine.host, wanted, { io: patientIo(), on: (event) => events.push(event), ...options }).then(
    (result) => ({ result, error: null }),
    (error: unknown) => ({ result: null, error }),
  );
  return { ...machine, ...outcome, events };
}

function refusal(error: unknown): BenchError {
  if (BenchError.is(error)) return error;
  throw new Error(`expected a BenchError, got ${String(error)}`);
}

describe('a plan', () => {
  it('has the driver first and the GPUs of Docker last', () => {
    expect(bootstrapPlan(H200).map((s) => s.name)).toEqual(ALL);
    expect(bootstrapPlan({ ...H200, cudaVersion: '12.4' }).map((s) => s.name)).toContain('cuda');
    expect(bootstrapPlan({ gpu: 'AMD Instinct MI300X' }).map((s) => s.name)).toEqual(['settle', 'amd-driver', ...ALL.slice(2, 5)]);
    expect(bootstrapPlan({ gpu: null }).map((s) => s.name)).toEqual(['settle', ...ALL.slice(2, 5)]);
  });

  it.each<[BootstrapWanted, readonly string[]]>([
    [{ gpu: 'NVIDIA H200' }, ['', 'nvidia-open']],
    [{ gpu: 'NVIDIA H200', driverVersion: '595.58.03' }, ['595.58.03', 'nvidia-open-595']],
    [{ gpu: 'Tesla V100-SXM2-16GB', driverVersion: '550' }, ['550', 'cuda-drivers-550']],
    [{ gpu: 'Some NVIDIA card', driverVersion: '570' }, ['570', 'nvidia-open-570']],
  ])('chooses the package of the driver: %j', (wanted, args) => {
    expect(bootstrapPlan(wanted).find((s) => s.name === 'nvidia-driver')?.apply?.args).toEqual(args);
  });

  it('takes the toolkit of a CUDA version by major and minor', () => {
    const cuda = bootstrapPlan({ gpu: 'H200', cudaVersion: '12.4.1' }).find((s) => s.name === 'cuda');
    expect([cuda?.check.args, cuda?.apply?.args]).toEqual([['12.4'], ['cuda-toolkit-12-4']]);
  });

  it.each(['', '12; rm -rf /', '$(id)', '570-server', 'latest'])('refuses "%s" as a version', (version) => {
    expect(() => bootstrapPlan({ gpu: 'H200', driverVersion: version })).toThrow(/is no version of a driver/);
    expect(() => bootstrapPlan({ gpu: 'H200', cudaVersion: version })).toThrow(/is no version of CUDA/);
  });

  it('is made of scripts that every sh reads, the same for all data', async () => {
    const host = localHost();
    const plans = [{ ...H200, cudaVersion: '12.4' }, { gpu: 'Tesla V100', driverVersion: '550', cudaVersion: '11' }, { gpu: 'MI300X' }];
    const scripts = plans.map((wanted) =>
      bootstrapPlan(wanted)
        .flatMap((s) => [s.check, s.apply, s.verify])
        .flatMap((s) => s?.script ?? []),
    );
    for (const script of new Set(scripts.flat())) {
      const { code, stderr } = await host.exec({ argv: ['sh', '-n'], stdin: script });
      expect([code, stderr]).toEqual([0, '']);
    }
    expect(scripts[1]).toEqual(scripts[0]);
  });
});

describe('a bare machine', () => {
  it('gets everything, in order, with one restart for the driver', async () => {
    const { result, done, events, leftProcesses } = await run(H200, { present: new Set(), afterRestart: new Set(['nvidia-driver']) });
    expect(done).toEqual([
      'settle',
      'nvidia-driver 570 nvidia-open-570',
      'restart',
      'docker',
      'compose',
      'docker-group',
      'container-toolkit',
    ]);
    expect(result).toEqual({ changed: ALL, restarted: true });
    expect(events.filter((e) => e.type === 'waiting')).toEqual([{ type: 'waiting', text: 'gpu1 restarts' }]);
    expect(events.filter((e) => e.type === 'log' && e.step === 'docker')).toEqual([
      { type: 'log', step: 'docker', line: 'working on docker' },
    ]);
    expect(leftProcesses.size).toBe(0);
  });

  it('is ready then: a second call changes nothing', async () => {
    const first = await run(H200, { present: new Set() });
    const events: BootstrapEvent[] = [];
    first.done.length = 0;
    expect(await bootstrap(first.host, H200, { io: patientIo(), on: (e) => events.push(e) })).toEqual({ changed: [], restarted: false });
    expect(first.done).toEqual([]);
    expect(events.filter((e) => e.type === 'step' && e.state === 'present')).toHaveLength(ALL.length);
  });

  it('is not restarted for a driver that works without', async () => {
    expect((await run(H200)).result).toEqual({ changed: ALL.slice(1), restarted: false });
  });

  it('gets what its own GPU needs when none is named, and nothing for one that it lacks', async () => {
    const machine = scriptedHost(H200, { gpus: ['NVIDIA H200'] });
    expect((await bootstrap(machine.host, { driverVersion: '570' }, { io: patientIo() })).changed).toContain('nvidia-driver');
    const none = scriptedHost({ gpu: null }, { gpus: [] });
    expect((await bootstrap(none.host, {}, { io: patientIo() })).changed).toEqual(['docker', 'compose', 'docker-group']);
    const { error, done } = await run(H200, { gpus: [] });
    expect(refusal(error)).toMatchObject({ code: 'BENCH_BOOTSTRAP_NO_GPU', message: 'gpu1 has no GPU of NVIDIA; NVIDIA H200 is wanted' });
    expect(done).toEqual([]);
  });
});

describe('is refused, with nothing changed', () => {
  it.each<[string, Partial<MachineState>, string, RegExp]>([
    ['this machine', { kind: 'local' }, 'BENCH_BOOTSTRAP_LOCAL', /never installs system software/],
    ['this machine by SSH', { machineId: 'b'.repeat(32) }, 'BENCH_BOOTSTRAP_LOCAL', /and gpu1 is that machine/],
    [
      'an unknown system',
      { system: 'fedora 41' },
      'BENCH_BOOTSTRAP_SYSTEM',
      /runs Some Linux: bench does not know how to install NVIDIA driver 570/,
    ],
    ['a user that is not root', { root: false }, 'BENCH_BOOTSTRAP_ROOT', /may not become root/],
    ['a machine in use', { busy: ['2 running container(s)'] }, 'BENCH_BOOTSTRAP_BUSY', /in use \(2 running container\(s\)\)/],
    [
      'a driver that cannot be',
      { impossible: new Map([['nvidia-driver', 'no way']]) },
      'BENCH_BOOTSTRAP_FAILED',
      /NVIDIA driver 570: no way/,
    ],
  ])('%s', async (_name, change, code, message) => {
    const { error, done } = await run(H200, change, { localMachineId: 'b'.repeat(32) });
    expect(refusal(error)).toMatchObject({ code, exitCode: 3, message: expect.stringMatching(message) as string });
    expect(refusal(error).hint).toBeTruthy();
    expect(done).toEqual([]);
  });

  it('not an unknown system that has everything', async () => {
    expect((await run(H200, { system: 'fedora 41', root: false, busy: ['1 container'], present: new Set(ALL) })).result).toEqual({
      changed: [],
      restarted: false,
    });
  });

  it('AMD’s driver is a person’s work, and it is said what to do', async () => {
    const wanted = { gpu: 'AMD Instinct MI300X' };
    const machine = scriptedHost(wanted);
    machine.host.exec = ((exec) => async (command) => {
      const result = await exec(command);
      return result.stdout.startsWith('nvidia_gpu') ? { ...result, stdout: 'amd_gpu\t0x74a1,,,,\n' } : result;
    })(machine.host.exec);
    const error = refusal(await bootstrap(machine.host, wanted, { io: patientIo() }).catch((e: unknown) => e));
    expect([error.code, error.hint]).toEqual(['BENCH_BOOTSTRAP_FAILED', expect.stringContaining('amdgpu-dkms')]);
    expect(machine.done).toEqual([]);
  });
});

describe('when something fails', () => {
  it('the step, its last line and its log are told, and what came before is kept', async () => {
    const { error, state, leftProcesses } = await run(H200, { broken: new Map([['compose', 'no package']]) });
    expect(refusal(error)).toMatchObject({ code: 'BENCH_BOOTSTRAP_FAILED', message: 'gpu1: Docker Compose: no package' });
    expect(refusal(error).hint).toMatch(/run this again: finished steps are passed over/);
    expect(refusal(error).details).toEqual({ host: 'gpu1', step: 'compose', log: ['working on compose', 'no package'] });
    expect([...state.present]).toEqual(['settle', 'nvidia-driver', 'docker']);
    expect(leftProcesses.size).toBe(0);
  });

  it('the next call goes on there', async () => {
    const first = await run(H200, { broken: new Map([['compose', 'no package']]) });
    first.state.broken.clear();
    expect(await bootstrap(first.host, H200, { io: patientIo() })).toEqual({
      changed: ['compose', 'docker-group', 'container-toolkit'],
      restarted: false,
    });
  });

  it('a step that an earlier call began is waited for, not begun again', async () => {
    const { result, done } = await run(H200, { leftRunning: 'docker' });
    expect(result?.changed).toEqual(ALL.slice(1));
    expect(done).not.toContain('docker');
  });

  it.each<[MachineState['restarts'], RegExp]>([
    ['never', /gpu1 restarts: no answer from gpu1 in 10 min; last: it has not restarted/],
    ['not-back', /gpu1 restarts: no answer from gpu1 in 10 min; last: it does not answer/],
  ])('a machine that does not come back (%s) is given up', async (restarts, message) => {
    const { error } = await run(H200, { afterRestart: new Set(['nvidia-driver']), restarts });
    expect(refusal(error)).toMatchObject({ code: 'BENCH_BOOTSTRAP_NO_ANSWER', message: expect.stringMatching(message) as string });
  });

  it('keys that are refused while it starts are tried again', async () => {
    const downs = { count: 20, code: 'BENCH_SSH_AUTH' as const, retryable: false };
    expect((await run(H200, { afterRestart: new Set(['nvidia-driver']), downs })).result?.restarted).toBe(true);
  });

  it('a restart that cuts its own answer off is one', async () => {
    expect((await run(H200, { afterRestart: new Set(['nvidia-driver']), cut: true })).result?.restarted).toBe(true);
  });

  it('a host key that changed is not waited for', async () => {
    const downs = { count: 1, code: 'BENCH_SSH_HOST_KEY' as const, retryable: false };
    const { error } = await run(H200, { afterRestart: new Set(['nvidia-driver']), downs });
    expect(refusal(error).code).toBe('BENCH_SSH_HOST_KEY');
  });

  it('a driver that does not work after the restart says so', async () => {
    const { error, done } = await run(
      H200,
      { afterRestart: new Set(['nvidia-driver']), restarts: 'well', broken: new Map() },
      { reboot: false },
    );
    expect(refusal(error).code).toBe('BENCH_BOOTSTRAP_RESTART');
    expect(done).toEqual(['nvidia-driver 570 nvidia-open-570']);
    const machine = scriptedHost(H200);
    machine.state.present.add = function (name: string) {
      return name === 'nvidia-driver' ? this : Set.prototype.add.call(this, name);
    };
    const failed = refusal(await bootstrap(machine.host, H200, { io: patientIo() }).catch((e: unknown) => e));
    expect(failed.message).toBe('gpu1: NVIDIA driver 570: it was installed and does not work, also after a restart');
  });

  it('an abort ends the wait', async () => {
    const aborted = new AbortController();
    aborted.abort(new Error('enough'));
    const { error, done } = await run(H200, {}, { signal: aborted.signal });
    expect([(error as Error).message, done]).toEqual(['enough', []]);
  });
});
