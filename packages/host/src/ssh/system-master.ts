import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EXIT, type Io } from '@bench/core';
import { execa } from 'execa';
import type { Asker } from './ask-once.ts';
import { startAskpass } from './askpass.ts';
import { timedOut } from './errors.ts';
import { hostKeysFor, sayAccepted, type KeyMemory } from './host-keys.ts';
import { parseKnownHosts } from './known-hosts.ts';
import { fromOpenSsh } from './openssh-errors.ts';
import { patience } from './patience.ts';
import type { ResolvedHost } from './resolve-host.ts';
import { hopsConfig, targetConfig, type ConfiguredHost, type SystemConfigInput } from './system-config.ts';
import { formatTarget, parseTarget, type SshTarget } from './target.ts';
import type { SshOptions } from './transport.ts';

export interface SystemContext {
  io: Io;
  options: SshOptions;
  asker: Asker | null;
  agentSocket: string | null;
  /** Private to this transport, mode 0700, with a short path of plain characters. */
  folder: string;
  /** The user's configuration files; none for a rented machine. */
  include: readonly string[];
  resolve(target: SshTarget): Promise<ResolvedHost>;
}

/** A master that nobody uses ends by itself: what is left when this process is killed. */
const ORPHAN_SECONDS = 600;

/** Leads to the target by way of its jump hosts: a constant program, whose words stand in the file beside it. */
const HOP = String.raw`#!/bin/sh
set --
while IFS= read -r word; do set -- "$@" "$word"; done < "$0.words"
exec ssh "$@"
`;

/**
 * Starts the one connection of a transport, as an ssh that serves others by a control socket (ssh_config(5), ControlMaster).
 * @returns path of its socket.
 * @throws BenchError `BENCH_SSH_*`.
 */
