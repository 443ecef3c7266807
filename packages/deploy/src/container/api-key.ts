import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { type Io, writeAtomic } from '@bench/core';

/** A new key, on disk before anything is rented with it. Masked from now on, and by its looks everywhere else. */
export async function newKey(path: string, io: Pick<Io, 'secrets'>): Promise<string> {
  const key = `sk-bench-${randomBytes(24).toString('hex')}`;
  io.secrets.mask(key);
  await writeAtomic(path, key, 0o600);
  return key;
}

/** The key of a deployment that another process made; null: it is not there. */
export async function keptKey(path: string, io: Pick<Io, 'secrets'>): Promise<string | null> {
  const key = await readFile(path, 'utf8').catch(() => '');
  if (key === '') return null;
  io.secrets.mask(key);
  return key;
}

/** Removes the key of a deployment that is no more. */
export async function removeKey(path: string): Promise<void> {
  await rm(path, { force: true });
}
