import { pathToFileURL } from 'node:url';
import { messageOf } from '@bench/core';
import type { SchedulerPlugin } from '@bench/launch';
import type { ProviderFactory } from '@bench/provisioning';
import type { Engine } from '@bench/recipe';
import { type Entry, findEntry } from './find-entry.ts';
import { type HostFactory, type LoadedPlugin, PLUGIN_VERSION, type PluginFault } from './plugin.ts';

/** A module that has not loaded by then waits for something that will not come. */
const IMPORT_MS = 15_000;
const NAME = /^[a-z][a-z0-9-]{0,39}$/;

export interface LoadedPlugins {
  loaded: LoadedPlugin[];
  faults: PluginFault[];
}

/** Names that are taken already. */
export interface Taken {
  providers: readonly string[];
  engines: readonly string[];
  hosts: readonly string[];
  schedulers?: readonly string[];
}

/**
 * Loads plugins, each looked for from the folders in turn. Nothing that is wrong with one stops the others: it is a fault, and what is
 * left of the plugin is used. Of two parts with one name the first is used.
 */
export async function loadPlugins(
  specs: readonly string[],
  o: { folders: readonly string[]; taken: Taken; signal?: AbortSignal; importMs?: number },
): Promise<LoadedPlugins> {
  const faults: PluginFault[] = [];
  const loaded: LoadedPlugin[] = [];
  const owners = new Map<string, string>();
  for (const [kind, names] of Object.entries(o.taken))
    for (const name of names as readonly string[]) owners.set(`${kind} ${name}`, 'bench itself');
  for (const spec of specs) {
    o.signal?.throwIfAborted();
    const fault = (what: string, message: string, hint: string): never[] => {
      faults.push({ spec, what, message, hint });
      return [];
    };
    const read = await readPlugin(spec, o).catch((error: unknown) => ({
      problem: messageOf(error),
      hint: hintOf(error) ?? 'mend the plugin, or take it out of the settings',
    }));
    if ('problem' in read) {
      fault('all of it', read.problem, read.hint);
      continue;
    }
    const { entry, plugin } = read;
    const take = <T>(kind: keyof Taken, word: string, items: readonly (readonly [unknown, T])[], wrong: (item: T) => string | null): T[] =>
      items.flatMap(([name, item]) => {
        const what = `${word} "${String(name)}"`;
        const problem =
          typeof name === 'string' && NAME.test(name) ? wrong(item) : 'its name is not of lower-case letters, digits and dashes';
        if (problem !== null) return fault(what, problem, 'see docs/plugins.md');
        const key = `${kind} ${name as string}`;
        const owner = owners.get(key);
        if (owner !== undefined) return fault(what, `${owner} has one of that name`, 'give it another name');
        owners.set(key, `plugin "${plugin.name}"`);
        return [item];
      });
    const named = <T extends { name?: unknown }>(list: readonly T[]) => list.map((item) => [item?.name, item] as const);
    loaded.push({
      spec,
      name: plugin.name,
      version: entry.version,
      file: entry.file,
      providers: take('providers', 'provider', named(plugin.providers), wrongProvider),
      engines: take('engines', 'engine', named(plugin.engines), wrongEngine),
      hosts: Object.fromEntries(
        take(
          'hosts',
          'host',
          Object.entries(plugin.hosts).map(([scheme, open]) => [scheme, [scheme, open]] as const),
          ([, open]) => (typeof open === 'function' ? null : 'it is not a function'),
        ) as [string, HostFactory][],
      ),
      schedulers: take('schedulers', 'scheduler', named(plugin.schedulers), wrongScheduler),
    });
  }
  return { loaded, faults };
}

interface ReadPlugin {
  entry: Entry;
  plugin: { name: string; providers: ProviderFactory[]; engines: Engine[]; hosts: Record<string, unknown>; schedulers: SchedulerPlugin[] };
}