export async function startMaster(host: ResolvedHost, context: SystemContext, generation: number, signal: AbortSignal): Promise<string> {
  const { io, options, folder } = context;
  const where = formatTarget({ user: host.user, host: host.hostName, port: host.port });
  const file = (name: string) => join(folder, `${name}${generation}`);
  const policy = options.hostKeys;
  const newKeysFile = policy.kind === 'machine' ? policy.file : (policy.runFile ?? join(folder, 'known_hosts'));
  await mkdir(dirname(newKeysFile), { recursive: true });
  const connectTimeoutMs = options.connectTimeoutMs ?? host.connectTimeoutMs ?? 15_000;
  const input: SystemConfigInput = {
    options,
    newKeysFile,
    connectTimeoutMs,
    agentSocket: context.agentSocket,
    include: await present(context.include),
  };
  const configured = async (one: ResolvedHost, role: 'target' | 'jump'): Promise<ConfiguredHost> => {
    const hostKeys = hostKeysFor(one, { io, policy: withRunFile(policy, newKeysFile), memory: [] satisfies KeyMemory }, role);
    return { host: one, hostKeys, algorithms: await hostKeys.algorithms() };
  };
  const target = await configured(host, 'target');
  const hop =
    host.proxyCommand === null && host.proxyJump.length > 0
      ? await writeHop(
          host,
          context,
          { ...input, newKeysFile: policy.kind === 'machine' ? join(folder, 'known_hosts') : newKeysFile },
          configured,
          file,
        )
      : null;
  await writeFile(file('c'), targetConfig(target, hop, input), { mode: 0o600 });

  const keysBefore = await readKeys(newKeysFile);
  const clock = patience(connectTimeoutMs * 2);
  const askpass =
    context.asker && (await startAskpass(folder, context.asker, where, (asking) => (asking ? clock.pause() : clock.resume())));
  try {
    // Into the background once it has logged in: that it ends with 0 means that it is there.
    // Its helpers keep their stderr for as long as they live: a file, since nobody reads a pipe that long.
    const child = execa(
      'sh',
      [
        '-c',
        'exec ssh "$@" 2>"$0"',
        file('h'),
        '-F',
        file('c'),
        '-M',
        '-S',
        file('m'),
        '-N',
        '-T',
        '-E',
        file('l'),
        ...option('ControlPersist', String(ORPHAN_SECONDS)),
        '-v', // also keeps the helpers' stderr, which ssh throws away otherwise
        '--',
        host.alias,
      ],
      { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore', reject: false, detached: true, ...(askpass ? { env: askpass.env } : {}) },
    );
    let late = false;
    const stop = () => void child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    void clock.expired.then(() => {
      late = true;
      stop();
    });
    const result = await child;
    signal.removeEventListener('abort', stop);
    // It may have got through just then.
    if (result.exitCode === 0 && (signal.aborted || late)) await endMaster(file('m'));
    signal.throwIfAborted();
    if (late) throw timedOut(where, connectTimeoutMs * 2);
    if (result.exitCode !== 0) {
      const [log, said] = await Promise.all([file('l'), file('h')].map((path) => readFile(path, 'utf8').catch(() => '')));
      const error = fromOpenSsh({
        log: log ?? '',
        helpers: said ?? '',
        where,
        hostName: host.hostName,
        keyName: target.hostKeys.name,
        proxyJump: host.proxyJump,
        hasProxyCommand: host.proxyCommand !== null,
        connectTimeoutMs,
        keyKindsFixed: target.algorithms.length > 0,
      });
      if (error.exitCode === EXIT.provider) askpass?.forgetAnswers();
      throw error;
    }
  } finally {
    clock.stop();
    await askpass?.close();
  }
  for (const entry of (await readKeys(newKeysFile)).slice(keysBefore.length)) {
    sayAccepted(io, entry.hosts, entry.hosts, entry.key, policy.kind === 'machine');
  }
  return file('m');
}

const option = (name: string, value: string) => ['-o', `${name}=${value}`];

/** Ends a master, and with it what goes through it. */
export async function endMaster(socket: string): Promise<void> {
  await execa('ssh', ['-F', 'none', '-S', socket, '-O', 'exit', '--', 'master'], { reject: false, stdin: 'ignore', timeout: 5000 });
}

/** The program that leads to the target, and the configuration that it uses. */
async function writeHop(
  host: ResolvedHost,
  context: SystemContext,
  input: SystemConfigInput,
  configured: (one: ResolvedHost, role: 'jump') => Promise<ConfiguredHost>,
  file: (name: string) => string,
): Promise<string> {
  const hops = host.proxyJump.map((hop) => parseTarget(hop));
  const last = hops.at(-1) as SshTarget;
  const before = host.proxyJump.slice(0, -1);
  const blocks: ConfiguredHost[] = [];
  for (const hop of hops) blocks.push(await configured(await context.resolve(hop), 'jump'));
  await writeFile(file('j'), hopsConfig(blocks, input), { mode: 0o600 });
  const bracketed = host.hostName.includes(':') ? `[${host.hostName}]` : host.hostName;
  const words = [
    '-F',
    file('j'),
    '-W',
    `${bracketed}:${host.port}`,
    ...(last.user === undefined ? [] : ['-l', last.user]),
    ...(last.port === undefined ? [] : ['-p', String(last.port)]),
    ...(before.length === 0 ? [] : ['-J', before.join(',')]),
    '--',
    last.host,
  ];
  await writeFile(`${file('hop')}.words`, `${words.join('\n')}\n`, { mode: 0o600 });
  await writeFile(file('hop'), HOP, { mode: 0o700 });
  return file('hop');
}

/** Files proper: ssh refuses to include anything else. */
async function present(files: readonly string[]): Promise<string[]> {
  const kinds = await Promise.all(files.map((path) => stat(path).catch(() => null)));
  return files.filter((_, n) => kinds[n]?.isFile() === true);
}

const withRunFile = (policy: SshOptions['hostKeys'], runFile: string): SshOptions['hostKeys'] =>
  policy.kind === 'machine' ? policy : { kind: 'user', runFile };

async function readKeys(file: string) {
  return parseKnownHosts(await readFile(file, 'utf8').catch(() => ''), file);
}
