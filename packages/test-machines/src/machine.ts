import { accessSync, constants, existsSync, readFileSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeCgroup } from './cgroups.ts';
import { noteProcess } from './claims.ts';
import { awaitDocker, dockerAnswers, dockerSocket, START_DOCKERD } from './dockerd.ts';
import { etcFiles, UID, USER, writeTree } from './files.ts';
import { startInit } from './init.ts';
import type { LoginShell, Machine, MachineOptions } from './machine-types.ts';
import { joinNetwork, leaveNetwork, type Network } from './network.ts';
import { GRANTS, nvidiaFiles, nvidiaRuntimeFiles, parseGrant, pciFiles } from './nvidia.ts';
import { identify, isRunning, processesOf } from './processes.ts';
import { run, until } from './run.ts';
import { answersSsh, makeHostKey, sshConfig, sshdConfig } from './sshd.ts';

const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8' };
/** Ends what runs on the machine when nsenter is killed. */
const BOUND = ['setpriv', '--pdeathsig', 'KILL'] as const;
const AS_USER = [
  ...BOUND,
  `--reuid=${USER}`,
  `--regid=${USER}`,
  '--init-groups',
  'env',
  '-C',
  `/home/${USER}`,
  `HOME=/home/${USER}`,
  `USER=${USER}`,
] as const;
const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

let nextNumber = 2;
const names = new Set<string>();

/**
 * Starts a machine: processes, network, host name and file tree of its own, with sshd, and dockerd unless told otherwise. It is reached as the user
 * `bench`, from this computer only. It ends with this process, however that ends; what is then left on disk is removed by the next start.
 * Needs root, openssh, iproute2 and, for docker, docker.io (parts `netns`, `sshd`, `docker` of scripts/parts.mjs).
 * @throws Error with the log of what did not start; everything is removed again then
 */
export async function startMachine(options: MachineOptions = {}): Promise<Machine> {
  const network = await joinNetwork(options.signal);
  const number = nextNumber;
  nextNumber = nextNumber === 254 ? 2 : nextNumber + 1;
  const name = options.name ?? `m${number}`;
  const folder = join(network.folder, name);
  const undo: (() => Promise<void>)[] = [leaveNetwork];
  const stop = async () => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) throw new Error(`"${name}" is no name for a machine: letters, digits and - only`);
    if (names.has(name)) throw new Error(`there is a machine called "${name}" already`);
    names.add(name);
    undo.push(async () => void names.delete(name));
    return await start({ network, number, name, folder, undo, stop, options });
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Start {
  network: Network;
  number: number;
  name: string;
  folder: string;
  undo: (() => Promise<void>)[];
  stop(): Promise<void>;
  options: MachineOptions;
}

