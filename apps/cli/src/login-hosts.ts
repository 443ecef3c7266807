import type { Io } from '@bench/core';
import { isOver } from '@bench/provisioning';
import { readRunFile, runPaths } from '@bench/results';
import { withLedger } from './cloud-access.ts';
import type { HostAccess } from './context.ts';
import type { Settings } from './settings/load-settings.ts';

/** A login host at which runs submitted jobs that the ledger has, and how they reached it. */
export interface LoginHost {
  /** Null: of runs whose directory is gone, and settings that name none. */
  login: string | null;
  /** Ids of those runs. */
  runs: ReadonlySet<string>;
  way: Pick<HostAccess, 'ssh' | 'knownHosts'>;
}

/**
 * Login hosts of jobs that may be in a queue, by the ledger: a site may have named one that no settings name, and a run the key to it. The first
 * is the settings' own where they name one; there is always a first.
 */
export async function loginHosts(settings: Settings, io: Io): Promise<[LoginHost, ...LoginHost[]]> {
  const own = (settings.providers['slurm'] as { login?: string } | null | undefined)?.login ?? null;
  const entries = await withLedger(io, (ledger) => ledger.entries());
  const dirs = new Map(
    entries.flatMap(({ provider, run, runDir, state }): [string, string][] =>
      provider === 'slurm' && !isOver({ state }) && runDir !== null ? [[run, runDir]] : [],
    ),
  );
  const found = new Map<string, { login: string; runs: Set<string>; way: LoginHost['way'] }>();
  for (const [run, dir] of dirs) {
    const asked = (await readRunFile(dir).catch(() => null))?.asked;
    const login = asked?.batch?.login;
    if (asked === undefined || login === undefined) continue;
    const host = found.get(login) ?? { login, runs: new Set<string>(), way: { knownHosts: runPaths.knownHosts(dir) } };
    host.runs.add(run);
    // One that names a key knows more of the way than one that does not.
    if (asked.ssh !== undefined && host.way.ssh === undefined) host.way = { ssh: asked.ssh, knownHosts: runPaths.knownHosts(dir) };
    found.set(login, host);
  }
  const known = own === null ? undefined : found.get(own);
  const [first, ...more] = [...(known ? [known] : []), ...[...found.values()].filter((host) => host !== known)];
  const settled: LoginHost = { login: own, runs: new Set(), way: {} };
  if (first === undefined) return [settled];
  return known !== undefined || own === null ? [first, ...more] : [settled, first, ...more];
}
