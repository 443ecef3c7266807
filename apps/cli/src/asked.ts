import { BenchError, EXIT, parseDuration } from '@bench/core';
import { parseSite } from '@bench/benchmark';
import type { RunFile } from '@bench/results';
import { askedCloud, givenRentFlags, RENT_DEFAULTS, type RentFlags, type RentSettings } from './cloud-flags.ts';
import { faultHint } from './fault-lines.ts';
import { absolute } from './load-tasks.ts';
import type { PluginFault } from './plugins/plugin.ts';
import { sshAccess } from './ssh-access.ts';

export type Asked = RunFile['asked'];

/** Flags that choose among variants. */
export interface SelectionFlags {
  filter: string[];
  variant: string[];
  gpu?: string | undefined;
}

/** Flags that say where and how. Absent ones are not asked for. */
export interface SiteFlags {
  on?: string | undefined;
  scaleOut?: 'data-parallel' | 'replicas' | undefined;
  /** `--no-teardown` makes it false. */
  teardown?: boolean | undefined;
  expose?: true | undefined;
  modelDir?: string | undefined;
  nodeImage?: string | undefined;
  sshKey: string[];
  sshTransport?: 'auto' | 'ssh2' | 'system' | undefined;
  detach?: true | undefined;
  bootstrap?: true | undefined;
}

export type AskFlags = SelectionFlags & SiteFlags & RentFlags & { seed?: number | undefined };

/** What the settings file adds to the flags. */
export interface AskSettings extends RentSettings {
  /** Names of all providers there are. Default: those that come with bench. */
  providerNames?: readonly string[] | undefined;
  /** What is wrong with plugins: a site that nobody knows may be one of theirs. */
  faults?: readonly PluginFault[] | undefined;
}

const NO_SETTINGS: AskSettings = { cloud: {}, providers: {} };

/**
 * What a run is asked, from its flags.
 * @throws BenchError `BENCH_USAGE` or `BENCH_SITE`: no recipe, an unknown site, a flag that the site has no use for.
 */
export function askedOf(
  recipes: readonly string[],
  flags: AskFlags,
  mode: 'measure' | 'deploy',
  settings: AskSettings = NO_SETTINGS,
): Asked {
  if (recipes.length === 0) throw usage('no recipe was named', 'bench run recipes/tiny-cpu, or bench init to write one');
  const site = siteOf(flags.on, settings);
  refuseIdleFlags(flags, site.kind, mode);
  const keeps = mode === 'deploy' || flags.teardown === false ? 'run' : 'nothing';
  const ssh = sshAccess(flags);
  return {
    recipes: absolute(recipes),
    site: site.name,
    filter: flags.filter,
    seed: flags.seed ?? 0,
    mode,
    ...(flags.variant.length > 0 ? { variants: flags.variant } : {}),
    ...(flags.gpu === undefined ? {} : { gpu: flags.gpu }),
    ...(flags.scaleOut === undefined ? {} : { scaleOut: flags.scaleOut }),
    ...(flags.teardown === false ? { keep: true } : {}),
    ...(flags.expose ? { expose: true } : {}),
    ...(flags.modelDir === undefined ? {} : { modelDir: flags.modelDir }),
    ...(flags.nodeImage === undefined ? {} : { nodeImage: flags.nodeImage }),
    ...(Object.keys(ssh).length > 0 ? { ssh } : {}),
    ...(site.kind === 'slurm' ? { batch: askedBatch(site.login, flags, settings) } : {}),
    ...(site.kind === 'cloud' ? { cloud: askedCloud(flags, { site: site.providers, settings, keeps }) } : {}),
  };
}

/** Flags of rented machines that say something about jobs too. */
const QUEUE_FLAGS: ReadonlySet<string> = new Set(['--max-workers', '--keep-for']);
/** A queue may take days. */
const KEEP_JOBS = '7d';

/** What a run in a queue is asked. The login host is the site's, else the settings', else this machine. */
export function askedBatch(
  login: string | null,
  flags: Pick<RentFlags, 'maxWorkers' | 'keepFor'>,
  { cloud, providers }: Pick<AskSettings, 'cloud' | 'providers'>,
): NonNullable<Asked['batch']> {
  const own = (providers['slurm'] as { login?: unknown } | null | undefined)?.login;
  return {
    login: login ?? (typeof own === 'string' ? own : 'local'),
    maxWorkers: flags.maxWorkers ?? cloud.max_workers ?? RENT_DEFAULTS.maxWorkers,
    keepS: Math.round(parseDuration(flags.keepFor ?? KEEP_JOBS) / 1000),
  };
}

/** The site that `--on` names, among the providers there are. @throws BenchError `BENCH_SITE`. */
export function siteOf(on: string | undefined, settings: Pick<AskSettings, 'providerNames' | 'faults'> = {}): ReturnType<typeof parseSite> {
  const { providerNames, faults = [] } = settings;
  try {
    return parseSite(on ?? 'local', providerNames === undefined ? {} : { providers: providerNames });
  } catch (error) {
    const broken = faultHint(faults);
    if (!BenchError.is(error) || broken === undefined) throw error;
    const { code, message, hint, exitCode } = error;
    throw new BenchError({ code, message, hint: `${hint ?? ''}\n${broken}`, exitCode, cause: error });
  }
}

