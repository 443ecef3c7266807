import { readFile } from 'node:fs/promises';
import { cpus, homedir, hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { hashOf, machineId, makeFolder, writeAtomic } from '@bench/core';
import type { DatedSelfcheck, Selfcheck } from '@bench/loadgen/selfcheck';
import { CLI_VERSION } from './version.ts';

/**
 * `$XDG_CACHE_HOME/bench/selfcheck/<key>.json`, by default below `~/.cache`. The key is of machine, processor, Node and bench: a home that several
 * machines share has one file for each, and what was found with another Node or bench says nothing of this one.
 */
function cacheFile(): string {
  const cache = process.env['XDG_CACHE_HOME'];
  const folder = join(cache === undefined || cache === '' ? join(homedir(), '.cache') : cache, 'bench', 'selfcheck');
  const key = hashOf([machineId() ?? hostname(), cpus()[0]?.model ?? '', process.version, CLI_VERSION]);
  return join(folder, `${key.slice(0, 16)}.json`);
}

/** The last self-check of this machine; undefined: there was none. */
export async function keptSelfcheck(): Promise<DatedSelfcheck | undefined> {
  try {
    const read = JSON.parse(await readFile(cacheFile(), 'utf8')) as { version?: unknown; selfcheck: DatedSelfcheck };
    return read.version === 1 ? read.selfcheck : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a self-check for the results of load that is sent from this machine. The answer is its file; null: it could not be written. */
export async function keepSelfcheck(check: Selfcheck, nowMs: number): Promise<string | null> {
  const file = cacheFile();
  try {
    await makeFolder(dirname(file));
    const selfcheck: DatedSelfcheck = { ...check, checkedAt: new Date(nowMs).toISOString() };
    await writeAtomic(file, JSON.stringify({ version: 1, selfcheck }));
    return file;
  } catch {
    // A convenience: a read-only home is no reason to fail.
    return null;
  }
}
