import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { RemoteChannel, SshTransport } from '../ssh/transport.ts';

/** A transport without a network: each line is given to a login shell of this machine. Everything of a remote host but SSH itself. */
export function shellTransport(options: {
  /** Path of the shell that plays the login shell: `/bin/bash`, `/usr/bin/fish`, … */
  shell: string;
  /** As which kind it behaves; `system` cannot tell signals. Default `ssh2`. */
  kind?: 'ssh2' | 'system';
  /** Whole environment of the shell. Default: this process's. */
  env?: NodeJS.ProcessEnv;
  /** Login folder. Default: this process's. */
  cwd?: string;
  /** Does each command get a session of its own, as OpenSSH's server gives it? Default true. */
  ownSession?: boolean;
}): SshTransport {
  const { shell, kind = 'ssh2', env, cwd, ownSession = true } = options;
  return {
    kind,
    name: shell,
    open: (line, { signal } = {}) => {
      signal?.throwIfAborted();
      const child = spawn(shell, ['-c', line], { env, cwd, stdio: 'pipe', detached: ownSession });
      const exit = new Promise<Awaited<RemoteChannel['exit']>>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code, by) => resolve({ code, signal: kind === 'system' ? null : by }));
      });
      exit.catch(() => undefined);
      const close = () => {
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      };
      return Promise.resolve({ stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exit, close });
    },
    forward: ({ host, port }) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host, port, allowHalfOpen: true });
        socket.once('connect', () => resolve(socket));
        socket.once('error', reject);
      }),
    close: () => Promise.resolve(),
  };
}
