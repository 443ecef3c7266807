import { Duplex } from 'node:stream';
import { execa } from 'execa';
import { expandTokens } from './expand.ts';
import type { ResolvedHost } from './resolve-host.ts';

export interface ProxyStream {
  stream: Duplex;
  /** Why it ended, as far as it said: exit and the end of stderr. */
  ended: Promise<string>;
  kill(): void;
}

/**
 * Runs the ProxyCommand of the user's own configuration by `sh`, with its tokens expanded, exactly as OpenSSH does (ssh_config(5)). That
 * what is put in cannot be shell text was made sure of when the target was resolved: host, user and port are of a small alphabet.
 */
export function spawnProxyCommand(host: ResolvedHost): ProxyStream {
  const line = expandTokens(host.proxyCommand ?? '', host.tokens);
  const child = execa('sh', ['-c', `exec ${line}`], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    detached: true,
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-2000);
  });
  child.stdin.on('error', () => undefined); // its end is told by `ended`
  const ended = child.then((result) => {
    const how = result.signal === undefined ? `exit code ${result.exitCode ?? '?'}` : result.signal;
    return said.trim() === '' ? how : `${how}: ${said.trim()}`;
  });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  return { stream, ended, kill: () => void child.kill('SIGTERM') };
}
