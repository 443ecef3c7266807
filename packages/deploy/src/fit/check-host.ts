import { formatBytes } from '@bench/core';
import { describeGpus } from '../choose-gpus.ts';
import type { HostFacts } from './host-facts.ts';
import { siteGpus } from './site-gpus.ts';

/** One line of `bench doctor`. */
export interface HostCheck {
  name: 'node' | 'docker' | 'compose' | 'gpu' | 'gpu-runtime' | 'ssh' | 'disk';
  /** `warn`: it works, with a limit that is said. `missing`: what needs it does not work. */
  status: 'ok' | 'warn' | 'missing';
  /** What was found. */
  detail: string;
  /** The command that mends it, or the one thing to do. Absent when there is nothing to mend. */
  fix?: string;
}

/** Images of engines are 10 to 20 GB, weights as much again. Bytes. */
const ROOMY = 40e9;
const TINY = 2e9;
/** What this package itself runs on, and what a host needs to send the load itself. */
const NODE_HERE = [20, 19] as const;
const NODE_THERE = [20, 0] as const;

/** What a machine has of what `bench` can use, each with its fix. Pure: {@link hostFacts} looks. */
export function checkHost(facts: HostFacts): HostCheck[] {
  return [node(facts), docker(facts), compose(facts), ...gpus(facts), ssh(facts), ...facts.disks.map(disk)].flatMap((check) => check ?? []);
}

function node({ kind, system }: HostFacts): HostCheck {
  const [major, minor] = kind === 'local' ? NODE_HERE : NODE_THERE;
  const version = system.nodeVersion;
  const [hasMajor = 0, hasMinor = 0] = (version ?? '').split('.').map(Number);
  const name = 'node';
  if (version !== undefined && (hasMajor > major || (hasMajor === major && hasMinor >= minor)))
    return { name, status: 'ok', detail: `Node.js ${version}` };
  const found = version === undefined ? 'no Node.js on the PATH' : `Node.js ${version}, older than ${major}.${minor}`;
  return kind === 'local'
    ? { name, status: 'warn', detail: found, fix: `install Node.js ${major}.${minor} or later: https://nodejs.org/en/download` }
    : { name, status: 'warn', detail: `${found}: the load is sent from a Node.js that is copied there, or from a container` };
}

const APT = new Set(['ubuntu', 'debian']);
const sudo = (facts: HostFacts) => (facts.root ? '' : 'sudo ');

function docker(facts: HostFacts): HostCheck {
  const { facts: found, problem } = facts.containers;
  const name = 'docker';
  if (found) return { name, status: 'ok', detail: `Docker ${found.dockerVersion}${found.docker[0] === 'sudo' ? ', through sudo' : ''}` };
  const detail = problem?.message ?? 'Docker is not there';
  const fixes: Record<string, string> = {
    BENCH_DOCKER_MISSING: APT.has(facts.distribution ?? '')
      ? `curl -fsSL https://get.docker.com | ${sudo(facts)}sh`
      : 'install Docker Engine: https://docs.docker.com/engine/install/',
    BENCH_DOCKER_PERMISSION: 'sudo usermod -aG docker "$USER", then log in again',
    BENCH_DOCKER_UNREACHABLE: `${sudo(facts)}${facts.systemd ? 'systemctl start docker' : 'service docker start'}`,
  };
  return withFix({ name, status: 'missing', detail }, fixes[problem?.code ?? ''] ?? problem?.hint);
}

/** Null without Docker: one line about it is enough. */
function compose(facts: HostFacts): HostCheck | null {
  const { facts: found, problem } = facts.containers;
  if (!found) return null;
  const name = 'compose';
  if (found.compose && !problem) return { name, status: 'ok', detail: `Docker Compose ${found.compose.version}` };
  const fix = APT.has(facts.distribution ?? '')
    ? `${sudo(facts)}apt-get install -y docker-compose-plugin || ${sudo(facts)}apt-get install -y docker-compose`
    : 'install the compose plugin: https://docs.docker.com/compose/install/linux/';
  return withFix({ name, status: 'missing', detail: problem?.message ?? 'Docker Compose is not there' }, fix);
}

