import { attachSlurm, parseSite } from '@bench/benchmark';
import { EXIT } from '@bench/core';
import { resolve } from 'node:path';
import { askedBatch, usage } from '../asked.ts';
import { withContext } from '../context.ts';
import { outFlag } from '../run-commands.ts';
import { loadSettings } from '../settings/load-settings.ts';
import { withSlurm } from '../slurm-access.ts';

export interface AttachFlags {
  on: string;
  out: string;
  config?: string | undefined;
  sshKey: string[];
  sshTransport?: 'auto' | 'ssh2' | 'system' | undefined;
}

/** `bench attach`. */
export async function attach(id: string, flags: AttachFlags): Promise<number> {
  const site = parseSite(flags.on);
  if (site.kind !== 'slurm') throw usage(`"${flags.on}" is no cluster`, '--on slurm:LOGIN, or --on slurm on the login host itself');
  const settings = await loadSettings({ config: flags.config, providers: true });
  const { login } = askedBatch(site.login, {}, settings);
  const ssh = {
    ...(flags.sshKey.length > 0 ? { identities: flags.sshKey.map((path) => resolve(path)) } : {}),
    ...(flags.sshTransport === undefined ? {} : { transport: flags.sshTransport }),
  };
  return withContext(
    ({ io }) =>
      withSlurm({ io, settings, login }, async (cloud) => {
        const dir = await attachSlurm({ id, root: flags.out, site: site.name, login, io, cloud });
        process.stdout.write(`${dir}\nwatch it with: bench watch ${id}${outFlag(flags.out)}\n`);
        return EXIT.ok;
      }),
    { ssh, hosts: settings.hosts, stopText: null },
  );
}
