import { spawn } from 'node:child_process';
import { BenchError } from '@bench/core';
import { noCommand } from './host-errors.ts';
import type { RemoteChannel, SshTransport } from './ssh/transport.ts';

/**
 * A transport whose sessions are processes of a program that runs a command elsewhere: `srun --nodelist=NODE`, to which `sh -c LINE` is added.
 * With it a machine that nobody may log in to is a host like any other (`remoteHost`). It leads to no ports.
 */
export function commandTransport(name: string, argv: readonly [string, ...string[]]): SshTransport {
  const [file, ...args] = argv;
  return {
    // The program's exit code is the command's, and tells of no signals.
    kind: 'system',
    name,
    open: (line, { signal } = {}) => {
      signal?.throwIfAborted();
      const child = spawn(file, [...args, 'sh', '-c', line], { stdio: 'pipe', detached: true });
      const exit = new Promise<Awaited<RemoteChannel['exit']>>((resolve, reject) => {
        child.once('error', (cause) => reject(noCommand(file, undefined, cause)));
        child.once('close', (code) => resolve({ code, signal: null }));
      });
      exit.catch(() => undefined);
      child.stdin.on('error', () => undefined); // EPIPE: told by the exit
      const close = () => {
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
        child.kill('SIGTERM');
      };
      return Promise.resolve({ stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exit, close });
    },
    forward: () =>
      Promise.reject(new BenchError({ code: 'BENCH_HOST_TUNNEL', message: `${file} leads to no port of ${name}`, exitCode: 3 })),
    close: () => Promise.resolve(),
  };
}
