import { BenchError, createIo, type Host, type Io } from '@bench/core';
import { localHost } from './local-host.ts';
import { remoteHost, type RemoteHostOptions } from './remote/remote-host.ts';
import { openTransport } from './ssh/open-transport.ts';
import type { SshOptions, SshTransport } from './ssh/transport.ts';

/**
 * A machine reached by SSH; the connection is opened on first use.
 * @param target `[user@]host[:port]`, or an alias of `~/.ssh/config`
 * @throws BenchError `BENCH_SSH_TARGET` when it cannot be one
 */
export async function sshHost(target: string, options: SshOptions & Omit<RemoteHostOptions, 'spare'>): Promise<Host> {
  const { name, stateDir, ...ssh } = options;
  const open = () => openTransport(target, ssh);
  return remoteHost(await open(), {
    spare: open,
    ...(name === undefined ? {} : { name }),
    ...(stateDir === undefined ? {} : { stateDir }),
  });
}

/** What connections of one program have in common. */
export interface HostConnectorOptions extends Omit<SshOptions, 'io' | 'hostKeys' | 'port'> {
  /** Asked for when a host is opened, as an `Io` is usually made with the connector in it. Default: a plain one. */
  io?: () => Io;
  /** Where unknown host keys are remembered that were accepted, usually in the run's folder. Default: as long as the program runs. */
  runFile?: string;
}

/**
 * Makes the function that `Io.connect` is: it opens `local`, or `ssh:TARGET`. Hosts of one target share a connection, which is closed with
 * the last of them.
 */
export function hostConnector(options: HostConnectorOptions = {}): (target: string) => Promise<Host> {
  const { io = createIo, runFile, ...rest } = options;
  const hostKeys = { kind: 'user', ...(runFile === undefined ? {} : { runFile }) } as const;
  const open = (target: string) => openTransport(target, { ...rest, io: io(), hostKeys });
  const shared = sharedTransports(open);
  return async (target) => {
    if (target === 'local') return localHost();
    const far = target.startsWith('ssh:') ? target.slice(4) : '';
    if (far !== '') return remoteHost(await shared(far), { spare: () => open(far) });
    throw new BenchError({
      code: 'BENCH_HOST_TARGET',
      message: `"${target}" names no host`,
      hint: 'use "local", or "ssh:" and what ssh takes: ssh:gpu1, ssh:user@gpu1:2222',
      exitCode: 2,
    });
  };
}

/** Opens the host that a target names: `local`, or `ssh:TARGET`. One connection a call; see {@link hostConnector} to share. */
export function connect(target: string, options: HostConnectorOptions = {}): Promise<Host> {
  return hostConnector(options)(target);
}

function sharedTransports(open: (target: string) => Promise<SshTransport>): (target: string) => Promise<SshTransport> {
  const all = new Map<string, { transport: Promise<SshTransport>; users: number }>();
  return async (target) => {
    const entry = all.get(target) ?? { transport: open(target), users: 0 };
    all.set(target, entry);
    entry.users += 1;
    const transport = await entry.transport.catch((error: unknown) => {
      all.delete(target);
      throw error;
    });
    let closed = false;
    return {
      kind: transport.kind,
      name: transport.name,
      open: (line, o) => transport.open(line, o),
      forward: (to, o) => transport.forward(to, o),
      close: async () => {
        if (closed) return;
        closed = true;
        entry.users -= 1;
        if (entry.users > 0) return;
        if (all.get(target) === entry) all.delete(target);
        await transport.close();
      },
    };
  };
}
