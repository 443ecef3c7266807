import { sshError } from './errors.ts';

/** What a target says itself; the configuration adds the rest. */
export interface SshTarget {
  user?: string;
  /** A host name, an address, or an alias of ssh_config. */
  host: string;
  port?: number;
}

/**
 * Reads `host`, `user@host:port`, `[v6]:port`, `ssh://user@host:port`.
 * @throws BenchError `BENCH_SSH_TARGET`, also for what could be read as an option or as shell text: it may end up in a ProxyCommand.
 */
export function parseTarget(text: string): SshTarget {
  const bare = text.startsWith('ssh://') ? text.slice(6).replace(/\/$/, '') : text;
  const at = bare.lastIndexOf('@');
  const user = at < 0 ? undefined : bare.slice(0, at);
  const rest = bare.slice(at + 1);
  const [host, port] = splitPort(rest, text);
  if (user !== undefined && !isSafeUser(user)) throw bad(text, `"${user}" cannot be a user name`);
  if (!isSafeHost(host)) throw bad(text, host === '' ? 'it names no host' : `"${host}" cannot be a host name`);
  return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}

/** Letters, digits and `._:%-`, not first a `-`: no option, no pattern, no shell text. */
export function isSafeHost(host: string): boolean {
  return /^[\p{L}\p{N}_.:][\p{L}\p{N}_.:%-]*$/u.test(host);
}

export function isSafeUser(user: string): boolean {
  return /^[\p{L}\p{N}_.+@$][\p{L}\p{N}_.+@$\\-]*$/u.test(user) && !user.endsWith('\\') && !/\$[({\w]/.test(user);
}

/** For people and as a name: `user@host:port`. */
export function formatTarget(target: { user?: string; host: string; port?: number }): string {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  return `${target.user === undefined ? '' : `${target.user}@`}${host}${target.port === undefined ? '' : `:${target.port}`}`;
}

function splitPort(rest: string, text: string): [host: string, port: number | undefined] {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(rest);
  if (bracketed) return [bracketed[1] ?? '', portOf(bracketed[2], text)];
  const colon = rest.indexOf(':');
  // Two colons and no brackets: an IPv6 address without a port.
  if (colon < 0 || rest.includes(':', colon + 1)) return [rest, undefined];
  return [rest.slice(0, colon), portOf(rest.slice(colon + 1), text)];
}

function portOf(port: string | undefined, text: string): number | undefined {
  if (port === undefined) return undefined;
  const value = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (value < 1 || value > 65_535) throw bad(text, `"${port}" is no port`);
  return value;
}

function bad(text: string, why: string) {
  return sshError('TARGET', {
    message: `cannot connect to "${text}": ${why}`,
    hint: 'a target is host, user@host:port, [IPv6]:port, or a Host of ~/.ssh/config',
  });
}
