import type { Host, Tunnel } from '@bench/core';
import { processes, type RunScript } from '../processes.ts';
import { collect, streamLines } from '../running.ts';
import type { SshTransport } from '../ssh/transport.ts';
import { connectionOf } from './connection.ts';
import { execRemote, repeated, runRemote } from './remote-exec.ts';
import { getRemote, putRemote } from './transfer.ts';
import { openTunnel } from './tunnel.ts';
import { writeRemote } from './write-file.ts';

export interface RemoteHostOptions {
  /** For messages. Default: the transport's name. */
  name?: string;
  /** Where `start` keeps logs and exit codes on the far machine. Default `~/.local/state/bench/processes` there. */
  stateDir?: string;
  /** Opens another connection to it, for ending commands when every session of the first is taken. Default: they wait. */
  spare?: () => Promise<SshTransport>;
}

/** A far machine as a {@link Host}, whatever carries the commands. Relative paths are below the login folder. Closing it closes the transport. */
export function remoteHost(transport: SshTransport, options: RemoteHostOptions = {}): Host {
  const name = options.name ?? transport.name;
  const connection = connectionOf(transport, options.spare);
  const run: RunScript = async (script, args, { stdin, signal, ...rest } = {}) => {
    const command = { argv: ['sh', '-c', script, 'sh', ...args] as const, ...(stdin === undefined ? {} : { stdin }) };
    const limits = { ...definedOnly(rest), ...(signal ? { signal } : {}) };
    const again = () => collect((stop) => runRemote(connection, command, limits, stop), limits);
    const { code, stdout, stderr } = await repeated(connection, again, signal);
    return { code, stdout: stdout.toBuffer(), stderr: stderr.toString() };
  };
  const tunnels = new Set<Tunnel>();
  const jobs = processes({ name, stateDir: options.stateDir ?? '', run });
  return {
    name,
    kind: 'ssh',
    exec: async (command, o = {}) => {
      const result = await execRemote(connection, command, o);
      return { ...result, stdout: result.stdout.toString(), stderr: result.stderr.toString() };
    },
    stream: (command, o = {}) => streamLines((stop) => runRemote(connection, command, o, stop), o),
    start: jobs.start,
    attach: jobs.attach,
    write: (path, content, mode = 0o644) => writeRemote({ name, run }, { path, content, mode }),
    put: (local, remote, o = {}) => putRemote({ name, connection, run }, { local, remote }, o),
    get: (remote, local, o = {}) => getRemote({ name, connection, run }, { local, remote }, o),
    tunnel: async (to) => {
      const tunnel = await openTunnel(transport, to);
      tunnels.add(tunnel);
      const close = () => {
        tunnels.delete(tunnel);
        return tunnel.close();
      };
      return { address: tunnel.address, port: tunnel.port, close };
    },
    close: async () => {
      await Promise.all([...tunnels].map((tunnel) => tunnel.close()));
      await transport.close();
    },
  };
}

function definedOnly<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
