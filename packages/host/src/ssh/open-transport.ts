import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { askOnce } from './ask-once.ts';
import { sshError } from './errors.ts';
import { expandHome } from './expand.ts';
import { hostKeysFor, type KeyMemory } from './host-keys.ts';
import { managedTransport } from './managed-transport.ts';
import { hasOpenSsh, needsOpenSsh } from './needs-openssh.ts';
import { makePrivateFolder } from './private-folder.ts';
import { resolveHost, type ResolvedHost, type ResolveOptions } from './resolve-host.ts';
import { nameOf } from './ssh2-connect.ts';
import { ssh2Link } from './ssh2-link.ts';
import { systemLink } from './system-link.ts';
import { parseTarget, type SshTarget } from './target.ts';
import type { SshOptions, SshTransport } from './transport.ts';

/**
 * Resolves a target and makes the transport for it; connects on first use.
 * @throws BenchError `BENCH_SSH_TARGET`, `BENCH_SSH_CONFIG`, `BENCH_SSH_CLIENT` when the ssh program is needed and is not there.
 */
export async function openTransport(target: string, given: SshOptions): Promise<SshTransport> {
  const { io } = given;
  const home = given.home ?? homedir();
  const options: SshOptions = { ...given, identities: (given.identities ?? []).map((path) => expandHome(path, home)) };
  const parsed = parseTarget(target);
  const resolveOptions = resolving(options);
  const context = {
    io,
    options,
    asker: askOnce(options.ask),
    agentSocket: options.agentSocket === undefined ? (io.secrets.get('SSH_AUTH_SOCK') ?? null) : options.agentSocket,
    resolve: (one: SshTarget) => resolveHost(one, resolveOptions),
  };
  const host = await context.resolve(options.port === undefined ? parsed : { ...parsed, port: options.port });
  const name = nameOf(host);
  if ((await choose(host, options, context.resolve)) === 'system') {
    let folder: Promise<string> | null = null;
    let generation = 0;
    return managedTransport({
      kind: 'system',
      name,
      io,
      // sshd's own default: a refusal costs this client a process.
      initialLimit: 10,
      connect: async (signal) => {
        folder ??= makePrivateFolder();
        generation += 1;
        return systemLink(host, { ...context, folder: await folder, include: includedFiles(options) }, generation, signal);
      },
      cleanUp: async () => {
        if (folder) await rm(await folder, { recursive: true, force: true });
      },
    });
  }
  const memory: KeyMemory = [];
  return managedTransport({
    kind: 'ssh2',
    name,
    io,
    initialLimit: Number.POSITIVE_INFINITY,
    connect: async (signal) => {
      const { default: ssh2 } = await import('ssh2');
      return ssh2Link(host, { ...context, ssh2, memory }, signal);
    },
  });
}

async function choose(
  host: ResolvedHost,
  options: SshOptions,
  resolve: (one: SshTarget) => Promise<ResolvedHost>,
): Promise<SshTransport['kind']> {
  const { io, transport = 'auto' } = options;
  if (transport === 'ssh2') return 'ssh2';
  if (transport === 'auto') {
    const reason = await reasonForOpenSsh(host, options, resolve);
    if (reason === null) return 'ssh2';
    if (await hasOpenSsh()) {
      io.logger.log('debug', `${nameOf(host)}: using the system's ssh, because of ${reason}`);
      return 'system';
    }
    io.logger.log('warn', `${nameOf(host)}: ${reason} needs the ssh program, which is not installed; trying without`);
    return 'ssh2';
  }
  if (await hasOpenSsh()) return 'system';
  throw sshError('CLIENT', {
    message: "the system's ssh was asked for, and there is no ssh program here",
    hint: 'install the OpenSSH client',
  });
}

/** What the target, or a jump host on the way to it, needs. */
async function reasonForOpenSsh(
  host: ResolvedHost,
  options: SshOptions,
  resolve: (one: SshTarget) => Promise<ResolvedHost>,
): Promise<string | null> {
  const { io } = options;
  const keysOf = (one: ResolvedHost, role: 'target' | 'jump') => hostKeysFor(one, { io, policy: options.hostKeys, memory: [] }, role);
  const own = await needsOpenSsh(host, keysOf(host, 'target'), options.identities ?? [], io);
  if (own !== null) return own;
  for (const hop of host.proxyJump) {
    const resolved = await resolve(parseTarget(hop));
    const reason = await needsOpenSsh(resolved, keysOf(resolved, 'jump'), [], io);
    if (reason !== null) return reason;
  }
  return null;
}

/** A rented machine is not the user's host: the user's configuration says nothing about it. */
function resolving(options: SshOptions): ResolveOptions {
  const configFile = options.configFile ?? (options.hostKeys.kind === 'machine' ? null : undefined);
  return {
    home: options.home ?? homedir(),
    warn: (message) => options.io.logger.log('warn', message),
    environment: (name) => options.io.secrets.get(name),
    ...(configFile === undefined ? {} : { configFile }),
  };
}

function includedFiles(options: SshOptions): string[] {
  if (options.configFile !== undefined) return [options.configFile];
  if (options.hostKeys.kind === 'machine') return [];
  return [join(options.home ?? homedir(), '.ssh', 'config'), '/etc/ssh/ssh_config'];
}
