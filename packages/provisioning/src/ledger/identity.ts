import { randomBytes, randomInt } from 'node:crypto';
import { chmod, link, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { BenchError, EXIT, type Io, syncFolder, writeAtomic, writeSynced } from '@bench/core';
import { generateKeyPair } from '@bench/host';
import { type Computer, homeHere, isCopied, readHome, writeHome } from './home.ts';
import { withLock } from './lock.ts';

const OWNER_LENGTH = 12;
const OWNER = /^[a-z0-9]{12}$/;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/**
 * Who this ledger's machines belong to: made once, whoever comes first.
 * @param former from what else the ledger knows, when the file was lost
 */
async function ownerOf(dir: string, former: string | null): Promise<string> {
  const path = join(dir, 'owner');
  const owner = (await readOnce(path, () => `${former ?? newOwner()}\n`, 0o600)).trim();
  if (OWNER.test(owner)) return owner;
  throw new BenchError({
    code: 'BENCH_LEDGER_DAMAGED',
    message: `${path} holds no owner id (12 characters of a-z and 0-9)`,
    hint: 'put it back as it was: the names and labels of your machines carry it. Deleted, it is restored from ledger.jsonl if that has any machine',
    exitCode: EXIT.missingPart,
  });
}

const newOwner = () => Array.from({ length: OWNER_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');

/**
 * Binds the ledger to this computer. One that was copied here gets a new owner: else each of the two would end the other's machines.
 * @param o.former of the ledger's last machine
 * @returns `copiedFrom`: whose it was until now; null: it is at home here
 */
export async function settle(o: {
  dir: string;
  io: Io;
  computer: Computer;
  former: string | null;
}): Promise<{ owner: string; copiedFrom: string | null }> {
  const { dir, io, computer, former } = o;
  const look = async () => {
    const [home, here] = await Promise.all([readHome(dir), homeHere(dir, computer)]);
    return { home, here, copied: home !== null && isCopied(home, here, computer) };
  };
  const { home, here, copied } = await look();
  if (copied) return await withLock(join(dir, 'lock'), io, moveIn);
  const owner = await ownerOf(dir, home?.owner ?? former);
  // A folder that is shared stays at home where it was.
  const shared = home !== null && home.owner === owner && home.machineId !== here.machineId;
  // A disk that is full now is no reason not to end machines.
  if (!shared && !isDeepStrictEqual(home, { ...here, owner })) await writeHome(dir, { ...here, owner }).catch(() => undefined);
  return { owner, copiedFrom: null };

  async function moveIn(): Promise<{ owner: string; copiedFrom: string | null }> {
    const now = await look();
    const before = await ownerOf(dir, now.home?.owner ?? former);
    // Another process may have come first.
    if (!now.copied) return { owner: before, copiedFrom: null };
    const made = newOwner();
    // The owner first: a crash between the two makes another new one, and nothing was rented with this one.
    await writeAtomic(join(dir, 'owner'), `${made}\n`, 0o600);
    await writeHome(dir, { ...now.here, owner: made });
    return { owner: made, copiedFrom: before };
  }
}

/** The key pair for rented machines: made once. The private key is the one that counts; the public one is written anew from it. */
export async function keyOf(dir: string, owner: string): Promise<{ publicKey: string; privateKeyPath: string }> {
  const privateKeyPath = join(dir, 'id_ed25519');
  const comment = `bench-${owner}`;
  const text = await readOnce(privateKeyPath, () => generateKeyPair({ comment }).privateKey, 0o600);
  // OpenSSH takes no key that others may read; a copied folder may have lost that.
  await chmod(privateKeyPath, 0o600);
  const publicKey = `${publicKeyIn(text, privateKeyPath)} ${comment}`;
  await readOnce(`${privateKeyPath}.pub`, () => `${publicKey}\n`, 0o644);
  return { publicKey, privateKeyPath };
}

/** What the file holds; when there is none, what `make` gives, for everyone who comes at the same time. */
async function readOnce(path: string, make: () => string, mode: number): Promise<string> {
  const found = await readFile(path, 'utf8').catch(ifMissing);
  if (found !== null) return found;
  const own = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    await writeSynced(own, make(), { flag: 'wx', mode });
    await link(own, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(own, { force: true });
  }
  await syncFolder(join(path, '..'));
  return await readFile(path, 'utf8');
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

/** `ssh-ed25519 BASE64` of a private key without a passphrase; PROTOCOL.key of OpenSSH has the public part in clear. */
function publicKeyIn(privateKey: string, path: string): string {
  const bytes = Buffer.from(privateKey.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  try {
    let at = 'openssh-key-v1\0'.length;
    for (let skipped = 0; skipped < 3; skipped++) at += 4 + bytes.readUInt32BE(at); // cipher, derivation, its options
    at += 4; // number of keys
    const key = bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at));
    const type = key.subarray(4, 4 + key.readUInt32BE(0)).toString();
    if (type === 'ssh-ed25519') return `${type} ${key.toString('base64')}`;
  } catch {
    // Too short; told below.
  }
  throw new BenchError({
    code: 'BENCH_LEDGER_DAMAGED',
    message: `${path} is no ed25519 key of OpenSSH`,
    hint: 'delete it when no machine is rented (bench ledger): a new one is made',
    exitCode: EXIT.missingPart,
  });
}
