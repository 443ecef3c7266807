import { watch } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKeyPair } from '@bench/host';
import type { FakeMachine, FakeMachines, FakeMachineWanted } from '../machines.ts';
import { killAll, MARK } from './processes.ts';
import { startSshd, type Sshd } from './sshd.ts';
import { linkPrograms, writeStandIns } from './stand-ins.ts';

export interface InProcessMachinesOptions {
  /** A folder that is theirs alone; made when it is not there, removed by `close`. */
  root: string;
  /** Scripts that stand in for programs, by name: `docker`, … */
  programs?: Readonly<Record<string, string>>;
}

/**
 * Machines that cost nothing: an SSH server of this process each, commands run by this computer's `sh` with a home, a folder for temporary
 * files and a PATH of their own. `shutdown` and its likes switch the machine off; `sudo` only runs; there is no docker, no package manager and
 * no service manager. They share this computer's ports, processes and file tree: what a test runs there must be harmless.
 */
export function inProcessMachines(options: InProcessMachinesOptions): FakeMachines {
  const { root } = options;
  const programs = join(root, 'programs');
  const machines = new Map<string, FakeMachine>();
  let linked: Promise<void> | undefined;
  return {
    start: async (wanted) => {
      linked ??= linkPrograms(programs);
      await linked;
      const folder = join(root, wanted.id.replaceAll(/[^A-Za-z0-9._-]/g, '_'));
      const machine = await startMachine({
        wanted,
        folder,
        programs,
        standIns: options.programs ?? {},
        gone: () => machines.delete(wanted.id),
      });
      machines.set(wanted.id, machine);
      return machine;
    },
    close: async () => {
      await Promise.all([...machines.values()].map((machine) => machine.end()));
      await linked?.catch(() => undefined);
      await rm(root, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function startMachine(o: {
  wanted: FakeMachineWanted;
  folder: string;
  programs: string;
  standIns: Readonly<Record<string, string>>;
  gone: () => void;
}): Promise<FakeMachine> {
  const { wanted, folder, programs } = o;
  const home = join(folder, 'home');
  const temporary = join(folder, 'tmp');
  const bin = join(folder, 'bin');
  await mkdir(home, { recursive: true });
  await mkdir(temporary);
  await writeStandIns({ machine: folder, bin, gpus: wanted.gpus, programs: o.standIns });
  const key = generateKeyPair();
  const env = {
    PATH: `${bin}:${programs}`,
    HOME: home,
    TMPDIR: temporary,
    USER: wanted.user,
    LOGNAME: wanted.user,
    SHELL: '/bin/sh',
    LANG: 'C.UTF-8',
    [MARK]: folder,
  };
  const listen = (port: number) =>
    startSshd({ hostKey: key.privateKey, user: wanted.user, publicKeys: wanted.publicKeys, cwd: home, env, port });
  let sshd: Sshd | null = await listen(0);
  const { port } = sshd;
  const off = async () => {
    const open = sshd;
    sshd = null;
    await open?.close();
    await killAll(folder);
  };
  const watcher = watch(folder, (_event, file) => {
    if (file !== 'shutdown-now' || sshd === null) return;
    void off()
      .then(() => rm(join(folder, 'shutdown-now'), { force: true }))
      .catch(() => undefined)
      .then(() => wanted.onShutdown?.());
  });
  let ending: Promise<void> | undefined;
  return {
    host: '127.0.0.1',
    port,
    user: wanted.user,
    hostKey: key.publicKey,
    off,
    on: async () => {
      sshd ??= await listen(port);
    },
    end: () =>
      (ending ??= (async () => {
        watcher.close();
        await off();
        await rm(folder, { recursive: true, force: true, maxRetries: 3 });
        o.gone();
      })()),
  };
}