/** The site of a run that began: one that rents may be named after a provider that only a plugin knows. */
export function siteOfRun(asked: Asked): ReturnType<typeof parseSite> {
  return asked.cloud === undefined ? parseSite(asked.site) : { kind: 'cloud', name: asked.site, providers: asked.cloud.providers };
}

/** A flag that would change nothing is a mistake that is told. */
function refuseIdleFlags(flags: AskFlags, kind: ReturnType<typeof parseSite>['kind'], mode: 'measure' | 'deploy'): void {
  const rented = givenRentFlags(flags).filter((name) => kind !== 'slurm' || !QUEUE_FLAGS.has(name));
  if (kind === 'slurm' && mode === 'deploy')
    throw usage(
      'bench deploy: on a cluster an engine ends with its clients, and is not left up',
      'bench run RECIPE --on slurm:LOGIN measures it; on hosts it stays up: bench deploy ssh:user@host RECIPE',
    );
  if (kind !== 'slurm' && flags.detach)
    throw usage(`--detach means nothing on site "${kind}"`, 'it leaves jobs to the queue of a cluster: --on slurm, or --on slurm:LOGIN');
  if (kind !== 'cloud' && rented.length > 0)
    throw usage(
      `${rented.join(' and ')} ${rented.length === 1 ? 'means' : 'mean'} nothing on site "${kind}"`,
      'for rented machines: --on cloud, or the name of a provider',
    );
  if (kind === 'cloud' && flags.keepFor !== undefined && mode === 'measure' && flags.teardown !== false)
    throw usage('--keep-for says how long what stays up is kept, and nothing stays up', 'add --no-teardown, or leave it out');
  const containers: [string, boolean][] = [
    ['--scale-out', flags.scaleOut !== undefined],
    ['--no-teardown', flags.teardown === false],
    ['--expose', flags.expose === true],
    ['--model-dir', flags.modelDir !== undefined],
  ];
  const hosts: [string, boolean][] = [
    ['--node-image', flags.nodeImage !== undefined],
    ['--ssh-key', flags.sshKey.length > 0],
    ['--ssh-transport', flags.sshTransport !== undefined],
    ['--bootstrap', flags.bootstrap === true],
  ];
  const given =
    kind === 'cloud'
      ? hosts.filter(([name]) => name.startsWith('--ssh') || name === '--bootstrap')
      : kind === 'slurm'
        ? hosts.filter(([name]) => !name.startsWith('--ssh'))
        : hosts;
  const idle = [...(kind === 'local' || kind === 'slurm' ? containers : []), ...(kind === 'ssh' ? [] : given)]
    .filter(([, is]) => is)
    .map(([name]) => name);
  if (idle.length === 0) return;
  const containerFlag = containers.some(([name]) => idle.includes(name));
  throw usage(
    `${idle.join(' and ')} ${idle.length === 1 ? 'means' : 'mean'} nothing on site "${kind}"`,
    kind === 'slurm'
      ? 'what a job needs is in the slurm section of the recipe'
      : containerFlag && !hosts.some(([name]) => idle.includes(name))
        ? 'there engines are processes that end with bench; containers: --on docker, or --on ssh:user@host'
        : kind === 'cloud'
          ? 'rented machines have a key of their own, and are made ready anyway'
          : 'for hosts: --on ssh:user@host',
  );
}

/** The user named variants: one that fits nowhere is refused, not left out. */
export function isExplicit(asked: Asked): boolean {
  return asked.filter.length > 0 || asked.gpu !== undefined || (asked.variants ?? []).length > 0;
}

/** @throws BenchError `BENCH_USAGE` when a run that goes on is asked for something new. */
export function refuseNewWishes(recipes: readonly string[], flags: AskFlags): void {
  const given: [string, boolean][] = [
    ['recipes', recipes.length > 0],
    ['--on', flags.on !== undefined],
    ['--filter', flags.filter.length > 0],
    ['--variant', flags.variant.length > 0],
    ['--gpu', flags.gpu !== undefined],
    ['--seed', flags.seed !== undefined],
    ['--scale-out', flags.scaleOut !== undefined],
    ['--no-teardown', flags.teardown === false],
    ['--expose', flags.expose === true],
    ['--model-dir', flags.modelDir !== undefined],
    ['--node-image', flags.nodeImage !== undefined],
    ['--ssh-key', flags.sshKey.length > 0],
    ['--ssh-transport', flags.sshTransport !== undefined],
    ['--bootstrap', flags.bootstrap === true],
    ['--detach', flags.detach === true],
    ...givenRentFlags(flags).map((name): [string, boolean] => [name, true]),
  ];
  const named = given.filter(([, is]) => is).map(([name]) => name);
  if (named.length === 0) return;
  throw usage(
    '--resume goes on with the recipes, filters, site, seed and other settings that the run began with',
    `leave out: ${named.join(', ')}; bench run with them begins a new run`,
  );
}

export function usage(message: string, hint?: string): BenchError {
  return new BenchError({ code: 'BENCH_USAGE', message, hint, exitCode: EXIT.usage });
}
