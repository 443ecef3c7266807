import type { Host } from '@bench/core';

type Calls = Pick<Host, 'exec' | 'get' | 'put'>;
/** What is done in place of a call; null: what the host does. */
export type Faults = { [Name in keyof Calls]?: (...given: Parameters<Calls[Name]>) => ReturnType<Calls[Name]> | null };

/** A host some of whose calls go wrong. */
export function faultyHost(host: Host, faults: Faults): Host {
  const wrapped = (name: keyof Calls) => {
    const fault = faults[name] as ((...given: unknown[]) => Promise<unknown> | null) | undefined;
    const own = (host[name] as (...given: unknown[]) => Promise<unknown>).bind(host);
    return async (...given: unknown[]) => (await fault?.(...given)) ?? own(...given);
  };
  return new Proxy(host, {
    get: (of, name) => {
      if (name === 'exec' || name === 'get' || name === 'put') return wrapped(name);
      const value: unknown = Reflect.get(of, name);
      return typeof value === 'function' ? (value.bind(of) as unknown) : value;
    },
  });
}
