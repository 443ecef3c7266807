import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../free-port.ts';

const run = promisify(execFile);

export interface TestSshd {
  port: number;
  user: string;
  /** A known_hosts line for it. */
  knownHost: string;
  log(): Promise<string>;
  /** Ends the connections that are open; new ones are still taken. */
  cutConnections(): Promise<void>;
  stop(): Promise<void>;
}

export interface SshdOptions {
  sshd: string;
  /** Public keys that may log in. */
  authorized: readonly string[];
  /** Reuse the host key file of another one, or make a new one. */
  hostKey?: string;
  port?: number;
  lines?: readonly string[];
}

const folders: string[] = [];

/** A folder for a test, with a short name: sockets live in it. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bssh-'));
  folders.push(folder);
  return folder;
}

/** Removes every folder made by {@link testFolder} so far. */
export async function removeTestFolders(): Promise<void> {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

export async function makeKey(
  path: string,
  options: { passphrase?: string; type?: string } = {},
): Promise<{ path: string; public: string }> {
  await run('ssh-keygen', ['-q', '-t', options.type ?? 'ed25519', '-N', options.passphrase ?? '', '-C', 'test', '-f', path]);
  return { path, public: (await readFile(`${path}.pub`, 'utf8')).trim() };
}

/** A real sshd on 127.0.0.1 for the user who runs the test, with nothing of the system's configuration. */
export async function startSshd(options: SshdOptions): Promise<TestSshd> {
  const folder = await testFolder();
  const port = options.port ?? (await freePort());
  const hostKey = options.hostKey ?? (await makeKey(join(folder, 'host'))).path;
  const authorized = join(folder, 'authorized_keys');
  await writeFile(authorized, `${options.authorized.join('\n')}\n`, { mode: 0o600 });
  await chmod(folder, 0o700);
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 }).catch(() => undefined);
  const config = join(folder, 'sshd_config');
  await writeFile(
    config,
    [
      ...(options.lines ?? []), // the first value wins
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKey}`,
      `PidFile ${join(folder, 'pid')}`,
      `AuthorizedKeysFile ${authorized}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin yes',
      'MaxStartups 100:30:200',
      'MaxSessions 50',
      'UseDNS no',
      'SetEnv SHLVL=5', // bash then leaves the tester's own start files alone, which may be slow
      'LogLevel VERBOSE',
      '',
    ].join('\n'),
  );
  const logFile = join(folder, 'log');
  const child = spawn(options.sshd, ['-D', '-f', config, '-E', logFile], { stdio: 'ignore' });
  const log = () => readFile(logFile, 'utf8').catch(() => '');
  await listening(port, child, log);
  const publicKey = (await readFile(`${hostKey}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
  return {
    port,
    user: userInfo().username,
    knownHost: `[127.0.0.1]:${port} ${publicKey}`,
    log,
    async cutConnections() {
      for (const pid of await childrenOf(child.pid as number)) kill(pid);
    },
    async stop() {
      for (const pid of await childrenOf(child.pid as number)) kill(pid);
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone already
  }
}

/** Processes below one: the privileged halves of sshd's connections and what they started. */
async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=,comm=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const direct = rows.filter((row) => Number(row[1]) === pid && row[2] === 'sshd').map((row) => Number(row[0]));
  const below = rows.filter((row) => direct.includes(Number(row[1])) && row[2] === 'sshd').map((row) => Number(row[0]));
  return [...direct, ...below];
}

async function listening(port: number, child: ChildProcess, log: () => Promise<string>): Promise<void> {
  for (let n = 0; n < 200; n += 1) {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${await log()}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => (socket.destroy(), resolve(true)));
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await delay(25);
  }
  throw new Error(`sshd does not listen: ${await log()}`);
}
