import { readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { bootId, machineId, writeAtomic } from '@bench/core';

/** The computer that a ledger is opened on; tests stand for others. */
export interface Computer {
  /** `/etc/machine-id`; null: it has none (macOS, most containers). */
  machineId: string | null;
  bootId: string | null;
  /** Is the ledger's folder one that several computers have (NFS and the like)? */
  sharesFolder: boolean;
}

/** Where a ledger is at home, as it stands in its file `home`. */
export interface Home {
  machineId: string | null;
  bootId: string | null;
  /** Inode of `ledger.jsonl`, which is never replaced: a copy has another one. */
  inode: string;
  owner: string;
}

/** Types of file systems that several computers mount, statfs(2): NFS, SMB, CIFS, Lustre, GPFS, BeeGFS, Ceph, AFS, FUSE, 9p, OCFS2, GFS2. */
const SHARED = new Set([
  0x6969, 0x517b, 0xfe534d42, 0xff534d42, 0x0bd00bd0, 0x47504653, 0x19830326, 0x00c36400, 0x5346414f, 0x65735546, 0x01021997, 0x7461636f,
  0x01161970,
]);

/** This computer, as it sees the folder. */
export async function thisComputer(dir: string): Promise<Computer> {
  const type = await statfs(dir).then(
    (found) => found.type >>> 0,
    () => null,
  );
  return { machineId: machineId(), bootId: bootId(), sharesFolder: type !== null && SHARED.has(type) };
}

/** Null: none was written, or it cannot be read. */
export async function readHome(dir: string): Promise<Home | null> {
  try {
    const home = JSON.parse(await readFile(join(dir, 'home'), 'utf8')) as Partial<Home> | null;
    if (typeof home?.inode !== 'string' || typeof home.owner !== 'string') return null;
    return { machineId: home.machineId ?? null, bootId: home.bootId ?? null, inode: home.inode, owner: home.owner };
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

export async function writeHome(dir: string, home: Home): Promise<void> {
  await writeAtomic(join(dir, 'home'), `${JSON.stringify(home)}\n`, 0o600);
}

/** What its home would be on this computer, but for the owner. */
export async function homeHere(dir: string, { machineId: machine, bootId: boot }: Computer): Promise<Omit<Home, 'owner'>> {
  const { ino } = await stat(join(dir, 'ledger.jsonl'), { bigint: true });
  return { machineId: machine, bootId: boot, inode: String(ino) };
}

/**
 * Is the folder a copy of one that is at home elsewhere? The same machine id: no, wherever the folder lies now. Other ids, or where one is not
 * known: no if it is the very same file, by a shared file system or in a container of the same boot. A copied disk image has the same inodes and,
 * as soon as it has an id of its own, is a copy. One that keeps the id of the first cannot be told from it after a restart, nor a copied folder
 * from one that was put back: give a clone its own id (`systemd-machine-id-setup`) before bench is used on it.
 */
export function isCopied(home: Home, here: Omit<Home, 'owner'>, { sharesFolder }: Computer): boolean {
  const known = home.machineId !== null && here.machineId !== null;
  if (known && home.machineId === here.machineId) return false;
  if (home.inode !== here.inode) return true;
  return known && !sharesFolder && (home.bootId === null || home.bootId !== here.bootId);
}
