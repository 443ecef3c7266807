import { stat } from 'node:fs/promises';
import type { Io } from '@bench/core';
import { execa } from 'execa';
import type { HostKeys } from './host-keys.ts';
import { readKeyFile } from './key-files.ts';
import { typeOfKey } from './known-hosts.ts';
import type { ResolvedHost } from './resolve-host.ts';

/** Whether the ssh program is installed. */
export async function hasOpenSsh(): Promise<boolean> {
  const result = await execa('ssh', ['-V'], { reject: false, stdin: 'ignore', timeout: 10_000 });
  return result.exitCode === 0;
}

/** Why this host needs the ssh program itself; null: ssh2 will do. */
export async function needsOpenSsh(host: ResolvedHost, hostKeys: HostKeys, identities: readonly string[], io: Io): Promise<string | null> {
  if (host.special.includes('pkcs11')) return 'PKCS11Provider';
  if (host.special.includes('fdpass')) return 'ProxyUseFdpass';
  // Debian turns GSSAPI on for every host; it can only work with a ticket.
  if (host.special.includes('gssapi') && (await hasTicket(host, io))) return 'a Kerberos ticket (GSSAPI)';
  if (await hostKeys.hasAuthority()) return 'a certificate authority in known_hosts';
  for (const path of host.certificateFiles) if (await exists(path)) return `the certificate ${path}`;
  for (const path of [...identities, ...host.identityFiles]) {
    if ((await exists(`${path}-cert.pub`)) && (await exists(path))) return `the certificate ${path}-cert.pub`;
    const key = await readKeyFile(path);
    if (key?.publicKey && typeOfKey(key.publicKey).startsWith('sk-')) return `the security key ${path}`;
  }
  return null;
}

async function hasTicket(host: ResolvedHost, io: Io): Promise<boolean> {
  return io.secrets.get('KRB5CCNAME') !== undefined || (await exists(`/tmp/krb5cc_${host.tokens.i}`));
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
