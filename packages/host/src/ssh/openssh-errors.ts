import type { BenchError } from '@bench/core';
import { authError } from './auth-error.ts';
import { closedEarly, jumpFailed, nameNotFound, refused, sshError, timedOut, unreachable } from './errors.ts';
import { changedKey, noKnownKind, revokedKey, unknownKey } from './host-keys.ts';

export interface OpenSshFailure {
  /** What ssh logged at `debug1`. */
  log: string;
  /** What its helpers said: jump hosts, proxy command. */
  helpers: string;
  /** `user@host:port`. */
  where: string;
  hostName: string;
  /** Name of the host's key in known_hosts. */
  keyName: string;
  proxyJump: readonly string[];
  hasProxyCommand: boolean;
  connectTimeoutMs: number;
  /** Was it asked to show a key of a known kind only? */
  keyKindsFixed: boolean;
}

/** What the words of OpenSSH's client mean (messages of ssh 7 to 10). */
export function fromOpenSsh(failure: OpenSshFailure): BenchError {
  const { log, helpers, where, proxyJump, hasProxyCommand } = failure;
  const viaOthers = proxyJump.length > 0 || hasProxyCommand;
  const own = explainText(log, failure);
  if (viaOthers && (own === null || own.code === 'BENCH_SSH_REFUSED') && helpers.trim() !== '') {
    if (hasProxyCommand) {
      return sshError('JUMP', {
        message: `cannot reach ${where}: the ProxyCommand ended (${lastLine(helpers)})`,
        hint: 'run the ProxyCommand of your ssh configuration by hand to see why',
        retryable: true,
      });
    }
    const hop = hopNamedIn(helpers, proxyJump);
    const cannotReach = /open failed: (.*)/.exec(helpers);
    const cause = cannotReach
      ? sshError('FORWARD', { message: `it cannot reach ${failure.hostName}: ${cannotReach[1]?.trim()}`, retryable: true })
      : explainText(helpers, { ...failure, where: hop, proxyJump: [], keyName: keyNameIn(helpers) ?? hop, keyKindsFixed: false });
    return jumpFailed(hop, where, cause ?? sshError('REFUSED', { message: lastLine(helpers) }));
  }
  return (
    own ?? sshError('HANDSHAKE', { message: `${where}: ssh could not connect: ${lastLine(log) || lastLine(helpers) || 'it said nothing'}` })
  );
}

function explainText(text: string, failure: OpenSshFailure): BenchError | null {
  const { where, connectTimeoutMs, keyName } = failure;
  const has = (pattern: RegExp) => pattern.exec(text);
  if (has(/REVOKED HOST KEY DETECTED|is marked as revoked/)) return revokedKey(where, offendingIn(text), null);
  if (has(/HOST IDENTIFICATION HAS CHANGED/))
    return changedKey(where, keyName, offendingIn(text) ?? { file: 'known_hosts', line: 0 }, null);
  if (has(/no matching host key type found/) && failure.keyKindsFixed) return noKnownKind(where, keyName, undefined, lastLine(text));
  if (has(/you have requested strict checking|Host key verification failed/)) return unknownKey(where, null);
  if (has(/Could not resolve hostname/)) return nameNotFound(where, lastLine(text));
  if (has(/Too many authentication failures/)) return authError(where, triedIn(text), acceptedIn(text), true, lastLine(text));
  if (has(/Permission denied \(|Permission denied, please try again|No more authentication methods/)) {
    return authError(where, triedIn(text), acceptedIn(text), false, lastLine(text));
  }
  if (has(/Connection refused/)) return refused(where, lastLine(text));
  if (has(/timed out/i)) return timedOut(where, connectTimeoutMs, lastLine(text));
  const far = has(/(No route to host|Network is unreachable|Host is down|Operation not permitted)/);
  if (far) return unreachable(where, far[1] ?? '', lastLine(text));
  const handshake = has(
    /(Unable to negotiate[^\n]*|no matching [^\n]* found[^\n]*|Bad remote protocol version[^\n]*|banner line contains invalid[^\n]*)/i,
  );
  if (handshake) return sshError('HANDSHAKE', { message: `${where}: the SSH handshake failed: ${handshake[1]?.trim()}` });
  if (has(/Connection (closed|reset)|kex_exchange_identification|Broken pipe/)) return closedEarly(where, lastLine(text));
  return null;
}

function offendingIn(text: string): { file: string; line: number } | null {
  const found = /Offending (?:\S+ )?key (?:for IP )?in (.+):(\d+)/.exec(text) ?? /hostkeys_foreach|in (\/.+):(\d+)/.exec(text);
  return found?.[1] === undefined ? null : { file: found[1], line: Number(found[2]) };
}

/** `debug1: Offering public key: PATH ED25519 SHA256:… explicit agent`. */
function triedIn(text: string): string[] {
  const offered = [...text.matchAll(/Offering public key: (.+)/g)].map((found) => (found[1] as string).trim());
  const others = [...text.matchAll(/Next authentication method: (password|keyboard-interactive|gssapi\S*)/g)].map(
    (found) => found[1] as string,
  );
  const unusable = [...text.matchAll(/(?:Load key "([^"]+)": (.+)|Identity file (\S+) not accessible: (.+))/g)].map(
    (found) => `${found[1] ?? found[3]}: ${(found[2] ?? found[4] ?? '').trim()}`,
  );
  return [...new Set([...offered, ...unusable, ...others])];
}

function acceptedIn(text: string): string[] {
  const list = [...text.matchAll(/Authentications that can continue: (\S+)|Permission denied \(([^)]*)\)/g)].at(-1);
  return (list?.[1] ?? list?.[2] ?? '').split(',').filter(Boolean);
}

/** The hop whose address or name ssh's complaint holds; with several and none named, all. */
function hopNamedIn(text: string, hops: readonly string[]): string {
  const named = hops.find((hop) => {
    const bare = hop.replace(/^ssh:\/\//, '').replace(/^.*@/, '');
    const [host = bare, port] = bare.startsWith('[')
      ? [/^\[([^\]]*)\]/.exec(bare)?.[1] ?? bare, /\]:(\d+)/.exec(bare)?.[1]]
      : bare.split(':');
    return text.includes(host) && (port === undefined || text.includes(port));
  });
  return named ?? hops.join(',');
}

const keyNameIn = (text: string) => /Host key for (\S+) has changed/.exec(text)?.[1];

/** The last line that is meant for people. */
function lastLine(text: string): string {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^debug\d:|^Connection closed by UNKNOWN/.test(line));
  return lines.at(-1) ?? '';
}