async function start({ network, number, name, folder, undo, stop, options }: Start): Promise<Machine> {
  const { signal, docker = true, gpus = [], hostname = name } = options;
  const address = `${network.prefix}.${number}`;
  const cgroup = `bench-test-${network.prefix.split('.')[2]}-${process.pid}`;
  undo.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  await mkdir(join(folder, 'root'), { recursive: true });
  let hostKey = await makeHostKey(folder);
  const knownHostsFile = join(folder, 'known_hosts');
  const identityFile = network.identityFile;
  const config = sshConfig({ name, address, identityFile, knownHostsFile });
  const sshConfigFile = join(folder, 'ssh_config');
  const node = options.node === false ? '' : realpathSync(process.execPath);

  writeTree(join(folder, 'files'), [
    ...etcFiles({ name: hostname, address, shell: shellPath(options.shell ?? 'bash'), dockerGroup: options.dockerGroup ?? true }),
    ...hostKey.files,
    sshdConfig(options.sshd ?? {}),
    ...(gpus.length > 0 ? nvidiaFiles(gpus) : []),
    ...((options.nvidiaRuntime ?? gpus.length > 0) ? nvidiaRuntimeFiles() : []),
    ...(options.files ?? []),
  ]);
  writeTree(join(folder, 'pci'), pciFiles(gpus, options.pciDevices ?? []));
  writeFileSync(join(folder, 'authorized_keys'), network.publicKey);
  writeFileSync(
    join(folder, 'hidden-folders'),
    [REPOSITORY, homedir(), ...(options.hiddenFolders ?? [])].map((path) => `${path}\n`).join(''),
  );
  writeFileSync(
    join(folder, 'shares'),
    (options.shares ?? []).map(({ from, to, readOnly }) => `${from}\t${to}\t${readOnly ? 'ro' : 'rw'}\n`).join(''),
  );
  writeFileSync(join(folder, 'hidden-programs'), (options.hiddenPrograms ?? []).map((path) => `${path}\n`).join(''));
  writeFileSync(knownHostsFile, `${address} ${hostKey.publicKey}\n`);
  writeFileSync(sshConfigFile, config);

  if (docker) {
    undo.push(() => removeCgroup(`${cgroup}/${name}`));
    writeFileSync(join(network.folder, 'cgroup'), cgroup);
  }
  const sizes = [options.homeSizeMiB ?? 0, options.dockerSizeMiB ?? 0].map(String);
  const { initPid, ready } = await startInit({ folder, undo, signal, args: [folder, hostname, ...sizes, String(UID), node] });
  const initId = identify(initPid);
  noteProcess(network.folder, name, initId);
  undo.push(() => until(`end of the machine ${name}`, () => !isRunning(initId)));
  undo.push(() => network.unplug(number));
  undo.push(async () => killQuietly(initPid));
  await Promise.all([ready, network.connect({ initPid, number })]);

  const path = (remote: string) => join(`/proc/${initPid}/root`, remote);
  const log = (file: string) => (existsSync(path(file)) ? readFileSync(path(file), 'utf8') : '');
  const inside = ['nsenter', '-t', String(initPid), '-m', '-u', '-i', '-n', '-p', '-r', '-w'] as const;
  const exec: Machine['exec'] = (argv, settings = {}) =>
    run([...inside, ...BOUND, ...argv], { ...settings, env: { ...ENVIRONMENT, ...settings.env } });
  const dockerCli: Machine['docker'] = (argv, settings) => exec(['docker', ...argv], settings);
  const socket = dockerSocket(initPid);
  const imported = new Set<string>();

  const startSshd = async () => {
    const { code } = await exec(['/usr/sbin/sshd', '-E', '/run/sshd.log'], { check: false });
    if (code !== 0) throw new Error(`sshd did not start:\n${log('/run/sshd.log')}`);
    await answersSsh(address, () => log('/run/sshd.log'), signal);
  };
  const startDockerd = async () => {
    const mirror = options.registryMirror ? ['--registry-mirror', options.registryMirror] : [];
    await exec(['sh', '-c', START_DOCKERD, 'sh', `${cgroup}/${name}`, ...mirror, ...(options.dockerd ?? [])]);
    await awaitDocker(socket, true, () => log('/var/log/dockerd.log'), signal);
  };
  const killSshd = (which: 'listener' | 'sessions') => {
    const listener = processesOf(initPid).filter(
      ({ name: program, command }) => program.startsWith('sshd') && command.includes('[listener]'),
    );
    const sessions = processesOf(initPid).filter(
      ({ name: program, command }) => program.startsWith('sshd') && !command.includes('[listener]'),
    );
    for (const { pid } of which === 'listener' ? listener : sessions) killQuietly(pid);
    return which === 'listener' ? listener.length : sessions.length;
  };
  await Promise.all([startSshd(), ...(docker ? [startDockerd()] : [])]);

  return {
    name,
    address,
    port: 22,
    user: USER,
    target: `${USER}@${address}`,
    identityFile,
    knownHostsFile,
    get hostKeyFingerprint() {
      return hostKey.fingerprint;
    },
    sshConfigFile,
    sshConfig: config,
    home: `/home/${USER}`,
    initPid,
    path,
    exec,
    execAsUser: (argv, settings) => exec([...AS_USER, ...argv], settings),
    docker: dockerCli,
    async importImage({ tar, changes, tag }, ...tags) {
      const changed = changes.flatMap((change) => ['--change', change]);
      await dockerCli(['import', ...changed, '-', tag], { stdin: { file: tar }, timeoutMs: 120_000 });
      imported.add(tag);
      for (const other of tags) {
        await dockerCli(['tag', tag, other]);
        imported.add(other);
      }
    },
    importedTags: () => [...imported],
    gpuGrants: () =>
      existsSync(path(GRANTS))
        ? readdirSync(path(GRANTS))
            .filter((file) => file.endsWith('.json'))
            .map((file) => parseGrant(basename(file, '.json'), readFileSync(join(path(GRANTS), file), 'utf8')))
        : [],
    dropConnections: () => until('end of the SSH sessions', () => killSshd('sessions') === 0),
    cutNetwork: () => network.setLink(number, false),
    restoreNetwork: () => network.setLink(number, true),
    dockerAnswers: () => dockerAnswers(socket),
    async killDockerd() {
      for (const { pid } of processesOf(initPid).filter(({ name: program }) => program === 'dockerd')) killQuietly(pid);
      await awaitDocker(socket, false, () => '', signal);
    },
    startDockerd,
    dockerdLog: () => log('/var/log/dockerd.log'),
    sshdLog: () => log('/run/sshd.log'),
    async changeHostKey() {
      hostKey = await makeHostKey(folder);
      for (const file of hostKey.files) {
        writeFileSync(path(`/${file.path}`), file.content);
      }
      await until('end of sshd', () => killSshd('listener') === 0);
      await startSshd();
      return hostKey.fingerprint;
    },
    stop,
  };
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended meanwhile
  }
}

function shellPath(shell: LoginShell): string {
  const found = [`/usr/bin/${shell}`, `/bin/${shell}`].find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error(`there is no ${shell} here; install it (scripts/install-test-parts)`);
  return found;
}
