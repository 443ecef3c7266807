import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../machine-types.ts';
import { run } from '../run.ts';
import { limitedHome, makeFolder, sharedFolders, writeHosts } from '../shared-folders.ts';
import { startTogether, type Together } from '../start-together.ts';
import { startMariadb, startSlurmdbd } from './accounting.ts';
import type { SlurmCluster, SlurmOptions } from './cluster-types.ts';
import { prepare, startDaemon } from './daemons.ts';
import { nodeControls } from './node-controls.ts';
import { profileFiles, SITE_BANNER } from './profile.ts';
import { gresConf, LOGS, slurmConf, slurmdbdConf } from './slurm-conf.ts';

/** Of every GPU, whatever its type is called in Slurm. */
const GPU = { name: 'NVIDIA A100-SXM4-80GB', memoryMiB: 81_920, pciDevice: '0x20b2' };

let nextCluster = 1;

/**
 * Starts a real Slurm: a login host with slurmctld, and nodes with slurmd, each a machine of its own (see {@link startMachine}), so that any number of
 * clusters can be up at once. It ends with this process, however that ends. Needs root and the parts `slurm`, `netns` and `sshd` of scripts/parts.mjs.
 * @throws Error with the daemons' logs when it does not come up; everything is removed again then
 */
export function startSlurm(options: SlurmOptions = {}): Promise<SlurmCluster> {
  const name = `slurm${nextCluster++}`;
  return startTogether(name, options.signal, (together) => start(name, together, options));
}

async function start(name: string, { network, folder, startMachines, close }: Together, options: SlurmOptions): Promise<SlurmCluster> {
  const { nodes = 4, gpusPerNode = 2, cpuNodes = 1, accounting = false, signal } = options;
  const unmountHome = await limitedHome(folder, options.homeSizeMiB);
  const { shared, shares } = sharedFolders(folder, network.publicKey);
  const etc = makeFolder(folder, 'etc');
  const munge = makeFolder(folder, 'munge');
  const conf = join(etc, 'slurm.conf');
  const mungeKey = { path: 'etc/munge/munge.key', content: randomBytes(64).toString('hex'), mode: 0o600 };
  const named = [
    ...Array.from({ length: nodes }, (_, index) => ({ hostname: `gpu${index}`, gpus: gpusPerNode })),
    ...Array.from({ length: cpuNodes }, (_, index) => ({ hostname: `cpu${index}`, gpus: 0 })),
  ];
  const common = {
    docker: false,
    shell: options.shell ?? ('bash' as const),
    ...(options.node === false ? { node: false } : {}),
  };
  const sharesWith = (ownMunge: string) => [
    ...(options.share ?? []).map((path) => ({ from: path, to: path, readOnly: true })),
    ...shares,
    { from: etc, to: etc },
    // The login host's munged is the one of this computer's clients too; every node has its own at the same path.
    { from: ownMunge, to: munge },
  ];
  const started = startMachines([
    {
      ...common,
      name: `${name}-login`,
      hostname: 'login',
      files: [mungeKey, ...profileFiles(conf, options.banner)],
      sshd: { Banner: SITE_BANNER },
      shares: sharesWith(munge),
    },
    ...named.map(({ hostname, gpus }) => ({
      ...common,
      name: `${name}-${hostname}`,
      hostname,
      gpus: Array.from({ length: gpus }, () => GPU),
      files: [mungeKey],
      shares: sharesWith(makeFolder(folder, `munge-${hostname}`)),
    })),
  ]);
  const [login, ...compute] = (await started.finally(unmountHome)) as [Machine, ...Machine[]];
  const nodesOf = new Map(named.map(({ hostname, gpus }, index) => [hostname, { machine: compute[index] as Machine, gpus }]));
  const machines = [{ machine: login, gpus: 0 }, ...nodesOf.values()];

  const loginAddress = { name: 'login', address: login.address };
  const addresses = [...nodesOf].map(([node, { machine, gpus }]) => ({ name: node, address: machine.address, gpus }));
  const mungeSocket = join(munge, 'socket');
  writeFileSync(conf, slurmConf({ clusterName: name, login: loginAddress, nodes: addresses, mungeSocket, options }));
  writeFileSync(join(etc, 'gres.conf'), gresConf(addresses, options.gpuType));
  writeFileSync(join(etc, 'slurmdbd.conf'), slurmdbdConf(loginAddress, mungeSocket), { mode: 0o600 });
  writeHosts(network, [{ name: 'login', machine: login }, ...[...nodesOf].map(([node, { machine }]) => ({ name: node, machine }))]);

  const logs = () => logsOf([['login', login], ...[...nodesOf].map(([node, { machine }]) => [node, machine] as const)]);
  const env = { SLURM_CONF: conf };
  const runHere: SlurmCluster['run'] = (argv, { env: more = {}, ...settings } = {}) =>
    run(['env', '-C', shared, ...Object.entries({ ...env, ...more }).map(([key, value]) => `${key}=${value}`), ...argv], settings);
  const { allIdle, ...controls } = nodeControls({ login, nodes: nodesOf, munge, conf, run: runHere, logs });

  await Promise.all([
    ...(accounting ? [startMariadb(login, signal)] : []),
    ...machines.map(({ machine, gpus }) => prepare(machine, { munge, conf, gpus })),
  ]);
  if (accounting) await startSlurmdbd(login, { conf, why: logs, signal });
  await Promise.all(machines.map(({ machine }) => startDaemon(machine, machine === login ? 'slurmctld' : 'slurmd', conf)));
  await allIdle(signal);

  return {
    env,
    conf,
    login,
    nodeNames: [...nodesOf.keys()],
    shared,
    run: runHere,
    runAsUser: (argv, settings = {}) => login.execAsUser(argv, { ...settings, env: { ...env, ...settings.env } }),
    logs,
    ...controls,
    close,
  };
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
