import { BenchError, EXIT, messageOf, type Io, type StandardResult } from '@bench/core';
import { CONTRACT_VERSION, type Provider, type ProviderContext, type ProviderFactory } from '../contract/provider.ts';
import { providerHttp } from './http.ts';

/** A provider that is open, with what made it. */
export interface OpenProvider {
  readonly factory: ProviderFactory;
  readonly provider: Provider;
}

export interface OpenProviders {
  readonly list: readonly OpenProvider[];
  /** Why the others are not open. */
  readonly closed: readonly ClosedProvider[];
  /** @throws BenchError `BENCH_PROVIDER_UNKNOWN` with what is open and why this one is not. */
  get(name: string): OpenProvider;
  /** Closes all. Never throws: what a provider says is logged. */
  close(): Promise<void>;
}

/** `error` null: it is merely not set up. */
export interface ClosedProvider {
  name: string;
  title: string;
  reason: string;
  hint: string;
  error: BenchError | null;
}

const NAME = /^[a-z][a-z0-9-]*$/;
const METHODS = ['check', 'offers', 'plan', 'create', 'observe', 'find', 'terminate', 'owned', 'close'] as const;

/**
 * Opens every provider that has credentials. One that is broken does not stop the others.
 * @param options.settings by provider name, as the settings file has them
 * @throws the signal's reason when `io.signal` is aborted; nothing else
 */
export async function openProviders(options: {
  factories: readonly ProviderFactory[];
  settings: Readonly<Record<string, unknown>>;
  io: Io;
  /** Only these. Default: all. */
  only?: readonly string[];
}): Promise<OpenProviders> {
  const { factories, settings, io, only } = options;
  io.signal.throwIfAborted();
  const seen = new Set<string>();
  const attempts = factories
    .filter((factory) => only === undefined || only.includes(nameOf(factory)))
    .map(async (factory): Promise<OpenProvider | ClosedProvider> => {
      const name = nameOf(factory);
      const twice = seen.has(name);
      seen.add(name);
      try {
        checkFactory(factory);
        if (twice) throw broken(`there are two providers of the name "${name}": the first one is used`, 'remove one of the plugins');
        return await openOne(factory, Object.hasOwn(settings, name) ? settings[name] : undefined, io);
      } catch (thrown) {
        const error = BenchError.is(thrown)
          ? thrown
          : broken(`provider "${name}" cannot be opened: ${io.redact(messageOf(thrown))}`, undefined, thrown);
        return { name, title: titleOf(factory), reason: error.message, hint: error.hint ?? '', error };
      }
    });
  const results = await Promise.all(attempts);
  const list = results.filter((result) => 'provider' in result);
  const closed = results.filter((result): result is ClosedProvider => !('provider' in result));
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => (closing ??= closeAll(list, io));
  if (io.signal.aborted) {
    await close();
    throw io.signal.reason;
  }
  return {
    list,
    closed,
    get(name) {
      const found = list.find((open) => open.factory.name === name);
      if (found !== undefined) return found;
      const why = closed.find((one) => one.name === name);
      const open = list.length === 0 ? 'no provider is open' : `open: ${list.map((one) => one.factory.name).join(', ')}`;
      throw new BenchError({
        code: 'BENCH_PROVIDER_UNKNOWN',
        message: why === undefined ? `there is no provider "${name}"; ${open}` : `provider "${name}" is not open: ${why.reason}`,
        hint: why?.hint,
        exitCode: why === undefined ? EXIT.usage : (why.error?.exitCode ?? EXIT.provider),
        cause: why?.error ?? undefined,
      });
    },
    close,
  };
}

