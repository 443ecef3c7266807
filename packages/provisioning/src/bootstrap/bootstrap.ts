import { BenchError, EXIT, findGpu, type Host, machineId } from '@bench/core';
import { systemInfo } from '@bench/host';
import { restart, untilItAnswers } from './answers.ts';
import type { BootstrapOptions, Context } from './context.ts';
import { bootstrapPlan, type BootstrapWanted } from './plan.ts';
import { applyStep, isThere, stepFailed } from './run-step.ts';
import { BUSY, IDENTITY, MACHINE_ID } from './scripts/machine.ts';
import type { BootstrapStep } from './step.ts';

/** Systems whose packages the scripts know: `ID VERSION_ID` of os-release. */
const KNOWN = new Set(['ubuntu 22.04', 'ubuntu 24.04', 'debian 12', 'debian 13']);

export interface BootstrapResult {
  /** Names of the steps that changed something, in order. Empty: everything was there. */
  changed: string[];
  restarted: boolean;
}

/**
 * Makes a machine ready for containers with GPUs: looks at each step of {@link bootstrapPlan}, does what is missing, and checks that it
 * works then. Calling it again, after a failure or a lost connection, goes on where it stood.
 *
 * Only with the user's word, on machines that are theirs or that were rented for them. Never on the local machine, by whatever
 * name: it is known by its `/etc/machine-id`.
 * @throws BenchError `BENCH_BOOTSTRAP_LOCAL`, `BENCH_BOOTSTRAP_SYSTEM`, `BENCH_BOOTSTRAP_ROOT`, `BENCH_BOOTSTRAP_NO_GPU`,
 *   `BENCH_BOOTSTRAP_BUSY` (all before anything is changed by the step they are about), `BENCH_BOOTSTRAP_NO_ANSWER`,
 *   `BENCH_BOOTSTRAP_RESTART`, `BENCH_BOOTSTRAP_FAILED` with `details.step` and the last lines of its log. Exit code 3.
 */
export async function bootstrap(
  host: Host,
  wanted: Omit<BootstrapWanted, 'gpu'> & { gpu?: string | null },
  options: BootstrapOptions,
): Promise<BootstrapResult> {
  if (host.kind === 'local') throw isLocal(host);
  const context: Context = {
    host,
    io: options.io,
    signal: options.signal ?? options.io.signal,
    on: options.on ?? (() => undefined),
    reboot: options.reboot ?? true,
    stepTimeoutMs: options.stepTimeoutMs ?? 45 * 60_000,
    answerTimeoutMs: options.answerTimeoutMs ?? 10 * 60_000,
  };
  bootstrapPlan({ ...wanted, gpu: wanted.gpu ?? null });
  await untilItAnswers(context, { what: `waiting for ${host.name}`, starting: options.fresh ?? false });
  await refuseThisMachine(context, options.localMachineId === undefined ? machineId() : options.localMachineId);
  const plan = bootstrapPlan({ ...wanted, gpu: await gpuOf(context, wanted.gpu) });
  const result: BootstrapResult = { changed: [], restarted: false };
  for (const step of plan) {
    const { changed, restarted } = await bring(context, step);
    if (changed) result.changed.push(step.name);
    result.restarted ||= restarted;
  }
  return result;
}

/** Whatever name it is reached by (`ssh:localhost`): a restart would end the bench that waits for it. */
async function refuseThisMachine({ host, signal }: Context, ours: string | null): Promise<void> {
  if (ours === null) return;
  const { stdout } = await host.exec({ script: MACHINE_ID }, { timeoutMs: 60_000, repeatable: true, signal });
  if (stdout.trim() === ours) throw isLocal(host);
}

function isLocal(host: Host): BenchError {
  return new BenchError({
    code: 'BENCH_BOOTSTRAP_LOCAL',
    message: `bench never installs system software on the machine it runs on${host.kind === 'local' ? '' : `, and ${host.name} is that machine`}`,
    hint:
      host.kind === 'local'
        ? 'bench doctor shows the commands that do'
        : 'bench doctor shows the commands that do; a copy of its disk needs an /etc/machine-id of its own (systemd-machine-id-setup)',
    exitCode: EXIT.missingPart,
  });
}

