import { createIo, type Host } from '@bench/core';
import { sshHost } from '@bench/host';
import { baseImage, type Machine, type MachineFile, type MachineOptions, startMachine } from '@bench/test-machines';
import { afterEach, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { bootstrap, type BootstrapEvent } from '../index.ts';

const needed = [part('netns'), part('sshd'), part('docker'), part('compose')];
const missing = needed.find(({ present }) => !present);

/** What only a machine with a network and a package archive has: each notes what it was asked, and does the one thing that follows. */
const STAND_INS: MachineFile[] = [
  ['sudo', '[ "$1" = -n ] && shift\nexec /usr/local/sbin/become --reuid=0 --regid=0 --clear-groups "$@"'],
  [
    'apt-get',
    `echo "$*" >> /var/log/asked
for last; do :; done
case "$last" in
  nvidia-open-595=595.58.03-1) touch /opt/nvidia/next ;;
  nvidia-container-toolkit) cp /opt/nvidia/ctk /usr/local/bin/nvidia-ctk ;;
esac`,
  ],
  ['apt-cache', 'echo " $2 | 595.71.05-1 | archive"\necho " $2 | 595.58.03-1 | archive"'],
  ['dpkg', 'case "$1" in -i | --configure) echo "dpkg $*" >> /var/log/asked ;; *) exec /usr/bin/dpkg "$@" ;; esac'],
  ['curl', 'while [ $# -gt 1 ]; do [ "$1" = -o ] && file=$2; shift; done\necho "$1" >> /tmp/fetched; echo key > "$file"'],
  ['systemctl', 'exit 1'],
  ['service', 'case "$2" in start) touch /run/start-docker ;; restart) kill -HUP "$(cat /run/docker.pid)" ;; esac'],
  [
    'reboot',
    `[ -e /opt/nvidia/next ] && sed -i s/570.86.15/595.58.03/g /usr/local/bin/nvidia-smi
echo another-boot > /run/boot-id
mount --bind /run/boot-id /proc/sys/kernel/random/boot_id
pkill -f 'sshd: bench'`,
  ],
].map(([name, text]) => ({ path: `usr/local/bin/${name}`, content: `#!/bin/sh\n${text}\n`, mode: 0o755 }));
const CTK: MachineFile = {
  path: 'opt/nvidia/ctk',
  content: '#!/bin/sh\nmkdir -p /etc/docker\necho \'{"runtimes":{"nvidia":{"path":"/usr/sbin/runc"}}}\' > /etc/docker/daemon.json\n',
  mode: 0o755,
};
const GPUS: MachineOptions = { gpus: [{ name: 'NVIDIA H200', memoryMiB: 143_771 }] };

describe.skipIf(missing !== undefined)(`a real machine${missing === undefined ? '' : ` (${missing.skipped})`}`, () => {
  const open: { host: Host; machine: Machine }[] = [];
  afterEach(async () => {
    for (const { host, machine } of open.splice(0)) {
      await host.close();
      await machine.stop();
    }
  });

  async function start(options: MachineOptions) {
    const machine = await startMachine(options);
    const io = createIo();
    const host = await sshHost(machine.name, {
      io,
      name: machine.name,
      configFile: machine.sshConfigFile,
      agentSocket: null,
      hostKeys: { kind: 'user' },
    });
    open.push({ host, machine });
    return { machine, host, io };
  }

  it('that has everything is left as it is, without any right to change it', async () => {
    const { host, io } = await start({});
    const events: BootstrapEvent[] = [];
    expect(await bootstrap(host, {}, { io, on: (e) => events.push(e) })).toEqual({ changed: [], restarted: false });
    expect(events.flatMap((e) => (e.type === 'step' && e.state === 'present' ? e.step : []))).toEqual([
      'settle',
      'docker',
      'compose',
      'docker-group',
    ]);
  });

  it('whose user may not become root is refused with nothing changed', async () => {
    const { host, io, machine } = await start({ dockerGroup: false });
    await expect(bootstrap(host, {}, { io })).rejects.toMatchObject({ code: 'BENCH_BOOTSTRAP_ROOT' });
    expect((await machine.exec(['id', '-nG', 'bench'])).stdout).not.toContain('docker');
  });

  it('whose Docker is in use keeps it', async () => {
    const { host, io, machine } = await start({ ...GPUS, files: [...STAND_INS, CTK], nvidiaRuntime: false });
    await machine.importImage(await baseImage());
    const [tag] = machine.importedTags();
    await machine.docker(['run', '-d', '--entrypoint', 'sleep', tag ?? '', '60']);
    await machine.exec(['install', '-m', '4755', '/usr/bin/setpriv', '/usr/local/sbin/become']);
    await expect(bootstrap(host, { gpu: 'NVIDIA H200' }, { io })).rejects.toMatchObject({
      code: 'BENCH_BOOTSTRAP_BUSY',
      message: expect.stringContaining('1 running container(s)') as string,
    });
  });

  it('gets another driver with a restart, its Docker started, its user in the group, and the toolkit', async () => {
    const { host, io, machine } = await start({ ...GPUS, dockerGroup: false, nvidiaRuntime: false, files: [...STAND_INS, CTK] });
    await machine.exec(['install', '-m', '4755', '/usr/bin/setpriv', '/usr/local/sbin/become']);
    await machine.killDockerd();
    const wanted = { gpu: 'NVIDIA H200', driverVersion: '595.58.03' };
    let over = false;
    const daemon = (async () => {
      for (let i = 0; i < 600 && !over; i++) {
        if ((await machine.exec(['test', '-e', '/run/start-docker'], { check: false })).code === 0) return machine.startDockerd();
        await io.sleep(100);
      }
      return undefined;
    })();
    const result = await bootstrap(host, wanted, { io }).finally(() => (over = true));
    await daemon;
    expect(result).toEqual({ changed: ['nvidia-driver', 'docker', 'docker-group', 'container-toolkit'], restarted: true });
    const asked = (await machine.exec(['cat', '/var/log/asked'])).stdout;
    expect(asked).toContain('install nvidia-open-595=595.58.03-1\n');
    const fetched = (await machine.exec(['cat', '/tmp/fetched'])).stdout;
    expect(fetched).toMatch(/^https:\/\/developer\.download\.nvidia\.com\/compute\/cuda\/repos\/debian12\/(x86_64|sbsa)\/cuda-keyring/);
    expect(asked).not.toContain('docker-ce');
    expect((await machine.exec(['id', '-nG', 'bench'])).stdout).toContain('docker');
    expect((await machine.docker(['info', '--format', '{{json .Runtimes}}'])).stdout).toContain('"nvidia"');
    expect(await bootstrap(host, wanted, { io })).toEqual({ changed: [], restarted: false });
  });
});
