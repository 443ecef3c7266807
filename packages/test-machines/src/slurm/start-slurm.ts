import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UID } from '../files.ts';
import type { Machine } from '../machine-types.ts';
import { startMachine } from '../machine.ts';
import { joinNetwork, leaveNetwork } from '../network.ts';
import { run } from '../run.ts';
import { startMariadb, startSlurmdbd } from './accounting.ts';
import type { SlurmCluster, SlurmOptions } from './cluster-types.ts';
import { prepare, startDaemon } from './daemons.ts';
import { nodeControls } from './node-controls.ts';
import { profileFiles } from './profile.ts';
import { gresConf, LOGS, slurmConf, slurmdbdConf } from './slurm-conf.ts';

let nextCluster = 1;

/**
 * Starts a real Slurm: a login host with slurmctld, and nodes with slurmd, each a machine of its own (see {@link startMachine}), so that any number of
 * clusters can be up at once. It ends with this process, however that ends. Needs root and the parts `slurm`, `netns` and `sshd` of scripts/parts.mjs.
 * @throws Error with the daemons' logs when it does not come up; everything is removed again then
 */
export async function startSlurm(options: SlurmOptions = {}): Promise<SlurmCluster> {
  const network = await joinNetwork(options.signal);
  const undo: (() => Promise<void>)[] = [leaveNetwork];
  const close = async () => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    const name = `slurm${nextCluster++}`;
    const folder = join(network.folder, name);
    undo.push(async () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
    return await start({ name, folder, publicKey: network.publicKey, undo, close, options });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Start {
  name: string;
  folder: string;
  publicKey: string;
  undo: (() => Promise<void>)[];
  close(): Promise<void>;
  options: SlurmOptions;
}

async function start({ name, folder, publicKey, undo, close, options }: Start): Promise<SlurmCluster> {
  const { nodes = 4, gpusPerNode = 2, cpuNodes = 1, accounting = false, signal } = options;
  const places = makeFolders(folder, publicKey);
  const conf = join(places.etc, 'slurm.conf');
  const mungeKey = randomBytes(64).toString('hex');

  const startOne = async (hostname: string, gpus: number, own: { munge: string; login?: true }) => {
    const machine = await startMachine({
      name: `${name}-${hostname}`,
      hostname,
      docker: false,
      gpus: Array.from({ length: gpus }, () => ({ name: 'NVIDIA A100-SXM4-80GB', memoryMiB: 81_920, pciDevice: '0x20b2' })),
      files: [{ path: 'etc/munge/munge.key', content: mungeKey, mode: 0o600 }, ...(own.login ? profileFiles(conf, options.banner) : [])],
      ...(own.login ? { sshd: { Banner: '/etc/motd-of-site' } } : {}),
      shares: [
        ...[places.etc, places.shared, ...(options.share ?? [])].map((path) => ({ from: path, to: path })),
        { from: places.home, to: '/home/bench' },
        // The login host's munged is the one of this computer's clients too; every node has its own at the same path.
        { from: own.munge, to: places.munge },
      ],
      ...(options.node === false ? { node: false } : {}),
      ...(signal ? { signal } : {}),
    });
    undo.push(() => machine.stop());
    return machine;
  };
  const names = [
    ...Array.from({ length: nodes }, (_, index) => ({ hostname: `gpu${index}`, gpus: gpusPerNode })),
    ...Array.from({ length: cpuNodes }, (_, index) => ({ hostname: `cpu${index}`, gpus: 0 })),
  ];
  const started = await Promise.allSettled([
    startOne('login', 0, { munge: places.munge, login: true }),
    ...names.map(({ hostname, gpus }) => {
      const munge = join(folder, `munge-${hostname}`);
      mkdirSync(munge);
      return startOne(hostname, gpus, { munge });
    }),
  ]);
  const [login, ...compute] = started.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  }) as [Machine, ...Machine[]];
  const nodesOf = new Map(names.map(({ hostname, gpus }, index) => [hostname, { machine: compute[index] as Machine, gpus }]));
  const machines = [{ machine: login, gpus: 0 }, ...nodesOf.values()];

  const loginAddress = { name: 'login', address: login.address };
  const addresses = [...nodesOf].map(([node, { machine, gpus }]) => ({ name: node, address: machine.address, gpus }));
  const mungeSocket = join(places.munge, 'socket');
  writeFileSync(conf, slurmConf({ clusterName: name, login: loginAddress, nodes: addresses, mungeSocket, options }));
  writeFileSync(join(places.etc, 'gres.conf'), gresConf(addresses, options.gpuType));
  writeFileSync(join(places.etc, 'slurmdbd.conf'), slurmdbdConf(loginAddress, mungeSocket), { mode: 0o600 });
  const hosts = ['127.0.0.1 localhost', '::1 localhost', ...[loginAddress, ...addresses].map((host) => `${host.address} ${host.name}`), ''];
  for (const { machine } of machines) writeFileSync(machine.path('/etc/hosts'), hosts.join('\n'));

  const logs = () => logsOf([['login', login], ...[...nodesOf].map(([node, { machine }]) => [node, machine] as const)]);
  const env = { SLURM_CONF: conf };
  const runHere: SlurmCluster['run'] = (argv, { env: more = {}, ...settings } = {}) =>
    run(['env', '-C', places.shared, ...Object.entries({ ...env, ...more }).map(([key, value]) => `${key}=${value}`), ...argv], settings);
  const { allIdle, ...controls } = nodeControls({ login, nodes: nodesOf, munge: places.munge, conf, run: runHere, logs });

  await Promise.all([
    ...(accounting ? [startMariadb(login, signal)] : []),
    ...machines.map(({ machine, gpus }) => prepare(machine, { munge: places.munge, conf, gpus })),
  ]);
  if (accounting) await startSlurmdbd(login, { conf, why: logs, signal });
  await Promise.all(machines.map(({ machine }) => startDaemon(machine, machine === login ? 'slurmctld' : 'slurmd', conf)));
  await allIdle(signal);

  return {
    env,
    conf,
    login,
    nodeNames: [...nodesOf.keys()],
    shared: places.shared,
    run: runHere,
    runAsUser: (argv, settings = {}) => login.execAsUser(argv, { ...settings, env: { ...env, ...settings.env } }),
    logs,
    ...controls,
    close,
  };
}

/** Folders that machines share, and the shared HOME with the key that is let in. */
function makeFolders(folder: string, publicKey: string) {
  const made = (name: string, mode = 0o755) => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    chmodSync(path, mode);
    return path;
  };
  const places = { etc: made('etc'), shared: made('shared', 0o1777), home: made('home'), munge: made('munge') };
  mkdirSync(join(places.home, '.ssh'));
  writeFileSync(join(places.home, '.ssh/authorized_keys'), publicKey, { mode: 0o600 });
  for (const path of ['', '.ssh', '.ssh/authorized_keys']) chownSync(join(places.home, path), UID, UID);
  return places;
}

const LOG_FILES = ['slurmctld.log', 'slurmd.log', 'slurmdbd.log', 'mariadb.log'];

function logsOf(machines: readonly (readonly [string, Machine])[]): string {
  return machines
    .flatMap(([host, machine]) =>
      LOG_FILES.map((file) => ({ title: `${host} ${file}`, path: machine.path(`${LOGS}/${file}`) }))
        .filter(({ path }) => existsSync(path))
        .map(({ title, path }) => `== ${title}\n${readFileSync(path, 'utf8')}`),
    )
    .join('\n');
}
