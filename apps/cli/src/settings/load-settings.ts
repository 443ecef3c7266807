import { open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchError, EXIT, messageOf, parseDuration } from '@bench/core';
import type { MachineProfile, SchedulerPlugin } from '@bench/launch';
import type { ProviderFactory } from '@bench/provisioning';
import type { PriceBook } from '@bench/report';
import { BUILTIN_ENGINES, checkYaml, type Engine, formatProblem, type Problem } from '@bench/recipe';
import { loadPlugins } from '../plugins/load-plugins.ts';
import type { HostFactory, LoadedPlugin, PluginFault } from '../plugins/plugin.ts';
import { compareSettings, type GateSettings, gateSettings } from './compare-settings.ts';
import { BUILTIN_PROVIDERS, builtinProviders } from './built-in.ts';
import type { CloudDefaults } from './cloud-defaults.ts';
import { type FindOptions, findSettings } from './find-settings.ts';
import { priceBookOf } from './pricing.ts';
import { pluginsOnlySchema, settingsSchema } from './settings-schema.ts';

const MAX_BYTES = 256_000;
/** Names of sites: no provider or kind of host may have them. */
const SITES = ['local', 'docker', 'ssh', 'cloud', 'slurm'];

export interface Settings {
  /** Null: there is no settings file. */
  file: string | null;
  plugins: readonly LoadedPlugin[];
  /** What is wrong with plugins; the rest goes on without it. */
  faults: readonly PluginFault[];
  /** Built in, then of plugins. Empty without a settings file, unless they were asked for. */
  factories: readonly ProviderFactory[];
  /** Built in, then of plugins. */
  engines: readonly Engine[];
  /** Kinds of hosts that plugins bring, by scheme. */
  hosts: Readonly<Record<string, HostFactory>>;
  /** Sections of providers, as they are written. */
  providers: Readonly<Record<string, unknown>>;
  cloud: CloudDefaults;
  /** What machines cost whose price no run knows. */
  prices: PriceBook;
  /** Milliseconds between two samples; false: nothing is sampled. Absent: not said. */
  telemetry?: { intervalMs: number } | false;
  /** What bench compare does when its flags do not say, shares. Absent: not said. */
  compare?: { tolerance?: number; betweenRuns?: number };
  /** Limits of bench compare --gate. Absent: there are none. */
  gates?: GateSettings;
  /** Schedulers of plugins, and machine profiles of the user. */
  launch: { schedulers: readonly SchedulerPlugin[]; machines: readonly MachineProfile[] };
}

/**
 * Finds, reads and checks the settings file, and loads its plugins. Without one everything has its default. `providers`: the built-in ones
 * are needed.
 * @throws BenchError `BENCH_SETTINGS_INVALID` with every problem on a line of its own, `BENCH_SETTINGS_MISSING`; exit code 2
 */
export async function loadSettings(
  o: FindOptions & { signal?: AbortSignal; providers?: boolean; builtin?: () => Promise<ProviderFactory[]> } = {},
): Promise<Settings> {
  const file = await findSettings(o);
  const builtin = file === null && !o.providers ? [] : await (o.builtin ?? builtinProviders)();
  if (file === null)
    return {
      file,
      plugins: [],
      faults: [],
      factories: builtin,
      engines: BUILTIN_ENGINES,
      hosts: {},
      providers: {},
      cloud: {},
      prices: priceBookOf(undefined, ''),
      launch: { schedulers: [], machines: [] },
    };
  const text = await read(file);
  const first = checkYaml(text, { file, schema: pluginsOnlySchema });
  if (first.value === null) throw invalid(first.problems);
  const folders = [dirname(file), o.cwd ?? process.cwd(), dirname(fileURLToPath(import.meta.url))];
  const { loaded, faults } = await loadPlugins(first.value.plugins ?? [], {
    folders: [...new Set(folders)],
    taken: {
      providers: [...SITES, ...BUILTIN_PROVIDERS],
      engines: BUILTIN_ENGINES.map((e) => e.name),
      hosts: [...SITES, ...BUILTIN_PROVIDERS],
      schedulers: ['slurm', 'pbs', 'none'],
    },
    ...(o.signal ? { signal: o.signal } : {}),
  });
  const factories = [...builtin, ...loaded.flatMap((p) => p.providers)];
  const checked = checkYaml(text, { file, schema: settingsSchema(factories, { open: faults.length > 0 }) });
  if (checked.value === null) throw invalid(checked.problems);
  const written = checked.written as { providers?: Record<string, unknown> | null };
  return {
    file,
    plugins: loaded,
    faults,
    factories,
    engines: [...BUILTIN_ENGINES, ...loaded.flatMap((p) => p.engines)],
    hosts: Object.assign({}, ...loaded.map((p) => p.hosts)) as Record<string, HostFactory>,
    providers: written.providers ?? {},
    cloud: checked.value.cloud ?? {},
    prices: priceBookOf(checked.value.pricing, basename(file)),
    ...telemetryOf(checked.value.telemetry),
    ...compareSettings(checked.value.compare),
    ...gateSettings(checked.value.gates),
    launch: { schedulers: loaded.flatMap((p) => p.schedulers), machines: checked.value.launch?.machines ?? [] },
  };
}

function telemetryOf(said: { interval?: string | undefined } | false | undefined): Pick<Settings, 'telemetry'> {
  if (said === false) return { telemetry: false };
  return said?.interval === undefined ? {} : { telemetry: { intervalMs: parseDuration(said.interval) } };
}

async function read(file: string): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, and settings may have ${MAX_BYTES}`);
      return new TextDecoder('utf-8', { fatal: true }).decode(await handle.readFile());
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw invalid([{ file, line: null, column: null, message: `the settings cannot be read: ${messageOf(error)}`, hint: null }]);
  }
}

function invalid(found: readonly Problem[]): BenchError {
  const unique = [...new Map(found.map((problem) => [formatProblem(problem), problem])).values()];
  const problems = unique.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  return new BenchError({
    code: 'BENCH_SETTINGS_INVALID',
    message: problems.map(formatProblem).join('\n'),
    hint: 'docs/settings.md says what may stand there',
    exitCode: EXIT.usage,
    details: { problems },
  });
}
