import { sshError } from './errors.ts';
import type { HostKeys } from './host-keys.ts';
import type { ResolvedHost } from './resolve-host.ts';
import type { SshOptions } from './transport.ts';

/** One host as the configuration for the ssh program will name it. */
export interface ConfiguredHost {
  host: ResolvedHost;
  hostKeys: HostKeys;
  /** Algorithms of the kinds of key that the host is known by; empty: any. */
  algorithms: readonly string[];
}

export interface SystemConfigInput {
  options: SshOptions;
  /** The first known_hosts file of each host: ssh adds new keys to it. */
  newKeysFile: string;
  connectTimeoutMs: number;
  agentSocket: string | null;
  /** Files to include after ours: the user's own. */
  include: readonly string[];
}

/**
 * The ssh_config for the target. The first value that ssh reads wins, so ours come before the user's.
 * @param viaHop a program that leads to the target by way of its jump hosts.
 * @throws BenchError `BENCH_SSH_CONFIG` for a path that ssh_config cannot hold.
 */
export function targetConfig(target: ConfiguredHost, viaHop: string | null, input: SystemConfigInput): string {
  const { host, hostKeys } = target;
  const rented = input.options.hostKeys.kind === 'machine';
  const named = input.options.identities ?? [];
  return text([
    `Host ${host.alias}`,
    `HostName ${host.hostName.replaceAll('%', '%%')}`,
    `Port ${host.port}`,
    `User "${host.user}"`,
    ...(rented ? [`HostKeyAlias ${hostKeys.name}`, 'GlobalKnownHostsFile none'] : []),
    ...knownHosts(target, input),
    ...named.map((file) => `IdentityFile ${quotePath(file)}`),
    ...(rented && named.length > 0 ? ['IdentitiesOnly yes'] : host.identityFiles.map((file) => `IdentityFile ${quotePath(file)}`)),
    ...(viaHop === null ? [] : [`ProxyCommand ${viaHop.replaceAll('%', '%%')}`]),
    // What a user wants of a session of their own, and nobody of ours.
    'RemoteCommand none',
    'RequestTTY no',
    'ClearAllForwardings yes',
    ...forAll(input),
  ]);
}

/** The ssh_config by which the target's jump hosts are reached: a file of its own, since a hop may have the target's very name. */
export function hopsConfig(hops: readonly ConfiguredHost[], input: SystemConfigInput): string {
  return text([
    ...hops.flatMap((hop) => [`Host ${hop.host.alias}`, ...knownHosts(hop, input)]),
    ...forAll(input),
    // A hop of a hop, of which nothing was resolved.
    'Host *',
    'StrictHostKeyChecking accept-new',
  ]);
}

function knownHosts({ host, hostKeys, algorithms }: ConfiguredHost, input: SystemConfigInput): string[] {
  const others = hostKeys.files.filter((file) => file !== input.newKeysFile && !host.globalKnownHostsFiles.includes(file));
  const agent = host.identityAgent === undefined ? input.agentSocket : host.identityAgent;
  return [
    `UserKnownHostsFile ${[input.newKeysFile, ...others].map(quotePath).join(' ')}`,
    `StrictHostKeyChecking ${hostKeys.acceptNew ? 'accept-new' : 'yes'}`,
    ...(algorithms.length > 0 ? [`HostKeyAlgorithms ${algorithms.join(',')}`] : []),
    `IdentityAgent ${agent === null ? 'none' : quotePath(agent)}`,
  ];
}

function forAll(input: SystemConfigInput): string[] {
  const { options } = input;
  const keepAlive = options.keepAlive ?? { intervalMs: 15_000, countMax: 8 };
  return [
    'Host *',
    'ForwardAgent no',
    'ForwardX11 no',
    'PermitLocalCommand no',
    'UpdateHostKeys no',
    'HashKnownHosts no',
    'VisualHostKey no',
    'EscapeChar none',
    `BatchMode ${options.ask ? 'no' : 'yes'}`,
    'NumberOfPasswordPrompts 1',
    `ConnectTimeout ${Math.max(1, Math.ceil(input.connectTimeoutMs / 1000))}`,
    `ServerAliveInterval ${Math.max(1, Math.round(keepAlive.intervalMs / 1000))}`,
    `ServerAliveCountMax ${keepAlive.countMax}`,
    ...input.include.map((file) => `Include ${quotePath(file)}`),
  ];
}

const text = (lines: readonly string[]) => `${lines.join('\n')}\n`;

/** A path as one word of ssh_config: quoted, its `%` no token. */
function quotePath(path: string): string {
  if (/["\n\r]|\$\{/.test(path)) {
    throw sshError('CONFIG', {
      message: `ssh cannot be given the path ${JSON.stringify(path)}: it holds a quote, a line end or a variable`,
      hint: 'use another path',
    });
  }
  return `"${path.replaceAll('%', '%%')}"`;
}
