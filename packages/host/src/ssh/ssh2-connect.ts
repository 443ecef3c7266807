import net from 'node:net';
import type { Duplex } from 'node:stream';
import { BenchError, messageOf, type Io } from '@bench/core';
import type * as Ssh2 from 'ssh2';
import type { AnyAuthMethod, AuthenticationType, Client, ConnectConfig } from 'ssh2';
import type { Asker } from './ask-once.ts';
import { Authentication } from './authentication.ts';
import { closedEarly, fromSocketError, jumpFailed, lost, sshError, timedOut } from './errors.ts';
import { hostKeysFor, noKnownKind, type HostKeys, type KeyMemory } from './host-keys.ts';
import { gatherKeys, type KeyRing } from './key-ring.ts';
import { namesHost } from './known-hosts.ts';
import { patience } from './patience.ts';
import { spawnProxyCommand } from './proxy-command.ts';
import type { ResolvedHost } from './resolve-host.ts';
import { formatTarget, parseTarget, type SshTarget } from './target.ts';
import type { SshOptions } from './transport.ts';

export interface Ssh2Context {
  ssh2: typeof Ssh2;
  io: Io;
  options: SshOptions;
  asker: Asker | null;
  memory: KeyMemory;
  agentSocket: string | null;
  /** Resolves a jump host by its own configuration. */
  resolve(target: SshTarget): Promise<ResolvedHost>;
}

export interface Ssh2Connection {
  client: Client;
  /** Ends it, and the hops that it came by. */
  end(): void;
}

const MAX_HOPS = 10;

/**
 * Connects and logs in, by way of the host's jump hosts or proxy command.
 * @throws BenchError `BENCH_SSH_*`.
 */
export async function connectSsh2(
  host: ResolvedHost,
  context: Ssh2Context,
  signal: AbortSignal,
  role: 'target' | 'jump' = 'target',
  depth = 0,
): Promise<Ssh2Connection> {
  if (depth > MAX_HOPS) throw sshError('JUMP', { message: `the jump hosts of ${host.alias} lead round in a circle` });
  signal.throwIfAborted();
  const where = nameOf(host);
  const hostKeys = hostKeysFor(host, { io: context.io, policy: context.options.hostKeys, memory: context.memory }, role);
  const [algorithms, keys] = await Promise.all([hostKeys.algorithms(), keysFor(host, context, role)]);
  const way = await reach(host, context, signal, depth);
  try {
    return await logIn({ host, where, context, signal, hostKeys, algorithms, keys, way });
  } catch (error) {
    way.end();
    throw error;
  }
}

export const nameOf = (host: ResolvedHost) => formatTarget({ user: host.user, host: host.hostName, port: host.port });

interface Way {
  stream: Duplex;
  end(): void;
  /** When the way itself failed: why. */
  failure(): Promise<BenchError | null>;
}

/** A stream to the host's port: direct, through the last of its jump hosts, or by its proxy command. */
async function reach(host: ResolvedHost, context: Ssh2Context, signal: AbortSignal, depth: number): Promise<Way> {
  const where = nameOf(host);
  if (host.proxyCommand !== null) {
    const proxy = spawnProxyCommand(host);
    return {
      stream: proxy.stream,
      end: () => proxy.kill(),
      failure: async () => {
        const why = await Promise.race([proxy.ended, context.io.sleep(500).then(() => null)]);
        if (why === null) return null;
        const message = `cannot reach ${where}: the ProxyCommand of "${host.alias}" ended (${context.io.redact(why)})`;
        return sshError('JUMP', { message, hint: 'run the ProxyCommand of your ssh configuration by hand to see why', retryable: true });
      },
    };
  }
  if (host.proxyJump.length > 0) {
    const { via, hop } = await openHop(host, context, signal, depth);
    try {
      const stream = await new Promise<Duplex>((resolve, reject) => {
        via.client.forwardOut('127.0.0.1', 0, host.hostName, host.port, (error, channel) => (error ? reject(error) : resolve(channel)));
      });
      return { stream, end: () => via.end(), failure: () => Promise.resolve(null) };
    } catch (error) {
      via.end();
      throw jumpFailed(
        hop,
        where,
        sshError('FORWARD', {
          message: `it cannot reach ${host.hostName}:${host.port}: ${messageOf(error)}`,
          retryable: true,
          cause: error,
        }),
      );
    }
  }
  const timeoutMs = timeoutOf(host, context);
  const socket = net.connect({ host: host.hostName, port: host.port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    const fail = (error: unknown) => {
      finish();
      socket.destroy();
      reject(error);
    };
    const abort = () => fail(signal.reason);
    const timer = setTimeout(() => fail(timedOut(where, timeoutMs)), timeoutMs);
    const onError = (error: NodeJS.ErrnoException) => fail(fromSocketError(error, where, timeoutMs));
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.off('error', onError);
      socket.on('error', () => undefined);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', onError);
    socket.once('connect', () => {
      finish();
      resolve();
    });
  });
  return { stream: socket, end: () => socket.destroy(), failure: () => Promise.resolve(null) };
}

/** The last jump host, reached by those before it; without any before it, by what its own configuration says. */
async function openHop(host: ResolvedHost, context: Ssh2Context, signal: AbortSignal, depth: number) {
  const hop = host.proxyJump.at(-1) as string;
  try {
    const resolved = await context.resolve(parseTarget(hop));
    const before = host.proxyJump.slice(0, -1);
    const via = await connectSsh2(
      before.length > 0 ? { ...resolved, proxyJump: before, proxyCommand: null } : resolved,
      context,
      signal,
      'jump',
      depth + 1,
    );
    return { via, hop };
  } catch (error) {
    if (signal.aborted) throw error;
    throw jumpFailed(hop, nameOf(host), error);
  }
}

