import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { DRIVER_VERSION, gpuUuid, leftovers, nodeImage, startMachine, type LoginShell, type Machine } from './index.ts';
import { identify, processesOf } from './processes.ts';
import { run, until } from './run.ts';

const docker = [part('netns'), part('sshd'), part('docker')];
const plain = [part('netns'), part('sshd')];
const absent = (parts: typeof docker) => parts.some(({ present }) => !present);

const ssh = (machine: Machine, command: string, options: { config?: string; check?: boolean } = {}) =>
  run(['ssh', '-F', options.config ?? machine.sshConfigFile, '-o', 'BatchMode=yes', machine.name, command], {
    check: options.check ?? true,
  });

const EMPTY = { containers: [], networks: [], volumes: [], images: [], processes: [], files: [] };

describe.skipIf(absent(docker))('a machine with GPUs and docker', () => {
  let one: Machine;
  let two: Machine;
  beforeAll(async () => {
    const gpu = { name: 'NVIDIA H100 80GB HBM3', memoryMiB: 81_559 };
    [one, two] = await Promise.all([startMachine({ gpus: [gpu, gpu] }), startMachine({ name: 'second', dockerGroup: false })]);
    const image = await nodeImage();
    await Promise.all([one.importImage(image, 'other:name'), two.importImage(image)]);
  });
  afterAll(() => Promise.all([one?.stop(), two?.stop()]));

  it('answers ssh as the user, who is not root and has a home, a host name and docker', async () => {
    const { stdout } = await ssh(one, 'whoami; pwd; hostname; docker version --format "{{.Server.Os}}"');
    expect(stdout).toBe(`bench\n/home/bench\n${one.name}\nlinux\n`);
    expect((await ssh(two, 'docker ps', { check: false })).stderr).toContain('permission denied');
  });

  it('lets in neither root nor another key', async () => {
    const to = ['-F', one.sshConfigFile, '-o', 'BatchMode=yes'];
    expect((await run(['ssh', ...to, `root@${one.name}`, 'true'], { check: false })).stderr).toContain('Permission denied');
    const folder = mkdtempSync(join(tmpdir(), 'bench-machines-'));
    try {
      await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
      const other = [
        '-i',
        join(folder, 'key'),
        '-o',
        'IdentitiesOnly=yes',
        '-o',
        'BatchMode=yes',
        '-o',
        `UserKnownHostsFile=${one.knownHostsFile}`,
      ];
      expect((await run(['ssh', '-F', '/dev/null', ...other, one.target, 'true'], { check: false })).stderr).toContain('Permission denied');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has its own tree: nothing written there is here, and neither this repository nor /tmp is there', async () => {
    await one.exec(['sh', '-c', 'touch /etc/of-the-machine /usr/bin/of-the-machine /tmp/of-the-machine']);
    expect(['/etc', '/usr/bin', '/tmp'].filter((folder) => existsSync(`${folder}/of-the-machine`))).toEqual([]);
    const repository = new URL('../../..', import.meta.url).pathname;
    // Below an emptied folder (a clone in /tmp) it is not even a name.
    expect((await one.exec(['sh', '-c', 'ls -A -- "$1" 2>/dev/null; find /tmp', 'sh', repository])).stdout).toBe(
      '/tmp\n/tmp/of-the-machine\n',
    );
    await one.exec(['rm', '/tmp/of-the-machine']);
  });

  it('reaches the other machine and this process, and nothing else', async () => {
    const server =
      'require("net").createServer((s) => s.end("hello from " + require("os").hostname())).listen(7000, "0.0.0.0", () => console.log("listening"))';
    await two.exec(['sh', '-c', 'node -e "$1" > /tmp/log 2>&1 &', 'sh', server]);
    await until('the server', () => existsSync(two.path('/tmp/log')) && readFileSync(two.path('/tmp/log'), 'utf8').includes('listening'));
    const client = `require("net").connect(7000, "${two.address}").on("data", (data) => console.log(String(data)))`;
    expect((await ssh(one, `node -e '${client}'`)).stdout).toBe('hello from second\n');
    expect((await ssh(one, 'curl -sS --max-time 5 http://example.org', { check: false })).stderr).toContain('Could not resolve host');
    expect((await one.docker(['pull', 'busybox'], { check: false })).stderr).toContain('no such host');
    expect(await leftovers(two)).toMatchObject({ files: ['/tmp/log'] });
  });

  it('has the GPUs in nvidia-smi, and gives containers those that they ask for', async () => {
    expect((await ssh(one, 'nvidia-smi --query-gpu=name,driver_version,uuid --format=csv,noheader')).stdout).toBe(
      [0, 1].map((index) => `NVIDIA H100 80GB HBM3, ${DRIVER_VERSION}, ${gpuUuid(index)}\n`).join(''),
    );
    const [tag] = one.importedTags();
    const print = ['node', '-p', 'process.env.NVIDIA_VISIBLE_DEVICES'];
    const { stdout } = await ssh(one, `docker run --rm --hostname asked --gpus '"device=1"' ${tag} ${print.join(' ')}`);
    expect(stdout).toBe('1\n');
    expect(one.gpuGrants()).toEqual([{ containerId: expect.stringMatching(/^[0-9a-f]{64}$/), hostname: 'asked', devices: '1' }]);
    const refused = await two.docker(['run', '--rm', '--gpus', 'all', tag as string, ...print], { check: false });
    expect(refused.stderr).toContain('could not select device driver');
    expect((await ssh(two, 'nvidia-smi', { check: false })).code).toBe(127);
  });

  it('ends what it runs at a time limit, and does not wait for what runs on in the background', async () => {
    for (const execute of [one.exec, one.execAsUser]) {
      await expect(execute(['sleep', '4321'], { timeoutMs: 300 })).rejects.toThrow('not done after 300 ms');
      await until('end of the sleep', () => !processesOf(one.initPid).some(({ command }) => command === 'sleep 4321'));
    }
    expect((await one.exec(['sh', '-c', 'sleep 30 & echo $!'], { timeoutMs: 10_000 })).stdout).toMatch(/^\d+\n$/);
    await one.exec(['pkill', '-x', '-f', 'sleep 30']);
  });

  it('tells what was left on it', async () => {
    expect(await leftovers(one)).toEqual(EMPTY);
    const image = 'other:name';
    await one.docker(['network', 'create', 'left-net']);
    await one.docker(['volume', 'create', 'left-volume']);
    await one.docker(['tag', image, 'left:image']);
    await one.docker(['run', '-d', '--name', 'left', '--network', 'left-net', image, 'node', '-e', 'setInterval(() => {}, 1000)']);
    await ssh(one, 'mkdir work; echo x > work/file; nohup sleep 1234 > /dev/null 2>&1 &');
    expect(await leftovers(one)).toEqual({
      containers: [expect.stringMatching(/^left \(Up/)],
      networks: ['left-net'],
      volumes: ['left-volume'],
      images: ['left:image'],
      processes: ['sleep 1234'],
      files: ['/home/bench/work', '/home/bench/work/file'],
    });
    await ssh(one, 'pkill sleep; rm -r work');
    await one.docker(['rm', '-f', 'left']);
    await one.docker(['rmi', 'left:image']);
    await one.docker(['network', 'rm', 'left-net']);
    await one.docker(['volume', 'rm', 'left-volume']);
    expect(await leftovers(one)).toEqual(EMPTY);
  });

  it('survives the death of dockerd', async () => {
    await one.killDockerd();
    expect(await one.dockerAnswers()).toBe(false);
    expect((await ssh(one, 'docker ps', { check: false })).stderr).toContain('Is the docker daemon running');
    await one.startDockerd();
    expect((await ssh(one, 'docker images -q other:name')).stdout).not.toBe('');
  });

  it('loses connections and its network, and gets the network back', async () => {
    const open = ssh(one, 'echo begun > started; sleep 60', { check: false });
    await until('the session', () => existsSync(one.path('/home/bench/started')));
    await one.dropConnections();
    expect((await open).code).toBe(255);
    await one.cutNetwork();
    expect((await run(['ssh', '-F', one.sshConfigFile, '-o', 'ConnectTimeout=1', one.name, 'true'], { check: false })).code).toBe(255);
    await one.restoreNetwork();
    expect((await ssh(one, 'rm started; pkill sleep; echo back')).stdout).toBe('back\n');
  });

  it('gets a new host key, which ssh refuses', async () => {
    const before = two.hostKeyFingerprint;
    expect(await two.changeHostKey()).not.toBe(before);
    expect(two.hostKeyFingerprint).not.toBe(before);
    expect((await ssh(two, 'true', { check: false })).stderr).toContain('REMOTE HOST IDENTIFICATION HAS CHANGED');
  });
});

describe.skipIf(absent(plain))('a machine without docker', () => {
  it('can have a small home, no node, programs missing and files added', async () => {
    const machine = await startMachine({
      docker: false,
      node: false,
      homeSizeMiB: 2,
      hiddenPrograms: ['docker'],
      pciDevices: [{ vendor: '0x1002', device: '0x74a1', class: '0x030200' }],
      files: [{ path: 'etc/motto', content: 'hello\n' }],
      sshd: { AllowTcpForwarding: 'no' },
    });
    try {
      const { stdout } = await ssh(machine, 'command -v node docker; cat /etc/motto; dd if=/dev/zero of=big bs=1M count=4 2>&1; rm big');
      expect(stdout).toMatch(/^hello\n.*No space left on device/s);
      expect((await ssh(machine, 'cd /sys/bus/pci/devices; grep -r . .')).stdout.split('\n').sort()).toEqual([
        '',
        './0000:01:00.0/class:0x030200',
        './0000:01:00.0/device:0x74a1',
        './0000:01:00.0/vendor:0x1002',
      ]);
      expect(await machine.dockerAnswers()).toBe(false);
      expect((await machine.exec(['sshd', '-T', '-C', 'user=bench,host=x,addr=1.2.3.4'])).stdout).toContain('allowtcpforwarding no');
      expect((await machine.execAsUser(['sh', '-c', 'id -un; pwd'])).stdout).toBe('bench\n/home/bench\n');
      expect(await leftovers(machine)).toEqual(EMPTY);
    } finally {
      await machine.stop();
    }
  });

  const shells: { shell: LoginShell; found: { present: boolean } }[] = [
    { shell: 'bash', found: { present: true } },
    { shell: 'dash', found: { present: true } },
    { shell: 'tcsh', found: part('tcsh') },
    { shell: 'fish', found: part('fish') },
  ];
  for (const { shell, found } of shells) {
    it.skipIf(!found.present)(`has ${shell} as login shell, which leaves nothing that counts`, async () => {
      const machine = await startMachine({ docker: false, shell });
      try {
        expect(
          (await ssh(machine, 'echo $0 $SHELL')).stdout +
            (await ssh(machine, 'ps -o comm= -p $$ 2> /dev/null; true', { check: false })).stdout,
        ).toContain(shell);
        expect(await leftovers(machine)).toEqual(EMPTY);
      } finally {
        await machine.stop();
      }
    });
  }

  it('leaves nothing when it does not start, and says why', async () => {
    await expect(startMachine({ docker: false, sshd: { NoSuchOption: 'yes' } })).rejects.toThrow('NoSuchOption');
    await expect(startMachine({ docker: false, name: 'no name' })).rejects.toThrow('no name for a machine');
    expect(ownClaims()).toEqual([]);
  });

  it('refuses a name twice, stops twice, and takes the network along with the last one', async () => {
    const machine = await startMachine({ docker: false, name: 'once' });
    await expect(startMachine({ docker: false, name: 'once' })).rejects.toThrow('already');
    expect(networkOf(machine)).toBe(true);
    await machine.stop();
    await machine.stop();
    expect(() => identify(machine.initPid)).toThrow('gone');
    await until('end of the network', () => !networkOf(machine));
    expect(ownClaims()).toEqual([]);
  });
});

const networkOf = ({ address }: Machine) =>
  Object.values(networkInterfaces()).some((list) => list?.some((entry) => entry.address === address.replace(/\.\d+$/, '.1')));

/** Folders that this process owns. */
function ownClaims(): string[] {
  const root = join(tmpdir(), 'bench-test-machines');
  return readdirSync(root).filter((name) => {
    try {
      return (JSON.parse(readFileSync(join(root, name, 'owner.json'), 'utf8')) as { pid: number }).pid === process.pid;
    } catch {
      return false;
    }
  });
}
