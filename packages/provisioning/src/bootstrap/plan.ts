import { BenchError, EXIT, findGpu } from '@bench/core';
import * as docker from './scripts/docker.ts';
import * as machine from './scripts/machine.ts';
import * as nvidia from './scripts/nvidia.ts';
import type { BootstrapStep, Script } from './step.ts';

/** What a machine is to be ready for. */
export interface BootstrapWanted {
  /** The GPU by any of its names; null: none. */
  gpu: string | null;
  /** NVIDIA driver, `570` or `570.86.15`. Default: one that works is kept, else the newest. */
  driverVersion?: string | undefined;
  /** CUDA toolkit on the machine itself, `12.4`. Default: none, as images of engines bring their own. */
  cudaVersion?: string | undefined;
}

/**
 * The steps in their order: the driver first, as it may take a restart; Docker's GPU support last. Pure; the same for every machine, for
 * each step looks first what is there.
 * @throws BenchError `BENCH_BOOTSTRAP_VERSION` (exit code 2) for a version that is not numbers and points.
 */
export function bootstrapPlan(wanted: BootstrapWanted): BootstrapStep[] {
  const driverVersion = version(wanted.driverVersion, 'driver');
  const cudaVersion = version(wanted.cudaVersion, 'CUDA');
  const vendor = wanted.gpu === null ? null : vendorOf(wanted.gpu);
  return [
    step('settle', 'first boot is over', {
      check: run(machine.SETTLED, 'clock'),
      apply: run(machine.SETTLE),
      verify: run(machine.SETTLED),
    }),
    ...(vendor === 'nvidia' ? driverSteps(wanted.gpu ?? '', driverVersion, cudaVersion) : []),
    ...(vendor === 'amd' ? [AMD_DRIVER] : []),
    step('docker', 'Docker', {
      check: run(docker.DOCKER_WORKS),
      apply: run(docker.INSTALL_DOCKER),
      verify: run(docker.DOCKER_WORKS),
    }),
    step('compose', 'Docker Compose', {
      check: run(docker.COMPOSE_WORKS),
      apply: run(docker.INSTALL_COMPOSE),
      verify: run(docker.COMPOSE_WORKS),
    }),
    step('docker-group', 'this user may use Docker', {
      check: run(docker.IN_GROUP),
      apply: run(docker.JOIN_GROUP),
      verify: run(docker.IN_GROUP),
    }),
    ...(vendor === 'nvidia' ? [TOOLKIT] : []),
  ];
}

function driverSteps(gpu: string, driverVersion: string, cudaVersion: string): BootstrapStep[] {
  const major = driverVersion.split('.')[0] ?? '';
  const package_ = [isOld(gpu) ? 'cuda-drivers' : 'nvidia-open', major].filter(Boolean).join('-');
  const [cudaMajor = '', cudaMinor] = cudaVersion.split('.');
  const cuda = cudaMinor === undefined ? cudaMajor : `${cudaMajor}.${cudaMinor}`;
  return [
    step('nvidia-driver', ['NVIDIA driver', driverVersion].filter(Boolean).join(' '), {
      check: run(nvidia.DRIVER_WORKS, driverVersion),
      apply: run(nvidia.INSTALL_DRIVER, driverVersion, package_),
      verify: run(nvidia.DRIVER_CAME_UP, driverVersion),
      disruptive: true,
      mayReboot: true,
    }),
    ...(cuda === ''
      ? []
      : [
          step('cuda', `CUDA toolkit ${cuda}`, {
            check: run(nvidia.CUDA_WORKS, cuda),
            apply: run(nvidia.INSTALL_CUDA, `cuda-toolkit-${cuda.replaceAll('.', '-')}`),
            verify: run(nvidia.CUDA_WORKS, cuda),
          }),
        ]),
  ];
}

const TOOLKIT = step('container-toolkit', 'NVIDIA container toolkit', {
  check: run(nvidia.TOOLKIT_WORKS),
  apply: run(nvidia.INSTALL_TOOLKIT),
  verify: run(nvidia.TOOLKIT_WORKS),
  disruptive: true,
});

const AMD_DRIVER: BootstrapStep = {
  ...step('amd-driver', 'AMD driver (/dev/kfd)', { check: run(nvidia.KFD), apply: null, verify: run(nvidia.KFD) }),
  manual: 'install amdgpu-dkms as https://rocm.docs.amd.com/projects/install-on-linux says, restart the machine, and run this again',
};

function step(
  name: string,
  title: string,
  parts: Pick<BootstrapStep, 'check' | 'apply' | 'verify'> & Partial<Pick<BootstrapStep, 'disruptive' | 'mayReboot'>>,
): BootstrapStep {
  return { name, title, disruptive: false, mayReboot: false, ...parts };
}

function run(script: string, ...args: string[]): Script {
  return { script, args };
}

/** NVIDIA's open kernel modules drive Turing and later. */
function isOld(gpu: string): boolean {
  const capability = Number(findGpu(gpu)?.computeCapability ?? 'NaN');
  return capability < 7.5;
}

function vendorOf(gpu: string): 'nvidia' | 'amd' {
  return findGpu(gpu)?.vendor ?? (/\bAMD\b|Instinct|Radeon/i.test(gpu) ? 'amd' : 'nvidia');
}

function version(text: string | undefined, what: string): string {
  if (text === undefined || /^\d+(\.\d+){0,3}$/.test(text)) return text ?? '';
  throw new BenchError({
    code: 'BENCH_BOOTSTRAP_VERSION',
    message: `"${text}" is no version of ${what === 'CUDA' ? 'CUDA' : `a ${what}`}`,
    hint: what === 'CUDA' ? 'for example 12.4' : 'for example 570, or 570.86.15',
    exitCode: EXIT.usage,
  });
}
