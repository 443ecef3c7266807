import { createHash, createHmac } from 'node:crypto';
import { globPattern } from './config-file.ts';

/** One entry of a known_hosts file, sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
export interface KnownHost {
  file: string;
  /** Counted from 1. */
  line: number;
  marker: 'revoked' | 'cert-authority' | null;
  /** Comma-separated patterns, or one hashed name `|1|salt|hash`. */
  hosts: string;
  keyType: string;
  /** The public key as on the wire. */
  key: Buffer;
}

/** Entries of one file; lines that are none are left out, as ssh does. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  const found: KnownHost[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const words = raw.trim().split(/\s+/);
    if (words[0] === undefined || words[0] === '' || words[0].startsWith('#')) continue;
    const marker = words[0].startsWith('@') ? words.shift()?.slice(1) : null;
    const [hosts, keyType, base64] = words;
    if (hosts === undefined || keyType === undefined || base64 === undefined) continue;
    if (marker !== null && marker !== 'revoked' && marker !== 'cert-authority') continue;
    const key = Buffer.from(base64, 'base64');
    if (typeOfKey(key) !== keyType) continue;
    found.push({ file, line: index + 1, marker, hosts, keyType, key });
  }
  return found;
}

/** The name under which a host's key is filed: a port other than 22 belongs to it. */
export function hostKeyName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

export function namesHost(entry: KnownHost, name: string): boolean {
  if (entry.hosts.startsWith('|')) return hashedNameMatches(entry.hosts, name);
  let found = false;
  for (const pattern of entry.hosts.split(',')) {
    const negated = pattern.startsWith('!');
    if (!globPattern(negated ? pattern.slice(1) : pattern, 'i').test(name)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

/** `|1|base64(salt)|base64(HMAC-SHA1(salt, name))`: hostfile.c of OpenSSH, `host_hash`. */
function hashedNameMatches(hashed: string, name: string): boolean {
  const [, version, salt, hash] = hashed.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

export type HostKeyVerdict =
  | { verdict: 'known' }
  | { verdict: 'unknown' }
  | { verdict: 'changed'; entry: KnownHost }
  | { verdict: 'revoked'; entry: KnownHost };

/**
 * What the entries say of a host that shows `key`. A key of a type that the host was never seen with, where another type is known, counts
 * as changed: we only ask for the types that are known, so an honest server has no reason to show another.
 * @param names the name it is filed under, and those under which a match counts too (the bare name of a host on another port).
 */
export function judgeHostKey(entries: readonly KnownHost[], names: readonly [string, ...string[]], key: Buffer): HostKeyVerdict {
  const of = (name: string) => entries.filter((entry) => namesHost(entry, name));
  const all = names.flatMap(of);
  const revoked = all.find((entry) => entry.marker === 'revoked' && entry.key.equals(key));
  if (revoked) return { verdict: 'revoked', entry: revoked };
  if (all.some((entry) => entry.marker === null && entry.key.equals(key))) return { verdict: 'known' };
  const filed = of(names[0]).filter((entry) => entry.marker === null);
  const entry = filed.find((other) => other.keyType === typeOfKey(key)) ?? filed[0];
  return entry ? { verdict: 'changed', entry } : { verdict: 'unknown' };
}

/** Key types that a host is known by. */
export function knownKeyTypes(entries: readonly KnownHost[], names: readonly string[]): string[] {
  for (const name of names) {
    const types = new Set(entries.filter((entry) => entry.marker === null && namesHost(entry, name)).map((entry) => entry.keyType));
    if (types.size > 0) return [...types];
  }
  return [];
}

/** Host key algorithms that show a key of one of `types`. RSA keys sign by SHA-2 only, RFC 8332. */
export function hostKeyAlgorithms(types: readonly string[]): string[] {
  return types.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type]));
}

/** `SHA256:…`, as ssh and ssh-keygen show it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a public key on the wire begins with: a string of RFC 4251. */
export function typeOfKey(key: Buffer): string {
  if (key.length < 4) return '';
  const length = key.readUInt32BE(0);
  return length > 64 ? '' : key.subarray(4, 4 + length).toString('latin1');
}

/** A line for a known_hosts file, with its newline. */
export function knownHostLine(name: string, key: Buffer): string {
  return `${name} ${typeOfKey(key)} ${key.toString('base64')}\n`;
}
