import { BenchError, EXIT } from '@bench/core';
import type { RunFile } from '@bench/results';

/** Where a run happens, as `--on` names it. */
export type SiteName =
  | { kind: 'local'; name: string }
  | { kind: 'docker'; name: string }
  /** Hosts that share the work; each `user@host:port` or an alias of the user's SSH configuration. */
  | { kind: 'ssh'; name: string; targets: string[] }
  /** Machines are rented, of these providers; null: of every one that is open. */
  | { kind: 'cloud'; name: string; providers: string[] | null }
  /** Jobs in the queue of a Slurm cluster, submitted at that login host: what SSH takes, or `local`. Null: as the settings say. */
  | { kind: 'slurm'; name: string; login: string | null };

/** Providers that need no plugin. */
const PROVIDERS = ['cloudrift', 'gcp', 'vast'];

/**
 * Reads a site: `local` (engines as processes), `docker` (containers on this machine), `ssh:TARGET[,TARGET…]` (containers there), `cloud`
 * (rented machines), the name of one provider, `slurm` or `slurm:LOGIN` (jobs in a queue). Each target of a list may repeat the `ssh:`.
 * @throws BenchError `BENCH_SITE` (exit code 2).
 */
export function parseSite(
  text: string,
  /** Names of all providers that are known, those of plugins too. Default: those that need no plugin. */
  { providers = PROVIDERS }: { providers?: readonly string[] } = {},
): SiteName {
  if (text === 'local' || text === 'docker') return { kind: text, name: text };
  if (text === 'cloud') return { kind: 'cloud', name: text, providers: null };
  if (text === 'slurm' || text.startsWith('slurm:')) return slurmSite(text);
  if (providers.includes(text)) return { kind: 'cloud', name: text, providers: [text] };
  if (!text.startsWith('ssh:')) throw unknown(text, providers);
  const targets = text.split(',').map((part) => part.trim().replace(/^ssh:/, ''));
  const empty = targets.some((target) => target === '');
  const twice = targets.find((target, i) => targets.indexOf(target) !== i);
  if (empty || twice !== undefined) {
    throw new BenchError({
      code: 'BENCH_SITE',
      message: empty ? `"${text}" names a host without a name` : `"${text}" names ${twice} twice`,
      hint: 'ssh:user@host, or several: ssh:gpu1,gpu2',
      exitCode: EXIT.usage,
    });
  }
  return { kind: 'ssh', name: `ssh:${targets.join(',')}`, targets };
}

/** The site of a run: one whose machines are rented may be named after a provider that only a plugin knows. */
export function siteOf(asked: Pick<RunFile['asked'], 'site' | 'cloud'>): SiteName {
  return asked.cloud === undefined ? parseSite(asked.site) : { kind: 'cloud', name: asked.site, providers: asked.cloud.providers };
}

function slurmSite(text: string): SiteName {
  const login = text === 'slurm' ? null : text.slice('slurm:'.length).trim();
  if (login !== '') return { kind: 'slurm', name: login === null ? 'slurm' : `slurm:${login}`, login };
  throw new BenchError({
    code: 'BENCH_SITE',
    message: `"${text}" names a login host without a name`,
    hint: 'slurm:user@login, or slurm on the login host itself',
    exitCode: EXIT.usage,
  });
}

function unknown(text: string, providers: readonly string[]): BenchError {
  return new BenchError({
    code: 'BENCH_SITE',
    message: `unknown site "${text}"`,
    hint: `local · docker · ssh:user@host[,…] · slurm[:LOGIN] · cloud · ${providers.filter((name) => name !== 'slurm').join(' · ')}`,
    exitCode: EXIT.usage,
  });
}
