import { tmpdir } from 'node:os';
import { localHost } from '@bench/host';
import { describe, expect, it } from 'vitest';
import { checkHost, hostFacts, type HostFacts } from '../index.ts';

const GOOD: HostFacts = {
  host: 'gpu1',
  kind: 'ssh',
  system: {
    nodeVersion: '22.11.0',
    gpus: [{ name: 'NVIDIA H200', memoryMiB: 143_771, driver: '570.86.15' }],
    driverVersion: '570.86.15',
    cudaVersion: '12.8',
  },
  containers: {
    facts: {
      docker: ['docker'],
      dockerVersion: '27.3.1',
      compose: { argv: ['docker', 'compose'], version: '2.29.7', flavour: 'v2' },
      nvidiaRuntime: true,
    },
    problem: null,
  },
  distribution: 'ubuntu',
  systemd: true,
  root: false,
  openssh: 'OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.15',
  kfd: false,
  disks: [
    { use: 'home', path: '/home/me', freeBytes: 500e9 },
    { use: 'images', path: '/var/lib/docker', freeBytes: 500e9 },
  ],
};
const without = (code: `BENCH_${string}`): Partial<HostFacts> => ({ containers: { facts: null, problem: { code, message: 'why' } } });
const lines = (change: Partial<HostFacts>) =>
  checkHost({ ...GOOD, ...change }).map((c) => `${c.name} ${c.status}: ${c.detail}${c.fix ? ` → ${c.fix}` : ''}`);

it('a machine that has everything needs no fix', () => {
  expect(lines({})).toEqual([
    'node ok: Node.js 22.11.0',
    'docker ok: Docker 27.3.1',
    'compose ok: Docker Compose 2.29.7',
    'gpu ok: 1× NVIDIA H200, driver 570.86.15, CUDA 12.8',
    'gpu-runtime ok: Docker can hand GPUs to containers',
    'ssh ok: connected to gpu1',
    'disk ok: 500 GB free for your home (/home/me)',
    'disk ok: 500 GB free for Docker’s images (/var/lib/docker)',
  ]);
});

describe('what is missing comes with the command that adds it', () => {
  it.each<[string, Partial<HostFacts>, string]>([
    ['Docker', without('BENCH_DOCKER_MISSING'), 'docker missing: why → curl -fsSL https://get.docker.com | sudo sh'],
    ['Docker, as root', { ...without('BENCH_DOCKER_MISSING'), root: true }, 'docker missing: why → curl -fsSL https://get.docker.com | sh'],
    [
      'Docker elsewhere',
      { ...without('BENCH_DOCKER_MISSING'), distribution: 'fedora' },
      'docker missing: why → install Docker Engine: https://docs.docker.com/engine/install/',
    ],
    ['the group', without('BENCH_DOCKER_PERMISSION'), 'docker missing: why → sudo usermod -aG docker "$USER", then log in again'],
    ['the daemon', without('BENCH_DOCKER_UNREACHABLE'), 'docker missing: why → sudo systemctl start docker'],
    [
      'the daemon without systemd',
      { ...without('BENCH_DOCKER_UNREACHABLE'), systemd: false },
      'docker missing: why → sudo service docker start',
    ],
    [
      'the driver',
      { system: { gpus: [{ name: 'NVIDIA H200' }, { name: 'NVIDIA H200' }] } },
      'gpu missing: 2× NVIDIA H200 without a driver → sudo ubuntu-drivers install --gpgpu && sudo reboot',
    ],
    [
      'AMD’s driver',
      { system: { gpus: [{ name: 'AMD Instinct MI300X' }] } },
      'gpu missing: 1× AMD Instinct MI300X without a driver → sudo modprobe amdgpu',
    ],
    [
      'Node.js on a host',
      { system: { nodeVersion: '18.19.0' } },
      'node warn: Node.js 18.19.0, older than 20.0: the load is sent from a Node.js that is copied there, or from a container',
    ],
    [
      'Node.js here',
      { kind: 'local', system: {} },
      'node warn: no Node.js on the PATH → install Node.js 20.19 or later: https://nodejs.org/en/download',
    ],
    [
      'the client of OpenSSH',
      { kind: 'local', openssh: null },
      'ssh warn: no OpenSSH client: certificates, hardware keys and GSSAPI cannot be used → sudo apt-get install -y openssh-client',
    ],
  ])('%s', (_name, change, line) => {
    expect(lines(change)).toContain(line);
  });

  it('the container toolkit, also where there is no systemd', () => {
    const facts = { ...(GOOD.containers.facts as NonNullable<HostFacts['containers']['facts']>), nvidiaRuntime: false };
    const [line] = lines({ containers: { facts, problem: null }, systemd: false }).filter((text) => text.startsWith('gpu-runtime'));
    expect(line).toContain(
      'gpu-runtime missing: Docker cannot hand GPUs to containers → sudo apt-get install -y nvidia-container-toolkit && sudo nvidia-ctk runtime configure --runtime=docker && sudo service docker restart',
    );
    expect(lines({ containers: { facts: { ...facts, nvidiaRuntime: null }, problem: null } }).join()).toContain('gpu-runtime warn');
  });

  it('compose, and AMD’s device', () => {
    const facts = { ...(GOOD.containers.facts as NonNullable<HostFacts['containers']['facts']>), compose: null };
    const amd = { gpus: [{ name: 'AMD Instinct MI300X', memoryMiB: 196_592 }] };
    const all = lines({ containers: { facts, problem: { code: 'BENCH_COMPOSE_MISSING', message: 'no compose' } }, system: amd });
    expect(all.filter((line) => line.includes('missing'))).toEqual([
      'compose missing: no compose → sudo apt-get install -y docker-compose-plugin || sudo apt-get install -y docker-compose',
      'gpu-runtime missing: no /dev/kfd: containers cannot compute on the GPU → load amdgpu with ROCm’s kernel driver (amdgpu-dkms)',
    ]);
  });

  it('room on the disks', () => {
    const disks: HostFacts['disks'] = [
      { use: 'home', path: '/home/me', freeBytes: 1e9 },
      { use: 'images', path: '/var/lib/docker', freeBytes: 20e9 },
    ];
    expect(lines({ disks }).slice(-2)).toEqual([
      'disk missing: 1.0 GB free for your home (/home/me); an engine’s image takes 10 to 20 GB, and the model comes on top → du -xh --max-depth=1 /home/me shows what takes it',
      'disk warn: 20.0 GB free for Docker’s images (/var/lib/docker); an engine’s image takes 10 to 20 GB, and the model comes on top → docker system df shows what takes it; docker image prune frees what nothing uses',
    ]);
  });
});

it('this machine can be looked at, whatever it has', async () => {
  const facts = await hostFacts(localHost({ stateDir: tmpdir() }));
  expect(facts.kind).toBe('local');
  expect(facts.disks.find(({ use }) => use === 'home')?.freeBytes).toBeGreaterThan(0);
  const checks = checkHost(facts);
  expect(checks.map((c) => c.name)).toEqual(expect.arrayContaining(['node', 'docker', 'gpu', 'ssh', 'disk']));
  expect(checks.filter((c) => c.status === 'missing' && c.fix === undefined)).toEqual([]);
});
