import { spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import { claim, noteProcess, release, sweep } from './claims.ts';
import { identify } from './processes.ts';
import { run, until } from './run.ts';

/** The one network of a test process; its machines are in it, and the process is at `.1`. */
export interface Network {
  /** Everything about it and its machines lies here. */
  readonly folder: string;
  /** `10.77.3`: address without the last number. */
  readonly prefix: string;
  /** Private key that every machine lets in. */
  readonly identityFile: string;
  readonly publicKey: string;
  /** Plugs a machine in: its `eth0` gets the address. */
  connect(machine: { initPid: number; number: number }): Promise<void>;
  /** Pulls or plugs the machine's cable, at the far end: the machine sees its carrier go. */
  setLink(number: number, up: boolean): Promise<void>;
  unplug(number: number): Promise<void>;
}

const ip = (script: string, namespace?: number) =>
  run([...(namespace ? (['nsenter', '-t', String(namespace), '-n'] as const) : []), 'ip', '-batch', '-'] as unknown as [string], {
    stdin: script,
  });

const inUse = (prefix: string) =>
  Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address.startsWith(`${prefix}.`)));

/** A free number for a network, its folder, and its cable from here to the hub. */
async function claimNetwork(signal: AbortSignal | undefined): Promise<{ folder: string; prefix: string; hub: number }> {
  for (let index = 1; index < 255; index += 1) {
    signal?.throwIfAborted();
    const prefix = `10.77.${index}`;
    const folder = inUse(prefix) ? undefined : claim(`network-${index}`);
    if (!folder) continue;
    try {
      const hub = await startHub(folder);
      const link = `benchtest${index}`;
      await ip(`link add ${link} type veth peer name uplink netns ${hub}\naddr add ${prefix}.1/24 dev ${link}\nlink set ${link} up\n`);
      await ip('link add hub type bridge\nlink set dev hub up\nlink set lo up\nlink set dev uplink master hub up\n', hub);
      return { folder, prefix, hub };
    } catch (error) {
      await release(folder);
      if (!(error instanceof Error && error.message.includes('File exists'))) throw error;
    }
  }
  throw new Error('no free network between 10.77.1.0/24 and 10.77.254.0/24');
}

/**
 * The bridge lives in a network namespace of its own, so that no firewall of this computer is between machines.
 * The process that holds it ends with this one, however that ends, and the network with it.
 */
async function startHub(folder: string): Promise<number> {
  const hub = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', '--net', 'sleep', 'infinity'], { detached: true, stdio: 'ignore' });
  hub.unref();
  await new Promise((resolve, reject) => hub.once('spawn', resolve).once('error', reject));
  const pid = hub.pid as number;
  noteProcess(folder, 'hub', identify(pid));
  await until(
    'the hub of the test network',
    () => {
      if (hub.exitCode !== null) throw new Error(`unshare --net: exit code ${hub.exitCode}`);
      return (
        readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sleep' &&
        readlinkSync(`/proc/${pid}/ns/net`) !== readlinkSync('/proc/self/ns/net')
      );
    },
    { everyMs: 1 },
  );
  return pid;
}

async function openNetwork(signal: AbortSignal | undefined): Promise<Network> {
  await sweep();
  const { folder, prefix, hub } = await claimNetwork(signal);
  const identityFile = join(folder, 'id_ed25519');
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', basename(folder), '-f', identityFile]);
  return {
    folder,
    prefix,
    identityFile,
    publicKey: readFileSync(`${identityFile}.pub`, 'utf8'),
    async connect({ initPid, number }) {
      await ip(`link add port${number} type veth peer name eth0 netns ${initPid}\nlink set port${number} master hub up\n`, hub);
      await ip(`link set lo up\naddr add ${prefix}.${number}/24 dev eth0\nlink set eth0 up\n`, initPid);
    },
    setLink: async (number, up) => void (await ip(`link set port${number} ${up ? 'up' : 'down'}\n`, hub)),
    unplug: async (number) => void (await ip(`link del port${number}\n`, hub).catch(() => {})), // it goes with the machine, a little later
  };
}

let current: { network: Promise<Network>; users: number } | undefined;
let closing: Promise<void> = Promise.resolve();

/** The network of this process, made for the first machine. Each call needs one of {@link leaveNetwork}. */
export async function joinNetwork(signal?: AbortSignal): Promise<Network> {
  current ??= { network: closing.then(() => openNetwork(signal)), users: 0 };
  const joined = current;
  joined.users += 1;
  try {
    return await joined.network;
  } catch (error) {
    if (current === joined) current = undefined;
    throw error;
  }
}

/** After the last machine, the network and everything about it is removed. */
export async function leaveNetwork(): Promise<void> {
  if (!current) return;
  current.users -= 1;
  if (current.users > 0) return;
  const { network } = current;
  current = undefined;
  closing = network.then(({ folder }) => release(folder));
  await closing;
}
