import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { constants } from 'node:os';
import ssh2, { type Connection, type Server, type ServerChannel } from 'ssh2';

export interface SshdOptions {
  /** In OpenSSH's format. */
  hostKey: string;
  user: string;
  publicKeys: readonly string[];
  /** Of every command. */
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** Default 0: any that is free. */
  port: number;
}

/** An SSH server whose commands run on this computer. */
export interface Sshd {
  readonly port: number;
  /** Ends the server and its connections; commands go on, as with a real one. */
  close(): Promise<void>;
}

/** Accepts the keys and nothing else, runs commands by `sh`, forwards to TCP ports. No terminal, no sftp, no forwarding from here to there. */
export async function startSshd(options: SshdOptions): Promise<Sshd> {
  const keys = options.publicKeys.flatMap((text) => {
    const key = ssh2.utils.parseKey(text);
    return key instanceof Error ? [] : [key];
  });
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [options.hostKey] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined); // a client that goes away without a word
    connection.on('close', () => connections.delete(connection));
    connection.on('authentication', (attempt) => {
      if (attempt.method !== 'publickey' || attempt.username !== options.user) return attempt.reject(['publickey']);
      const key = keys.find((k) => k.type === attempt.key.algo && k.getPublicSSH().equals(attempt.key.data));
      if (key === undefined) return attempt.reject(['publickey']);
      if (attempt.signature && attempt.blob && key.verify(attempt.blob, attempt.signature, attempt.hashAlgo) !== true)
        return attempt.reject();
      attempt.accept();
    });
    connection.on('ready', () => {
      connection.on('session', (accept) => {
        const session = accept();
        let child: ChildProcess | undefined;
        session.on('signal', (done, _reject, info) => {
          if (child?.pid !== undefined) signalGroup(child.pid, `SIG${info.name}`);
          (done as (() => void) | undefined)?.();
        });
        session.on('exec', (acceptExec, _reject, { command }) => {
          child = run(command, acceptExec(), options);
        });
      });
      connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
        const socket = connect({ host: destIP, port: destPort, allowHalfOpen: true });
        const refused = () => reject();
        socket.once('error', refused);
        socket.once('connect', () => {
          socket.off('error', refused);
          couple(socket, accept());
        });
      });
    });
  });
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of connections) connection.end();
        // An orderly end needs the client's word; a machine that is switched off gives none.
        for (const connection of connections) (connection as unknown as { _sock?: { destroy(): void } })._sock?.destroy();
      }),
  };
}

const listen = (server: Server, port: number) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });

/** A side that ends leaves the other open. ssh2's own `end` would close the channel, and take from the client what it has not read yet. */
function couple(socket: Socket, channel: ServerChannel): void {
  let open = 2;
  const oneEnded = () => {
    open -= 1;
    if (open === 0) channel.close();
  };
  socket.on('error', () => channel.close());
  channel.on('error', () => socket.destroy());
  channel.on('close', () => socket.destroy());
  socket.pipe(channel, { end: false });
  socket.once('end', () =>
    channel.write(Buffer.alloc(0), () => {
      (channel as unknown as { eof(): void }).eof();
      oneEnded();
    }),
  );
  channel.pipe(socket);
  channel.once('end', oneEnded);
}

function run(command: string, channel: ServerChannel, { cwd, env }: SshdOptions): ChildProcess {
  const child = spawn('/bin/sh', ['-c', command], { cwd, env: { ...env }, detached: true, stdio: 'pipe' });
  child.stdin.on('error', () => undefined);
  channel.on('error', () => undefined);
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  // The far side went away: nobody reads any more, as when a real sshd closes its ends of the pipes.
  channel.on('close', () => {
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
  });
  child.once('error', () => {
    channel.exit(127);
    channel.end();
  });
  child.once('close', (code, signal) => {
    if (channel.destroyed) return;
    if (signal === null) channel.exit(code ?? 255);
    else channel.exit(signal.replace(/^SIG/, ''), false, '');
    channel.stderr.end(() => channel.end());
  });
  return child;
}

function signalGroup(pid: number, signal: string): void {
  if (!Object.hasOwn(constants.signals, signal)) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended before.
  }
}
