import { homedir, hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { readConfigFiles, type RawConfig } from './config-file.ts';
import { sshError } from './errors.ts';
import { expandHome, expandTokens, type Tokens } from './expand.ts';
import { formatTarget, isSafeHost, isSafeUser, parseTarget, type SshTarget } from './target.ts';

/** All that connecting to a host needs to know, from the target and the ssh configuration. Paths are absolute. */
export interface ResolvedHost {
  /** As typed. */
  alias: string;
  hostName: string;
  user: string;
  port: number;
  /** Key files to try; those that are not there count for nothing. */
  identityFiles: string[];
  /** Only `identityFiles`, though the agent has more. */
  identitiesOnly: boolean;
  /** Socket of the agent; null: none; undefined: the one of the environment. */
  identityAgent: string | null | undefined;
  certificateFiles: string[];
  /** `[user@]host[:port]`, nearest to here first. */
  proxyJump: string[];
  /** A line for `sh`, with its tokens still in it. */
  proxyCommand: string | null;
  userKnownHostsFiles: string[];
  globalKnownHostsFiles: string[];
  hostKeyAlias: string | null;
  strictHostKeyChecking: 'yes' | 'no' | 'ask' | 'accept-new';
  connectTimeoutMs: number | null;
  /** What only OpenSSH can do and the configuration asks for: `gssapi`, `pkcs11`, `fdpass`. */
  special: string[];
  tokens: Tokens;
}

export interface ResolveOptions {
  /** Instead of the user's and the system's file; null: no file at all. */
  configFile?: string | null;
  /** Default `os.homedir()`. */
  home?: string;
  /** Told about what is skipped. */
  warn: (message: string) => void;
  /** Names variables in `IdentityAgent $NAME`. */
  environment: (name: string) => string | undefined;
  /** For tests: do without OpenSSH. */
  ownParser?: boolean;
  signal?: AbortSignal;
}

const DEFAULT_IDENTITIES = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk', 'id_xmss', 'id_dsa'];

/**
 * Resolves a target by `ssh -G`, or without OpenSSH by our own reading of the same files.
 * @throws BenchError `BENCH_SSH_CONFIG`, `BENCH_SSH_TARGET`.
 */
export async function resolveHost(target: SshTarget, options: ResolveOptions): Promise<ResolvedHost> {
  const home = options.home ?? homedir();
  // ssh finds its files by the user database, not by HOME: another home must be told to it as a file.
  const file = options.configFile !== undefined ? options.configFile : home === homedir() ? undefined : join(home, '.ssh', 'config');
  const raw =
    (options.ownParser ? null : await askOpenSsh(target, file, options)) ??
    (await readConfigFiles(file === null ? [] : file === undefined ? [join(home, '.ssh', 'config'), '/etc/ssh/ssh_config'] : [file], {
      host: target.host,
      home,
      warn: options.warn,
    }));
  return finish(raw, target, home, options);
}

/** Null when there is no `ssh`. `Match exec` is OpenSSH's own affair: it runs what the user's configuration says, as every ssh would. */
async function askOpenSsh(target: SshTarget, file: string | null | undefined, options: ResolveOptions): Promise<RawConfig | null> {
  const args = ['-G'];
  if (file !== undefined) args.push('-F', file ?? 'none');
  if (target.port !== undefined) args.push('-p', String(target.port));
  if (target.user !== undefined) args.push('-l', target.user);
  const result = await execa('ssh', [...args, '--', target.host], {
    reject: false,
    stdin: 'ignore',
    timeout: 15_000,
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  });
  options.signal?.throwIfAborted();
  if (result.code === 'ENOENT') return null;
  if (result.exitCode !== 0) {
    // A file that -F names and that is not there is an error to ssh alone.
    if (file && /Can't open user config file/.test(result.stderr)) return new Map();
    throw sshError('CONFIG', {
      message: `the ssh configuration for "${target.host}" cannot be used: ${result.stderr.trim() || result.shortMessage}`,
      hint: `see what ssh says: ssh -G ${target.host}`,
    });
  }
  const config: RawConfig = new Map();
  for (const line of result.stdout.split('\n')) {
    const space = line.indexOf(' ');
    if (space < 0) continue;
    const name = line.slice(0, space).toLowerCase();
    config.set(name, [...(config.get(name) ?? []), line.slice(space + 1)]);
  }
  // ssh prints several paths on one line, unquoted.
  for (const name of ['userknownhostsfile', 'globalknownhostsfile']) {
    const value = config.get(name);
    if (value) config.set(name, value.flatMap((text) => text.split(' ')).filter(Boolean));
  }
  return config;
}

function finish(raw: RawConfig, target: SshTarget, home: string, options: ResolveOptions): ResolvedHost {
  const one = (name: string) => raw.get(name)?.[0];
  const unless = (value: string | undefined) => (value === undefined || value.toLowerCase() === 'none' ? null : value);
  const yes = (name: string) => /^(yes|true)$/i.test(one(name) ?? '');
  const local = userInfo().username;
  const user = target.user ?? one('user') ?? local;
  const port = target.port ?? Number(one('port') ?? 22);
  const hostName = (one('hostname') ?? target.host).replaceAll('%h', target.host).replaceAll('%%', '%');
  if (!isSafeHost(hostName)) throw sshError('TARGET', { message: `"${hostName}" cannot be a host name (HostName of "${target.host}")` });
  if (!isSafeUser(user)) throw sshError('TARGET', { message: `"${user}" cannot be a user name (User of "${target.host}")` });
  const alias = unless(one('hostkeyalias'));
  const jump = unless(one('proxyjump'));
  const tokens: Tokens = {
    d: home,
    h: hostName,
    n: target.host,
    p: String(port),
    r: user,
    u: local,
    i: String(process.getuid?.() ?? 0),
    k: alias ?? target.host,
    j: jump === null ? '' : (jump.split(',').at(-1) ?? ''),
    l: hostname(),
    L: hostname().split('.')[0] ?? '',
  };
  const path = (text: string) => expandTokens(expandHome(text, home), tokens);
  const paths = (name: string, fallback: string[]) => {
    const given = raw.get(name);
    if (given?.length === 1 && given[0]?.toLowerCase() === 'none') return [];
    return (given ?? fallback).map(path);
  };
  const timeout = unless(one('connecttimeout'));
  return {
    alias: target.host,
    hostName,
    user,
    port,
    identityFiles: paths(
      'identityfile',
      DEFAULT_IDENTITIES.map((name) => join('~/.ssh', name)),
    ),
    identitiesOnly: yes('identitiesonly'),
    identityAgent: agentOf(one('identityagent'), path, options.environment),
    certificateFiles: paths('certificatefile', []),
    proxyJump: jump === null ? [] : jump.split(',').map((hop) => formatTarget(parseTarget(hop.trim()))),
    proxyCommand: unless(one('proxycommand')),
    userKnownHostsFiles: paths('userknownhostsfile', ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']),
    globalKnownHostsFiles: paths('globalknownhostsfile', ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']),
    hostKeyAlias: alias,
    strictHostKeyChecking: strictness(one('stricthostkeychecking')),
    connectTimeoutMs: timeout === null || !(Number(timeout) > 0) ? null : Number(timeout) * 1000,
    special: [
      ...(yes('gssapiauthentication') ? ['gssapi'] : []),
      ...(unless(one('pkcs11provider')) === null ? [] : ['pkcs11']),
      ...(yes('proxyusefdpass') ? ['fdpass'] : []),
    ],
    tokens,
  };
}

function agentOf(
  value: string | undefined,
  path: (text: string) => string,
  environment: ResolveOptions['environment'],
): string | null | undefined {
  if (value === undefined || value === 'SSH_AUTH_SOCK') return undefined;
  if (value.toLowerCase() === 'none') return null;
  const variable = /^\$\{?(\w+)\}?$/.exec(value)?.[1];
  return variable === undefined ? path(value) : (environment(variable) ?? null);
}

function strictness(value: string | undefined): ResolvedHost['strictHostKeyChecking'] {
  switch (value?.toLowerCase()) {
    case 'yes':
    case 'true':
      return 'yes';
    case 'no':
    case 'off':
    case 'false':
      return 'no';
    case 'accept-new':
      return 'accept-new';
    default:
      return 'ask';
  }
}