async function openOne(factory: ProviderFactory, section: unknown, io: Io): Promise<OpenProvider | ClosedProvider> {
  const { name, title } = factory;
  const result = await factory.settings['~standard'].validate(section ?? {});
  if (result.issues !== undefined) {
    const problems = issuesOf(name, result.issues).map((line) => io.redact(line));
    // Nobody set it up: that is no fault.
    if (section === undefined) {
      return {
        name,
        title,
        reason: `it is not set up: ${problems.join('; ')}`,
        hint: `add a section providers.${name} to the settings file`,
        error: null,
      };
    }
    throw new BenchError({
      code: 'BENCH_PROVIDER_SETTINGS',
      message:
        problems.length === 1 ? `settings: ${problems[0]}` : `settings of ${title}:\n${problems.map((line) => `  ${line}`).join('\n')}`,
      hint: `mend the section providers.${name} of the settings file`,
      exitCode: EXIT.usage,
    });
  }
  const missing = await factory.configured(result.value, io);
  if (missing !== null) return { name, title, ...missing, error: null };
  const provider = await factory.open(result.value, contextOf(factory, io));
  const lacks = METHODS.filter((method) => typeof (provider as Partial<Provider> | null)?.[method] !== 'function');
  if (lacks.length > 0)
    throw broken(`provider "${name}" lacks ${lacks.join(', ')}`, `it is not one of contract version ${CONTRACT_VERSION}`);
  return { factory, provider };
}

/** Not a copy of the Io's members: it may be an object with a prototype. */
function contextOf(factory: ProviderFactory, io: Io): ProviderContext {
  const { http, pace } = providerHttp({ factory, io });
  return {
    fetch: (...args) => io.fetch(...args),
    connect: (target) => io.connect(target),
    now: () => io.now(),
    monotonic: () => io.monotonic(),
    sleep: (ms, signal) => io.sleep(ms, signal),
    random: () => io.random(),
    variable: (name) => io.variable?.(name),
    logger: io.logger,
    secrets: io.secrets,
    redact: (text) => io.redact(text),
    // What a run that was stopped rented is still to be ended.
    signal: new AbortController().signal,
    http,
    pace,
  };
}

/** A plugin's factory is what somebody exported: nothing about it is certain. */
function checkFactory(factory: ProviderFactory): void {
  const given = factory as unknown as Partial<Record<keyof ProviderFactory, unknown>> | null;
  const name = nameOf(factory);
  if (typeof given !== 'object' || given === null) throw broken('a plugin gave something that is no provider factory');
  if (given.contractVersion !== CONTRACT_VERSION) {
    throw broken(
      `provider "${name}" is made for version ${shown(given.contractVersion)} of the provider contract; this bench has version ${CONTRACT_VERSION}`,
      'update the plugin, or bench',
    );
  }
  const wrong = [
    ...(typeof given.name === 'string' && NAME.test(given.name) ? [] : ['name']),
    ...(['title'] as const).filter((key) => typeof given[key] !== 'string'),
    ...(['capabilities', 'limits'] as const).filter((key) => typeof given[key] !== 'object' || given[key] === null),
    ...(isSchema(given.settings) ? [] : ['settings']),
    ...(['configured', 'open'] as const).filter((key) => typeof given[key] !== 'function'),
  ];
  if (wrong.length > 0)
    throw broken(`the factory of provider "${name}" has no proper ${wrong.join(', ')}`, 'this is a fault of the plugin that brings it');
}

function isSchema(value: unknown): boolean {
  const standard = (value as { '~standard'?: { validate?: unknown } } | null | undefined)?.['~standard'];
  return typeof standard?.validate === 'function';
}

function nameOf(factory: ProviderFactory): string {
  const name = (factory as Partial<ProviderFactory> | null | undefined)?.name;
  return typeof name === 'string' && name !== '' ? name : '(without a name)';
}

function titleOf(factory: ProviderFactory): string {
  const title = (factory as Partial<ProviderFactory> | null | undefined)?.title;
  return typeof title === 'string' ? title : nameOf(factory);
}

function shown(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : 'nothing known';
}

function issuesOf(name: string, issues: NonNullable<StandardResult['issues']>): string[] {
  return issues.map(({ path = [], message }) => {
    const keys = path.map((part) => String(typeof part === 'object' ? part.key : part));
    return `${['providers', name, ...keys].join('.')}: ${message}`;
  });
}

async function closeAll(list: readonly OpenProvider[], io: Io): Promise<void> {
  await Promise.all(
    list.map(async ({ factory, provider }) => {
      try {
        await provider.close();
      } catch (error) {
        io.logger.log('warn', `${factory.name} did not close: ${io.redact(messageOf(error))}`);
      }
    }),
  );
}

function broken(message: string, hint?: string, cause?: unknown): BenchError {
  return new BenchError({ code: 'BENCH_PROVIDER_BROKEN', message, hint, cause, exitCode: EXIT.missingPart });
}
