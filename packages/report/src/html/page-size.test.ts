import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildReport, writeHtml } from '../index.ts';
import { manyRun } from '../testing/many-run.ts';

it('stays below 10 MB with 200 variants, however long their points were', async () => {
  const run = manyRun({ variants: 200, loads: [8, 32], requests: 12, outputTokens: 4 });
  const row = { sent: 113, done: 112, failed: 0, client: [] };
  const hour = Array.from({ length: 3600 }, (_, t) => ({
    ...row,
    t,
    outputTokens: 12_345.678 + ((t * 7919) % 4999),
    inFlight: 31.4159 - ((t * 31) % 17) / 7,
    ttftP50Ms: 123.456 + ((t * 17) % 977) / 3,
  }));
  const telemetry = hour.map(({ t }) => ({
    kind: 'engine' as const,
    atMs: 1000 * t + 500,
    kvCacheUsage: ((t * 13) % 997) / 997,
    waiting: (t * 7) % 53,
  }));
  for (const { points } of run.tasks)
    for (const point of points) {
      point.series = () => Promise.resolve(hour);
      point.telemetry = () => Promise.resolve(telemetry);
    }
  const dir = await mkdtemp(join(tmpdir(), 'report-size-'));
  try {
    await writeHtml(buildReport({ runs: [run] }), join(dir, 'report.html'), { now: 0 });
    const { size } = await stat(join(dir, 'report.html'));
    expect(size).toBeLessThan(10_000_000);
    // All of them are in it.
    expect(size).toBeGreaterThan(1_000_000);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}, 180_000);