function gpus(facts: HostFacts): HostCheck[] {
  const { vendor, gpus: found, withoutDriver } = siteGpus(facts.system);
  const checks: HostCheck[] = [];
  if (withoutDriver.length > 0) {
    const cards = describeGpus(withoutDriver.map((name) => ({ id: name, name })));
    checks.push({ name: 'gpu', status: 'missing', detail: `${cards} without a driver`, fix: driverFix(facts, withoutDriver) });
  }
  if (vendor === null) {
    if (withoutDriver.length === 0) checks.push({ name: 'gpu', status: 'ok', detail: 'no GPU: engines run on the processor' });
    return checks;
  }
  const driver = facts.system.driverVersion === undefined ? '' : `, driver ${facts.system.driverVersion}`;
  const cuda = facts.system.cudaVersion === undefined ? '' : `, CUDA ${facts.system.cudaVersion}`;
  checks.push({ name: 'gpu', status: 'ok', detail: `${describeGpus(found)}${driver}${cuda}` });
  if (!facts.containers.facts) return checks;
  return [...checks, vendor === 'nvidia' ? nvidiaRuntime(facts) : amdDevices(facts)];
}

function driverFix(facts: HostFacts, cards: readonly string[]): string {
  if (cards.every((name) => /\bAMD\b|Instinct|Radeon/i.test(name))) return `${sudo(facts)}modprobe amdgpu`;
  if (facts.distribution === 'ubuntu') return `${sudo(facts)}ubuntu-drivers install --gpgpu && ${sudo(facts)}reboot`;
  if (facts.distribution === 'debian') return `${sudo(facts)}apt-get install -y nvidia-driver && ${sudo(facts)}reboot`;
  return 'install the driver: https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/';
}

function nvidiaRuntime(facts: HostFacts): HostCheck {
  const name = 'gpu-runtime';
  const runtime = facts.containers.facts?.nvidiaRuntime ?? null;
  if (runtime === true) return { name, status: 'ok', detail: 'Docker can hand GPUs to containers' };
  const restart = facts.systemd ? 'systemctl restart docker' : 'service docker restart';
  const configure = `${sudo(facts)}nvidia-ctk runtime configure --runtime=docker && ${sudo(facts)}${restart}`;
  const install = APT.has(facts.distribution ?? '') ? `${sudo(facts)}apt-get install -y nvidia-container-toolkit && ` : '';
  const guide = 'https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html';
  return {
    name,
    status: runtime === null ? 'warn' : 'missing',
    detail: runtime === null ? 'not known whether Docker can hand GPUs to containers' : 'Docker cannot hand GPUs to containers',
    fix: `${install}${configure} (the package: ${guide})`,
  };
}

function amdDevices({ kfd }: HostFacts): HostCheck {
  const name = 'gpu-runtime';
  return kfd
    ? { name, status: 'ok', detail: '/dev/kfd is there for containers' }
    : {
        name,
        status: 'missing',
        detail: 'no /dev/kfd: containers cannot compute on the GPU',
        fix: 'load amdgpu with ROCm’s kernel driver (amdgpu-dkms)',
      };
}

function ssh(facts: HostFacts): HostCheck {
  if (facts.kind === 'ssh') return { name: 'ssh', status: 'ok', detail: `connected to ${facts.host}` };
  if (facts.openssh !== null) return { name: 'ssh', status: 'ok', detail: facts.openssh.split(',')[0] ?? facts.openssh };
  return {
    name: 'ssh',
    status: 'warn',
    detail: 'no OpenSSH client: certificates, hardware keys and GSSAPI cannot be used',
    fix: APT.has(facts.distribution ?? '') ? `${sudo(facts)}apt-get install -y openssh-client` : 'install OpenSSH’s client',
  };
}

function disk({ use, path, freeBytes }: HostFacts['disks'][number]): HostCheck {
  const what = use === 'home' ? `your home (${path})` : `Docker’s images (${path})`;
  const detail = `${formatBytes(freeBytes)} free for ${what}`;
  if (freeBytes >= ROOMY) return { name: 'disk', status: 'ok', detail };
  return {
    name: 'disk',
    status: freeBytes < TINY ? 'missing' : 'warn',
    detail: `${detail}; an engine’s image takes 10 to 20 GB, and the model comes on top`,
    fix:
      use === 'images'
        ? 'docker system df shows what takes it; docker image prune frees what nothing uses'
        : `du -xh --max-depth=1 ${path} shows what takes it`,
  };
}

const withFix = (check: HostCheck, fix: string | undefined): HostCheck => (fix === undefined ? check : { ...check, fix });
