import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BenchError, Io } from '@bench/core';
import { sshError } from './errors.ts';
import {
  fingerprint,
  hostKeyAlgorithms,
  hostKeyName,
  judgeHostKey,
  knownHostLine,
  knownKeyTypes,
  namesHost,
  parseKnownHosts,
  typeOfKey,
  type KnownHost,
} from './known-hosts.ts';
import type { ResolvedHost } from './resolve-host.ts';
import type { SshOptions } from './transport.ts';

/** Keys that were accepted where there is no file to remember them in; one for a transport. */
export type KeyMemory = KnownHost[];

/** What is known of one host's key, and what to do about it. */
export interface HostKeys {
  /** The name it is filed under. */
  readonly name: string;
  /** Read for it, in order; the first one is written when `writes`. */
  readonly files: readonly string[];
  /** Where a new key goes; null: into memory. */
  readonly newKeysFile: string | null;
  /** May an unknown key be accepted? */
  readonly acceptNew: boolean;
  entries(): Promise<KnownHost[]>;
  /** Algorithms to ask for, because the host is known by keys of these; empty: any. */
  algorithms(): Promise<string[]>;
  /** True when a certificate authority vouches for this host, which only OpenSSH can check. */
  hasAuthority(): Promise<boolean>;
  /** Null: go on. The key has then been remembered if it was new. */
  check(key: Buffer): Promise<BenchError | null>;
}

export interface HostKeysOptions {
  io: Io;
  policy: SshOptions['hostKeys'];
  memory: KeyMemory;
}

/** Host keys of the target, or of a jump host: a rented machine's jump host is the user's, not the machine. */
export function hostKeysFor(host: ResolvedHost, options: HostKeysOptions, role: 'target' | 'jump'): HostKeys {
  const { io, policy, memory } = options;
  const rented = policy.kind === 'machine' && role === 'target';
  const name = rented ? policy.id : (host.hostKeyAlias ?? hostKeyName(host.hostName, host.port));
  // As ssh does: a key filed under the bare name is good for any port of that host.
  const names: [string, ...string[]] =
    rented || host.hostKeyAlias !== null || host.port === 22 ? [name] : [name, hostKeyName(host.hostName, 22)];
  const newKeysFile = rented ? policy.file : policy.kind === 'user' ? (policy.runFile ?? null) : null;
  const files = rented
    ? [policy.file]
    : [...(newKeysFile === null ? [] : [newKeysFile]), ...host.userKnownHostsFiles, ...host.globalKnownHostsFiles];
  const acceptNew = rented || host.strictHostKeyChecking !== 'yes';
  const where = `${host.user}@${host.hostName}:${host.port}`;

  const entries = async () => {
    const read = await Promise.all(files.map(async (file) => parseKnownHosts(await readFile(file, 'utf8').catch(() => ''), file)));
    return [...memory, ...read.flat()];
  };
  return {
    name,
    files,
    newKeysFile,
    acceptNew,
    entries,
    algorithms: async () => hostKeyAlgorithms(knownKeyTypes(await entries(), names)),
    hasAuthority: async () => (await entries()).some((entry) => entry.marker === 'cert-authority' && namesHost(entry, name)),
    async check(key) {
      const judged = judgeHostKey(await entries(), names, key);
      switch (judged.verdict) {
        case 'known':
          return null;
        case 'revoked':
          return revokedKey(where, judged.entry, key);
        case 'changed':
          return changedKey(where, name, judged.entry, key);
        default:
      }
      if (!acceptNew) return unknownKey(where, key);
      if (newKeysFile === null) memory.push({ file: 'memory', line: 0, marker: null, hosts: name, keyType: typeOfKey(key), key });
      else {
        await mkdir(dirname(newKeysFile), { recursive: true });
        await appendFile(newKeysFile, knownHostLine(name, key), { mode: 0o600 });
      }
      sayAccepted(io, where, name, key, rented);
      return null;
    },
  };
}

/** Shown once, when a key is first seen: a person can compare it with the machine's own `ssh-keygen -lf`. */
export function sayAccepted(io: Io, where: string, name: string, key: Buffer, rented: boolean): void {
  const shown = `${typeOfKey(key)} ${fingerprint(key)}`;
  io.logger.log(rented ? 'info' : 'warn', `${where}: host key seen for the first time and accepted for this run: ${shown}`, {
    host: name,
    fingerprint: fingerprint(key),
  });
}

export function changedKey(
  where: string,
  name: string,
  entry: { file: string; line: number; keyType?: string },
  key: Buffer | null,
): BenchError {
  const shown = key === null ? '' : `; it now shows ${typeOfKey(key)} ${fingerprint(key)}`;
  const inMemory = entry.file === 'memory';
  return sshError('HOST_KEY', {
    message: `${where}: the host key is not the one that was known${inMemory ? ' since this run began' : ` (${entry.file}:${entry.line})`}${shown}`,
    hint: inMemory
      ? 'the machine was replaced, or someone is in between; nothing was sent to it'
      : `nothing was sent to it. If the machine was replaced, and only then: ssh-keygen -R '${name}' -f '${entry.file}'`,
    details: { name, file: entry.file, line: entry.line, ...(key ? { fingerprint: fingerprint(key) } : {}) },
  });
}

export function revokedKey(where: string, entry: { file: string; line: number } | null, key: Buffer | null): BenchError {
  return sshError('HOST_KEY', {
    message: `${where}: the host shows a key that was revoked${entry ? ` (${entry.file}:${entry.line})` : ''}${key ? `: ${fingerprint(key)}` : ''}`,
    hint: 'do not connect to it; ask whoever runs the machine',
  });
}

export function unknownKey(where: string, key: Buffer | null): BenchError {
  return sshError('HOST_KEY', {
    message: `${where}: the host key is not known, and your ssh configuration wants it to be (StrictHostKeyChecking yes)${key ? `: ${typeOfKey(key)} ${fingerprint(key)}` : ''}`,
    hint: 'compare the fingerprint, then add the key to your known_hosts: connect once by hand with ssh',
  });
}

/** The server has none of the kinds of key that it is known by. */
export function noKnownKind(where: string, name: string, entry: KnownHost | undefined, cause: unknown): BenchError {
  return sshError('HOST_KEY', {
    message: `${where}: the server has no host key of the kind it is known by${entry ? ` (${entry.keyType}, ${entry.file}:${entry.line})` : ''}`,
    hint: `if the machine was replaced, and only then: ssh-keygen -R '${name}'${entry ? ` -f '${entry.file}'` : ''}`,
    details: { name },
    cause,
  });
}
