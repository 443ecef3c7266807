import { loadSpecSchema, type LoadSpecInput } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { machineLimits, type MachineLimits } from './machine-limits.ts';
import { preflight } from './preflight.ts';
import { driveLoad } from './run-load.ts';
import { startTestServer } from './testing/index.ts';
import { builtWorker } from './worker-crew.ts';

const data = { kind: 'random' as const, inputTokens: { min: 20, max: 20 }, outputTokens: { min: 2, max: 2 } };
const wide: MachineLimits = { openFiles: 1_048_576, open: 20, ports: 28_232 };

function check(
  load: Partial<LoadSpecInput>,
  limits: Partial<MachineLimits> = {},
  ways: { destinations?: number; sources?: number } = {},
): string[] {
  return preflight({
    load: loadSpecSchema.parse({ data, durationMs: 1000, ...load }),
    workers: 1,
    limits: { ...wide, ...limits },
    ...ways,
  });
}

describe('before anything is sent', () => {
  it('says nothing where there is room, and where nothing is known', () => {
    expect(check({ maxConcurrency: 1000 })).toEqual([]);
    expect(check({ maxConcurrency: 100_000 }, { openFiles: null, open: null, ports: null })).toEqual([]);
  });

  it('refuses more connections than files may be open, with the way to more', () => {
    expect(() => check({ maxConcurrency: 1000 }, { openFiles: 1024 })).toThrow(
      expect.objectContaining({
        code: 'BENCH_LOAD_LIMITS',
        message: '1000 connections need about 1068 open files, and this process may have 1024',
        hint: expect.stringContaining('ulimit -Hn 2048'),
      }),
    );
  });

  it('refuses more connections than there are ports', () => {
    expect(() => check({ maxConcurrency: 30_000 })).toThrow(
      expect.objectContaining({ code: 'BENCH_LOAD_LIMITS', hint: expect.stringContaining('ip_local_port_range') }),
    );
  });

  it('warns of a limit that is near', () => {
    expect(check({ maxConcurrency: 900 }, { openFiles: 1024 })).toEqual([expect.stringContaining('need about 968 open files')]);
    expect(check({ maxConcurrency: 25_000 })).toEqual([expect.stringContaining('this machine has 28232')]);
  });

  it('counts ports for each destination, and of source addresses for each of these, wherever connections go', () => {
    const load = { maxConcurrency: 50_000 };
    expect(check(load, {}, { destinations: 4 })).toEqual([]);
    expect(check(load, {}, { destinations: 2 })).toEqual([expect.stringContaining('to 2 addresses need 25000 local ports for each')]);
    expect(check(load, {}, { sources: 4 })).toEqual([]);
    expect(() => check(load, {}, { destinations: 4, sources: 1 })).toThrow('50000 connections from one address need as many local ports');
  });

  it('counts what this client has open at once', () => {
    const low = { openFiles: 200, ports: 150 };
    expect(check({ maxConcurrency: 1000, numPrompts: 50 }, low)).toEqual([]);
    expect(check({ maxConcurrency: 1000, share: { client: 0, of: 20 } }, low)).toEqual([]);
    expect(check({ arrival: { kind: 'poisson', ratePerS: 5000 }, maxConcurrency: null }, low)).toEqual([]);
    const bursts = { arrival: { kind: 'bursts' as const, size: 400, everyMs: 1000 }, maxConcurrency: null };
    expect(() => check(bursts, low)).toThrow('400 connections');
  });
});

it('a load that the machine does not allow sends nothing, and one near its limits is sent with a warning', async () => {
  const server = await startTestServer();
  const load = { maxConcurrency: 4, numPrompts: 4, data };
  const said: string[] = [];
  const drive = (openFiles: number) =>
    driveLoad(
      { baseUrl: server.url, model: 'test', load, limits: { openFiles, open: 10, ports: null }, onWarning: (text) => said.push(text) },
      builtWorker(),
    );
  try {
    await expect(drive(50)).rejects.toMatchObject({ code: 'BENCH_LOAD_LIMITS' });
    expect([server.connections(), said]).toEqual([0, []]);
    expect((await drive(70)).summary.counts.ok).toBe(4);
    expect(said).toEqual([expect.stringContaining('this process may have 70')]);
  } finally {
    await server.close();
  }
}, 60_000);

it.each(process.platform === 'linux' ? ['/proc'] : [])('reads %s', () => {
  const { openFiles, open, ports } = machineLimits();
  expect(openFiles).toBeGreaterThan(0);
  expect(open).toBeGreaterThan(0);
  expect(ports).toBeGreaterThan(0);
});
