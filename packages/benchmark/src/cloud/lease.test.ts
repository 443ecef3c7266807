import { createIo, type Host } from '@bench/core';
import type { Capabilities, OpenProviders, RentedMachine } from '@bench/provisioning';
import { describe, expect, it } from 'vitest';
import { leaseOf } from './lease.ts';

function providers(capabilities: Partial<Capabilities>, selfDestruct: object | null): OpenProviders {
  const open = { factory: { name: 'p', capabilities }, provider: { selfDestruct: () => selfDestruct } };
  return { get: () => open } as unknown as OpenProviders;
}

/** Notes that it was touched, and can do nothing. */
function deadHost(touched: string[]): Host {
  return new Proxy({} as Host, {
    get: (_target, name) => {
      if (name === 'name' || name === 'kind') return 'ssh';
      touched.push(String(name));
      return () => Promise.reject(new Error('cannot'));
    },
  });
}

const rented = { name: 'bench-abc123-r1-0', ref: { provider: 'p', id: '1' } } as unknown as RentedMachine;

async function lease(capabilities: Partial<Capabilities>, selfDestruct: object | null = null) {
  const touched: string[] = [];
  const warnings: string[] = [];
  const io = createIo({ logger: { log: (_level, message) => warnings.push(message) } });
  const made = await leaseOf({ host: deadHost(touched), rented, providers: providers(capabilities, selfDestruct), leaseS: 60, io });
  return { made, touched, warnings };
}

describe('the lease of a rented machine', () => {
  it('is never set on machines that must not be shut down', async () => {
    expect(await lease({ shutdown: 'never' })).toEqual({ made: null, touched: [], warnings: [] });
  });

  it('is set on them where they can be ended by a request', async () => {
    expect((await lease({ shutdown: 'never' }, { method: 'DELETE', url: 'http://127.0.0.1:9/x', headers: {} })).touched).not.toEqual([]);
  });

  it('that cannot be set is told, with what ends the machine then', async () => {
    const { made, touched, warnings } = await lease({});
    expect(made).toBeNull();
    expect(touched).not.toEqual([]);
    expect(warnings.join()).toContain('bench-abc123-r1-0: it will not end by itself');
    expect(warnings.join().split('bench-abc123-r1-0')).toHaveLength(2);
  });
});