const timeoutOf = (host: ResolvedHost, { options }: Ssh2Context) => options.connectTimeoutMs ?? host.connectTimeoutMs ?? 15_000;

function keysFor(host: ResolvedHost, context: Ssh2Context, role: 'target' | 'jump'): Promise<KeyRing> {
  const { options, ssh2, io, asker } = context;
  const named = role === 'target' ? (options.identities ?? []) : [];
  const rentedKey = options.hostKeys.kind === 'machine' && named.length > 0;
  const agentSocket = host.identityAgent === undefined ? context.agentSocket : host.identityAgent;
  return gatherKeys({
    ssh2,
    io,
    asker,
    files: rentedKey ? [] : host.identityFiles,
    named,
    agentSocket,
    // A machine made with a key of its own takes that key; others only use up the tries that it allows.
    identitiesOnly: host.identitiesOnly || rentedKey,
  });
}

interface LogIn {
  host: ResolvedHost;
  where: string;
  context: Ssh2Context;
  signal: AbortSignal;
  hostKeys: HostKeys;
  algorithms: string[];
  keys: KeyRing;
  way: Way;
}

async function logIn({ host, where, context, signal, hostKeys, algorithms, keys, way }: LogIn): Promise<Ssh2Connection> {
  const { ssh2, io, options } = context;
  const client = new ssh2.Client();
  let refusedKey: BenchError | null = null;
  const clock = patience(timeoutOf(host, context) * 2);
  const authentication = new Authentication({ host, where, asker: context.asker, keys, clock });
  const keepAlive = options.keepAlive ?? { intervalMs: 15_000, countMax: 8 };
  const config: ConnectConfig = {
    sock: way.stream,
    username: host.user,
    readyTimeout: 0,
    keepaliveInterval: keepAlive.intervalMs,
    keepaliveCountMax: keepAlive.countMax,
    ...(algorithms.length > 0 ? { algorithms: { serverHostKey: supported(algorithms) } } : {}),
    hostVerifier: (key: Buffer, verify: (ok: boolean) => void) => {
      hostKeys.check(key).then(
        (problem) => {
          refusedKey = problem;
          verify(problem === null);
        },
        (error: unknown) => {
          refusedKey = sshError('HOST_KEY', { message: `${where}: the host key could not be checked: ${messageOf(error)}`, cause: error });
          verify(false);
        },
      );
    },
    authHandler: ((left: AuthenticationType[] | null, partial: boolean | null, tryMethod: (method: AnyAuthMethod | false) => void) => {
      authentication.next(left, partial === true).then(tryMethod, () => tryMethod(false));
    }) as unknown as NonNullable<ConnectConfig['authHandler']>,
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (error: unknown) => reject(error);
      signal.addEventListener('abort', () => fail(signal.reason), { once: true });
      clock.expired.then(() => fail(timedOut(where, timeoutOf(host, context) * 2)), fail);
      client.once('ready', resolve);
      client.on('error', (error: Error & { level?: string }) => {
        // A key that could not be used; the next one is tried.
        if (error.level !== 'agent') fail(error);
      });
      client.once('close', () => fail(closedEarly(where)));
      if (algorithms.length > 0 && supported(algorithms).length === 0) {
        return fail(
          sshError('HOST_KEY', {
            message: `${where}: its known host key (${algorithms.join(', ')}) is of a kind that only the ssh program can check`,
            hint: 'use the system transport',
          }),
        );
      }
      client.connect(config);
    });
  } catch (error) {
    client.end();
    client.destroy();
    if (signal.aborted) throw signal.reason;
    if (refusedKey !== null) throw refusedKey as BenchError;
    throw (await way.failure()) ?? (await explain(error, { where, hostKeys, algorithms, authentication }));
  } finally {
    clock.stop();
  }
  client.setNoDelay(true);
  io.logger.log('debug', `${where}: connected`);
  return {
    client,
    end: () => {
      client.end();
      way.end();
    },
  };
}

/** What ssh2 can check, of the algorithms wanted. */
function supported(algorithms: readonly string[]) {
  const own = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-512', 'rsa-sha2-256'] as const;
  return own.filter((name) => algorithms.includes(name)).toSorted((a, b) => algorithms.indexOf(a) - algorithms.indexOf(b));
}

async function explain(
  error: unknown,
  about: { where: string; hostKeys: HostKeys; algorithms: string[]; authentication: Authentication },
): Promise<BenchError> {
  if (BenchError.is(error)) return error;
  const { where, hostKeys, algorithms, authentication } = about;
  const { level, message } = error as Error & { level?: string };
  if (level === 'client-authentication' || /too many authentication failures/i.test(message)) return authentication.error(error);
  if (level === 'client-timeout') return lost(where, error);
  if (/no matching host key format/i.test(message)) {
    const entry = (await hostKeys.entries()).find((one) => one.marker === null && namesHost(one, hostKeys.name));
    if (algorithms.length > 0) return noKnownKind(where, hostKeys.name, entry, error);
  }
  if (/^Connection lost before handshake|ECONNRESET|EPIPE|socket/i.test(message) || level === 'client-socket')
    return closedEarly(where, error);
  return sshError('HANDSHAKE', {
    message: `${where}: the SSH handshake failed: ${message}`,
    hint: 'the server may want algorithms that this client lacks, or not be an SSH server; the system transport uses your ssh program instead',
    cause: error,
  });
}
