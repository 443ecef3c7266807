import { resolve } from 'node:path';
import type { HostAccess } from './context.ts';

/** Flags of whatever reaches hosts. */
export interface SshFlags {
  sshKey?: string[] | undefined;
  sshTransport?: 'auto' | 'ssh2' | 'system' | undefined;
}

/** How hosts are reached, as the flags say. */
export function sshAccess({ sshKey = [], sshTransport }: SshFlags): NonNullable<HostAccess['ssh']> {
  return {
    ...(sshKey.length > 0 ? { identities: sshKey.map((path) => resolve(path)) } : {}),
    ...(sshTransport === undefined ? {} : { transport: sshTransport }),
  };
}
