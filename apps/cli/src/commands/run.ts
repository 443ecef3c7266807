import { readRun, readRunFile, resolveRun, runPaths } from '@bench/results';
import { type AskFlags, type Asked, askedOf, refuseNewWishes } from '../asked.ts';
import { type HostAccess, withContext } from '../context.ts';
import { dryRun } from '../dry-run/dry-run.ts';
import { faultLines } from '../fault-lines.ts';
import { loadTasks } from '../load-tasks.ts';
import { type OutputFlags, perform } from '../perform.ts';
import { namingLeft } from '../left-machines.ts';
import { hostTarget } from '../plugins/host-target.ts';
import { loadSettings, type Settings } from '../settings/load-settings.ts';
import { styles } from '../ui/style.ts';

export type RunFlags = AskFlags & OutputFlags & DoFlags & { resume?: string | undefined };

/** How it is done, beside what is. */
export interface DoFlags {
  dryRun?: true | undefined;
  bootstrap?: true | undefined;
  config?: string | undefined;
  yes?: true | undefined;
  detach?: true | undefined;
}

/** `bench run`. */
export async function run(recipes: readonly string[], flags: RunFlags): Promise<number> {
  if (flags.resume === undefined) {
    const settings = await settingsFor(flags.on, flags);
    return runAsked(askedWith(settings, recipes, flags, 'measure'), flags, settings);
  }
  refuseNewWishes(recipes, flags);
  const dir = await resolveRun(flags.resume, flags.out);
  const { id, asked } = await readRunFile(dir);
  const goOn = async () => runAsked(asked, flags, await settingsFor(asked.site, flags), dir);
  return asked.cloud === undefined || flags.dryRun ? goOn() : namingLeft({ run: id, out: flags.out }, goOn);
}

/** The settings of a run; where it rents, with the providers. */
export function settingsFor(site: string | undefined, flags: { config?: string | undefined }): Promise<Settings> {
  const rents = site !== undefined && site !== 'local' && site !== 'docker' && !site.startsWith('ssh:');
  return loadSettings({ config: flags.config, providers: rents });
}

/** What is asked, with what the settings add to the flags. */
export function askedWith(settings: Settings, recipes: readonly string[], flags: AskFlags, mode: 'measure' | 'deploy'): Asked {
  const on = hostTarget(flags.on, settings.hosts);
  const providerNames = settings.factories.length === 0 ? undefined : settings.factories.map((factory) => factory.name);
  return askedOf(recipes, { ...flags, on }, mode, {
    cloud: settings.cloud,
    providers: settings.providers,
    providerNames,
    faults: settings.faults,
  });
}

/** Does what was asked, or prints what would be done. */
export function runAsked(asked: Asked, flags: OutputFlags & DoFlags, settings: Settings, resume?: string): Promise<number> {
  const access: HostAccess = {
    ...(asked.ssh === undefined ? {} : { ssh: asked.ssh }),
    ...(resume === undefined ? {} : { knownHosts: runPaths.knownHosts(resume) }),
    hosts: settings.hosts,
  };
  for (const line of faultLines(settings.faults)) process.stderr.write(`${styles(process.stderr).yellow('not used:')} ${line}\n`);
  return withContext(async (context) => {
    const { signal, io } = context;
    const began = resume === undefined ? null : await readRun(resume);
    const { engines, faults } = settings;
    const tasks = await loadTasks(asked.recipes, { ...asked, engines, faults, signal });
    if (flags.dryRun) {
      const bootstrap = flags.bootstrap === true;
      const planned = await dryRun({ tasks, asked, began, bootstrap, out: flags.out, settings, io, signal });
      process.stdout.write(flags.json ? `${JSON.stringify(planned.json, null, 1)}\n` : planned.text);
      return planned.exitCode;
    }
    const id = began?.run.id;
    return perform(
      { asked, tasks, resume, began: id, bootstrap: flags.bootstrap, settings, yes: flags.yes === true, detach: flags.detach === true },
      flags,
      context,
    );
  }, access);
}
