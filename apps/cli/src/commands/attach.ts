import { attachSlurm, parseSite } from '@bench/benchmark';
import { EXIT, writeAtomic } from '@bench/core';
import { isRunId, runPaths } from '@bench/results';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { askedBatch, usage } from '../asked.ts';
import { withContext } from '../context.ts';
import { outFlag } from '../run-commands.ts';
import { loadSettings } from '../settings/load-settings.ts';
import { withSlurm } from '../slurm-access.ts';
import { type SshFlags, sshAccess } from '../ssh-access.ts';

export interface AttachFlags extends SshFlags {
  on: string;
  out: string;
  config?: string | undefined;
}

/** `bench attach`. */
export async function attach(id: string, flags: AttachFlags): Promise<number> {
  const site = parseSite(flags.on);
  if (site.kind !== 'slurm') throw usage(`"${flags.on}" is no cluster`, '--on slurm:LOGIN, or --on slurm on the login host itself');
  if (!isRunId(id)) throw usage(`"${id}" is no id of a run`, 'bench prints it when a run begins: r and nine letters or digits');
  // Nothing is asked of the cluster for what is here.
  const here = join(resolve(flags.out), id);
  if (await stat(runPaths.run(here)).catch(() => null))
    throw usage(`run ${id} is here already: ${here}`, `bench watch ${id}${outFlag(flags.out)} goes on with it`);
  const settings = await loadSettings({ config: flags.config, providers: true });
  const { login } = askedBatch(site.login, {}, settings);
  return withContext(
    ({ io, knownHosts }) =>
      withSlurm({ io, settings, login }, async (cloud) => {
        const dir = await attachSlurm({ id, root: flags.out, site: site.name, login, io, cloud });
        await keepKeys(dir, knownHosts());
        process.stdout.write(`${dir}\nwatch it with: bench watch ${id}${outFlag(flags.out)}\n`);
        return EXIT.ok;
      }),
    { ssh: sshAccess(flags), hosts: settings.hosts, stopText: null },
  );
}

/** Host keys that were accepted here are known to whatever goes on with the run, beside those that its first machine knew. */
async function keepKeys(dir: string, accepted: string): Promise<void> {
  const [own, more] = await Promise.all([runPaths.knownHosts(dir), accepted].map((file) => readFile(file, 'utf8').catch(() => '')));
  const lines = new Set(`${own ?? ''}\n${more ?? ''}`.split('\n').filter((line) => line !== ''));
  if (lines.size > 0) await writeAtomic(runPaths.knownHosts(dir), `${[...lines].join('\n')}\n`, 0o600);
}