async function readPlugin(spec: string, o: { folders: readonly string[]; importMs?: number }): Promise<ReadPlugin> {
  const entry = await findEntry(spec, o.folders).catch((error: unknown) => {
    throw told(
      messageOf(error),
      spec.startsWith('.') || spec.startsWith('/') ? 'a path starts at the settings file' : `npm install ${spec}`,
    );
  });
  const module = await importWithin(entry.file, o.importMs ?? IMPORT_MS);
  // A CommonJS module that was made of an ES module has its default one level down.
  const outer = module['default'] as { default?: unknown; plugin?: unknown } | undefined;
  const candidates = [outer?.default, outer?.plugin, outer, module['plugin']];
  const plugin = candidates.find((c): c is Record<string, unknown> => typeof c === 'object' && c !== null && 'contractVersion' in c);
  if (!plugin) throw told(`${entry.file} has no plugin as its default export, nor as its export "plugin"`, 'see docs/plugins.md');
  const version = plugin['contractVersion'];
  if (version !== PLUGIN_VERSION)
    throw told(
      `it is made for version ${JSON.stringify(version) ?? 'undefined'} of the contract, and this bench has version ${PLUGIN_VERSION}`,
      `install a version of ${spec} that is made for this bench`,
    );
  const { name, providers = [], engines = [], hosts = {}, schedulers = [] } = plugin;
  if (typeof name !== 'string' || name === '') throw told('it has no name', 'see docs/plugins.md');
  if (!Array.isArray(providers) || !Array.isArray(engines) || !Array.isArray(schedulers))
    throw told('"providers", "engines" and "schedulers" of a plugin are lists', 'see docs/plugins.md');
  if (typeof hosts !== 'object' || hosts === null) throw told('"hosts" of a plugin is a map of functions', 'see docs/plugins.md');
  return {
    entry,
    plugin: {
      name,
      providers: providers as ProviderFactory[],
      engines: engines as Engine[],
      hosts: hosts as Record<string, unknown>,
      schedulers: schedulers as SchedulerPlugin[],
    },
  };
}

async function importWithin(file: string, ms: number): Promise<Record<string, unknown>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(told(`${file} did not load within ${ms / 1000} s`, 'a module that waits when it is imported is no plugin')),
        ms,
      );
    });
    return (await Promise.race([import(pathToFileURL(file).href), late])) as Record<string, unknown>;
  } catch (error) {
    if (hintOf(error) !== undefined) throw error;
    throw told(`${file} could not be loaded: ${messageOf(error)}`, 'mend the plugin, or take it out of the settings');
  } finally {
    clearTimeout(timer);
  }
}

function wrongProvider(factory: ProviderFactory): string | null {
  const version: unknown = factory.contractVersion;
  if (version !== 1)
    return `it is made for version ${JSON.stringify(version) ?? 'undefined'} of the contract of providers, and this bench has version 1`;
  const missing = (['title', 'capabilities', 'limits', 'settings', 'configured', 'open'] as const).filter(
    (key) => factory[key] === undefined,
  );
  if (missing.length > 0) return `it has no ${missing.join(', ')}`;
  return factory.settings['~standard'] === undefined ? 'its settings are no Standard Schema' : null;
}

function wrongEngine(engine: Engine): string | null {
  const missing = (['settings', 'models', 'llmFields', 'tasks', 'defaultImage', 'launch', 'reservedFlags', 'paths', 'api'] as const).filter(
    (key) => engine[key] === undefined,
  );
  if (missing.length > 0) return `it has no ${missing.join(', ')}`;
  return engine.settings['~standard'] === undefined ? 'its settings are no Standard Schema' : null;
}

function wrongScheduler(scheduler: SchedulerPlugin): string | null {
  const missing = (['detect', 'job', 'nodes', 'launchLine'] as const).filter((key) => typeof scheduler[key] !== 'function');
  return missing.length > 0 ? `it has no ${missing.join(', ')}` : null;
}

const told = (message: string, hint: string) => Object.assign(new Error(message), { pluginHint: hint });
const hintOf = (error: unknown) => (error as { pluginHint?: string }).pluginHint;