/** The GPU that is there, by what was asked: a driver is not installed for a card that is not plugged in. */
async function gpuOf({ host, signal }: Context, asked: string | null | undefined): Promise<string | null> {
  if (asked === null) return null;
  const { gpus = [] } = await systemInfo(host, { signal });
  if (asked === undefined) return gpus[0]?.name ?? null;
  const vendor = vendorOf(asked);
  const found = gpus.find(({ name }) => vendorOf(name) === vendor);
  if (found) return found.name;
  throw new BenchError({
    code: 'BENCH_BOOTSTRAP_NO_GPU',
    message: `${host.name} has no GPU of ${vendor === 'amd' ? 'AMD' : 'NVIDIA'}; ${asked} is wanted`,
    hint: 'name another machine, or recipes without deploy.gpu',
    exitCode: EXIT.missingPart,
  });
}

const vendorOf = (name: string) => findGpu(name)?.vendor ?? (/\bAMD\b|Instinct|Radeon/i.test(name) ? 'amd' : 'nvidia');

async function bring(context: Context, step: BootstrapStep): Promise<{ changed: boolean; restarted: boolean }> {
  const tell = (state: 'checking' | 'present' | 'applying' | 'verifying' | 'done') =>
    context.on({ type: 'step', step: step.name, title: step.title, state });
  tell('checking');
  if (await isThere(context, step, step.check)) {
    tell('present');
    return { changed: false, restarted: false };
  }
  if (!step.apply) throw stepFailed(context, step, { reason: 'it is not there', log: [] });
  // Waiting for a first boot to end installs nothing.
  if (step.name !== 'settle') await refuseUnknown(context, step);
  if (step.disruptive) await refuseBusy(context, step);
  tell('applying');
  await applyStep(context, step, step.apply);
  tell('verifying');
  let restarted = false;
  // What comes only with a restart is not waited for before it.
  if (!(await isThere(context, step, step.mayReboot ? step.check : step.verify))) {
    if (!step.mayReboot) throw stepFailed(context, step, { reason: 'it was installed and does not work', log: [] });
    if (!context.reboot) throw needsRestart(context, step);
    await restart(context);
    restarted = true;
    if (!(await isThere(context, step, step.verify))) {
      throw stepFailed(context, step, { reason: 'it was installed and does not work, also after a restart', log: [] });
    }
  }
  tell('done');
  return { changed: true, restarted };
}

async function refuseUnknown({ host, signal }: Context, step: BootstrapStep): Promise<void> {
  const { stdout } = await host.exec({ script: IDENTITY }, { timeoutMs: 60_000, repeatable: true, signal });
  const facts = new Map(stdout.split('\n').map((line): [string, string] => [line.split('\t')[0] ?? '', line.split('\t')[1]?.trim() ?? '']));
  const system = facts.get('system') ?? '';
  if (!KNOWN.has(system)) {
    throw new BenchError({
      code: 'BENCH_BOOTSTRAP_SYSTEM',
      message: `${host.name} runs ${facts.get('name') || 'a system that does not say what it is'}: bench does not know how to install ${step.title} there`,
      hint: `install it yourself, then run this again; bench knows ${[...KNOWN].join(', ')}`,
      exitCode: EXIT.missingPart,
    });
  }
  if (facts.get('root') !== 'yes') {
    throw new BenchError({
      code: 'BENCH_BOOTSTRAP_ROOT',
      message: `the user of ${host.name} may not become root without a password, which installing ${step.title} takes`,
      hint: 'log in as root, or allow this user sudo without a password (NOPASSWD in /etc/sudoers.d)',
      exitCode: EXIT.missingPart,
    });
  }
}

async function refuseBusy({ host, signal }: Context, step: BootstrapStep): Promise<void> {
  const { stdout } = await host.exec({ script: BUSY }, { timeoutMs: 60_000, repeatable: true, signal });
  const busy = stdout.split('\n').filter((line) => line.trim() !== '');
  if (busy.length === 0) return;
  throw new BenchError({
    code: 'BENCH_BOOTSTRAP_BUSY',
    message: `${host.name} is in use (${busy.join(', ')}), and installing ${step.title} would end that`,
    hint: 'stop what runs there, then run this again',
    exitCode: EXIT.missingPart,
  });
}

function needsRestart({ host }: Context, step: BootstrapStep): BenchError {
  return new BenchError({
    code: 'BENCH_BOOTSTRAP_RESTART',
    message: `${host.name}: ${step.title} is installed and works after a restart`,
    hint: 'restart the machine, then run this again: finished steps are passed over',
    exitCode: EXIT.missingPart,
  });
}
