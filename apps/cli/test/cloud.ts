import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FakeCloud, FakeMachine, FakeMachines } from '@bench/provisioning/testing';
import { readRun, type RunView } from '@bench/results';
import { type Machine, type MachineOptions, nginxImage, startMachine } from '@bench/test-machines';
import { bench, type Finished, folder, type Running, start } from './cli.ts';

/** What the image of a cloud has beside Docker: NVIDIA's container toolkit, as far as one looks for it. */
const CLOUD_IMAGE: NonNullable<MachineOptions['files']> = [
  { path: 'usr/local/bin/nvidia-ctk', content: '#!/bin/sh\n', mode: 0o755 },
  { path: 'etc/docker/daemon.json', content: '{"runtimes":{"nvidia":{"path":"/usr/sbin/runc"}}}\n' },
];

/** Machines with the offline images that a compose deployment of the embedded engine takes. */
async function prepared(count: number, options: MachineOptions): Promise<Machine[]> {
  const made = await Promise.allSettled(
    Array.from({ length: count }, () => startMachine({ ...options, files: [...CLOUD_IMAGE, ...(options.files ?? [])] })),
  );
  const machines = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    const failed = made.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const nginx = await nginxImage();
    await Promise.all(machines.map((machine) => machine.importImage(nginx)));
    const site = `ssh:${machines.map((machine) => machine.target).join(',')}`;
    const keys = machines.slice(0, 1).flatMap((machine) => ['--ssh-key', machine.identityFile]);
    const built = await bench(['image', 'build', 'embedded', '--offline', '--on', site, ...keys]);
    if (built.code !== 0) throw new Error(`no image of the embedded engine:\n${built.stdout}\n${built.stderr}`);
    return machines;
  } catch (error) {
    await Promise.all(machines.map((machine) => machine.stop()));
    throw error;
  }
}

/**
 * Machines for a fake cloud that are real hosts, with sshd and dockerd and the images that they need, made beforehand. Ended ones do not come back.
 * @param count how many there are
 */
export async function namespaceMachines(count: number, options: MachineOptions): Promise<FakeMachines> {
  const free = await prepared(count, options);
  const used = new Set<Machine>();
  return {
    start: async ({ publicKeys }): Promise<FakeMachine> => {
      const machine = free.shift();
      if (machine === undefined) throw new Error('no machine is left');
      used.add(machine);
      // What cloud-init would do.
      await machine.execAsUser(['sh', '-c', 'for key; do printf "%s\\n" "$key"; done >> .ssh/authorized_keys', 'sh', ...publicKeys]);
      return {
        host: machine.address,
        port: machine.port,
        user: machine.user,
        hostKey: null,
        end: async () => {
          used.delete(machine);
          await machine.stop();
        },
      };
    },
    close: async () => {
      await Promise.all([...free.splice(0), ...used].map((machine) => machine.stop()));
      used.clear();
    },
  };
}

/** The command as a user of one fake provider has it: a state folder, credentials and an output folder of its own. */
export interface CloudUser {
  readonly root: string;
  readonly out: string;
  readonly env: Record<string, string>;
  bench(args: readonly string[]): Promise<Finished>;
  start(args: readonly string[]): Running;
  /** The only run in `out`. */
  view(): Promise<RunView>;
}

/** @param env what tells the command where the fake is, and its key */
export async function cloudUser(env: Record<string, string>): Promise<CloudUser> {
  const root = await folder();
  const out = join(root, 'runs');
  const all = { ...env, XDG_STATE_HOME: join(root, 'state') };
  return {
    root,
    out,
    env: all,
    bench: (args) => bench(args, { cwd: root, env: all }),
    start: (args) => start(args, { cwd: root, env: all }),
    view: async () => readRun(join(out, (await readdir(out))[0] ?? '')),
  };
}

/** Machines that cost money now, by name. */
export const live = (cloud: FakeCloud): string[] => cloud.truth().live.map(({ name }) => name);
