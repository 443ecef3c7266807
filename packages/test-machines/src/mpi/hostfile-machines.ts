import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../machine-types.ts';
import type { RunOptions, RunResult } from '../run.ts';
import { makeFolder, sharedFolders, writeHome, writeHosts } from '../shared-folders.ts';
import { startTogether } from '../start-together.ts';

export interface HostfileMachinesOptions {
  /** Folders of this computer that the machines can read at the same path, such as this repository. Default none. */
  share?: readonly string[];
  signal?: AbortSignal;
}

/** Machines without a scheduler, on which ranks are started over SSH. */
export interface HostfileMachines {
  /** `node0`, `node1`, …: the machines know each other by these; here, only the addresses are known. */
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly machines: readonly Machine[];
  /** A folder at the same path here and on all machines; everybody may write there. HOME of `bench` is shared by the machines too. */
  readonly shared: string;
  /**
   * What `mpirun` of Open MPI and `mpiexec.hydra` of MPICH need when they are run here, as root, to start their ranks on the machines as `bench`, by name or
   * address. The working folder must be there too: `shared`.
   */
  readonly env: Readonly<Record<string, string>>;
  /** Runs a program on the first machine as `bench` in the shared folder; from there it gets to all of them by ssh. @throws when it fails, unless `check` is false */
  runAsUser(argv: readonly [string, ...string[]], options?: RunOptions): Promise<RunResult>;
  /** Stops the machines. Idempotent. */
  close(): Promise<void>;
}

let nextGroup = 1;

/** Starts `count` machines that let each other's user in over SSH without a question. Needs root and the parts `netns` and `sshd`. */
export function hostfileMachines(count: number, options: HostfileMachinesOptions = {}): Promise<HostfileMachines> {
  const group = `hosts${nextGroup++}`;
  return startTogether(group, options.signal, async ({ network, folder, startMachines, close }) => {
    const { shared, home, shares } = sharedFolders(folder, network.publicKey);
    const names = Array.from({ length: count }, (_, index) => `node${index}`);
    const agents = makeFolder(folder, 'agents');
    const readable = [agents, ...(options.share ?? [])].map((path) => ({ from: path, to: path, readOnly: true }));
    const machines = await startMachines(
      names.map((hostname) => ({ name: `${group}-${hostname}`, hostname, docker: false, shares: [...readable, ...shares] })),
    );
    const known = names.map((name, index) => ({ name, machine: machines[index] as Machine }));
    writeHosts(network, known);
    const keys = known.map(({ name, machine }) => `${name},${readFileSync(machine.knownHostsFile, 'utf8')}`).join('');
    writeHome(home, '.ssh/known_hosts', keys);
    writeHome(home, '.ssh/id_ed25519', readFileSync(network.identityFile, 'utf8'));

    return {
      names,
      addresses: machines.map(({ address }) => address),
      machines,
      shared,
      env: launchersHere({ folder, agents, known, keys, identityFile: network.identityFile }),
      runAsUser: (argv, settings) => (machines[0] as Machine).execAsUser(['env', '-C', shared, ...argv], settings),
      close,
    };
  });
}

/** An `ssh` for launchers that run on this computer: it knows the machines' names, keys and user. */
function launchersHere(options: {
  folder: string;
  /** A folder that is on the machines too: Open MPI looks for the program there as well. */
  agents: string;
  known: readonly { name: string; machine: Machine }[];
  keys: string;
  identityFile: string;
}): Record<string, string> {
  const { folder, agents, known, keys, identityFile } = options;
  const config = join(folder, 'ssh_config');
  const knownHosts = join(folder, 'known_hosts');
  const program = join(agents, 'ssh-to-machines');
  writeFileSync(knownHosts, keys);
  const lines = [
    ...known.flatMap(({ name, machine }) => [`Host ${name}`, `  HostName ${machine.address}`]),
    'Host *',
    '  User bench',
    `  IdentityFile ${identityFile}`,
    '  IdentitiesOnly yes',
    '  BatchMode yes',
    `  UserKnownHostsFile ${knownHosts}`,
    '  GlobalKnownHostsFile /dev/null',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  writeFileSync(program, `#!/bin/sh\nexec ssh -F '${config}' "$@"\n`);
  chmodSync(program, 0o755);
  return {
    OMPI_ALLOW_RUN_AS_ROOT: '1',
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
    OMPI_MCA_plm_rsh_agent: program,
    // The machines have not got its configuration, so all are reached from here.
    OMPI_MCA_plm_rsh_no_tree_spawn: '1',
    HYDRA_LAUNCHER: 'ssh',
    HYDRA_LAUNCHER_EXEC: program,
  };
}
