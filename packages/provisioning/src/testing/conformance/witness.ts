import assert from 'node:assert/strict';
import type { Io } from '@bench/core';
import type { Provider, ProviderContext, ProviderFactory } from '../../contract/provider.ts';

/** An HTTP request that the provider sent. */
export interface SentRequest {
  method: string;
  url: string;
  /** As JSON; undefined: none, or not JSON. */
  body: unknown;
}

/** Sees what a provider takes from its Io and what it gives back. */
export interface Witness {
  readonly io: Io;
  readonly sent: SentRequest[];
  /** Called before a request leaves and after its answer came; for aborts. */
  onCall: ((n: number, moment: 'before' | 'after') => void) | null;
  /** The provider's own sleeps, milliseconds; those of pacing and repeats are not among them. */
  ownSleepMs: number;
  watchFactory(factory: ProviderFactory): ProviderFactory;
  watch(provider: Provider): Provider;
  /** @throws AssertionError when a secret stands in a log, or in anything that a method returned or threw */
  assertNoSecrets(planted: readonly string[]): void;
}

export function witness(base: Io): Witness {
  const logs: string[] = [];
  const shown: { what: string; text: string }[] = [];
  const registered = new Set<string>();
  const show = (what: string, value: unknown): void => void shown.push({ what, text: textOf(value) });
  const self: Witness = {
    sent: [],
    onCall: null,
    ownSleepMs: 0,
    io: {
      ...base,
      fetch: async (input, init) => {
        const n = self.sent.length;
        self.sent.push({ method: init?.method ?? 'GET', url: urlOf(input), body: bodyOf(init?.body) });
        self.onCall?.(n, 'before');
        const response = await base.fetch(input, init);
        self.onCall?.(n, 'after');
        return response;
      },
      logger: {
        log: (level, message, fields) => {
          logs.push(base.redact(`${message} ${textOf(fields)}`));
          base.logger.log(level, message, fields);
        },
      },
      secrets: {
        get: (name) => {
          const value = base.secrets.get(name);
          if (value !== undefined) registered.add(value);
          return value;
        },
        mask: (value) => {
          registered.add(value);
          base.secrets.mask(value);
        },
      },
    },
    watchFactory: (factory) => ({
      ...factory,
      configured: (settings, io) => factory.configured(settings, io),
      open: (settings, context) => {
        const own: ProviderContext = {
          ...context,
          sleep: (ms, signal) => {
            self.ownSleepMs += ms;
            return context.sleep(ms, signal);
          },
        };
        return factory.open(settings, own);
      },
    }),
    watch: (provider) =>
      new Proxy(provider, {
        get: (target, key) => {
          const member: unknown = Reflect.get(target, key);
          // Its answer is a credential, on purpose.
          if (typeof member !== 'function' || key === 'selfDestruct') return typeof member === 'function' ? member.bind(target) : member;
          return (...args: unknown[]) => watched(String(key), () => Reflect.apply(member, target, args), show);
        },
      }),
    assertNoSecrets(planted) {
      const secrets = [...planted, ...registered].filter((secret) => secret.length >= 6);
      for (const { what, text } of [...logs.map((line) => ({ what: 'a log line', text: line })), ...shown]) {
        const found = secrets.find((secret) => text.includes(secret) || text.includes(encodeURIComponent(secret)));
        if (found !== undefined) assert.fail(`a secret stands in ${what}: ${text.replaceAll(found, '<HERE>').slice(0, 500)}`);
      }
    },
  };
  return self;
}

/** Calls a method and shows what it gives or throws, at once, later, or item by item. */
function watched(name: string, call: () => unknown, show: (what: string, value: unknown) => void): unknown {
  const threw = (error: unknown): never => {
    show(`an error of ${name}()`, error);
    throw error;
  };
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    return threw(error);
  }
  if (result instanceof Promise) {
    return result.then((value: unknown) => {
      show(`what ${name}() returned`, value);
      return value;
    }, threw);
  }
  if (typeof result === 'object' && result !== null && Symbol.asyncIterator in result) {
    return watchedItems(name, result as AsyncIterable<unknown>, show);
  }
  show(`what ${name}() returned`, result);
  return result;
}

async function* watchedItems(name: string, items: AsyncIterable<unknown>, show: (what: string, value: unknown) => void): AsyncGenerator {
  try {
    for await (const item of items) {
      show(`what ${name}() gave`, item);
      yield item;
    }
  } catch (error) {
    show(`an error of ${name}()`, error);
    throw error;
  }
}

function urlOf(input: string | URL | Request): string {
  if (typeof input === 'string') return input;
  return input instanceof URL ? input.href : input.url;
}

function bodyOf(body: unknown): unknown {
  if (typeof body !== 'string') return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

/** Everything in a value, an error's message, stack, details and causes too. */
function textOf(value: unknown): string {
  const seen = new Set<unknown>();
  const spread = (_key: string, inner: unknown): unknown => {
    if (typeof inner === 'bigint') return String(inner);
    if (typeof inner !== 'object' || inner === null) return inner;
    if (seen.has(inner)) return undefined;
    seen.add(inner);
    if (inner instanceof Map) return [...inner];
    if (inner instanceof Error) return { ...inner, message: inner.message, stack: inner.stack, cause: inner.cause };
    return inner;
  };
  return JSON.stringify(value, spread) ?? '';
}
