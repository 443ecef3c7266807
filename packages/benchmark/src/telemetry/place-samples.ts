import type { PointTelemetry } from '@bench/core';
import type { HostClock } from './clock-offset.ts';
import type { HostSample } from './sample-host.ts';
import type { EngineSample } from './scrape-engine.ts';

export interface Samples {
  host: readonly HostSample[];
  engine: readonly EngineSample[];
  /** How the host's clock stands to this program's; null: not known. */
  clock: HostClock | null;
}

/**
 * Moves samples onto the clock of a point: milliseconds since its zero, in order. Samples of the host are stamped by the host, those of the engine
 * here; the point's zero is by the clock of its client, which ran on one of the two. What cannot be moved, for the clocks are not known, is left out.
 */
export function placeSamples(samples: Samples, point: { zeroEpochMs: number; client: 'here' | 'host' }): PointTelemetry[] {
  const { zeroEpochMs, client } = point;
  const offset = {
    here: { host: samples.clock && -samples.clock.offsetMs, engine: 0 },
    host: { host: 0, engine: samples.clock?.offsetMs ?? null },
  };
  const { host, engine } = offset[client];
  const clocks: PointTelemetry[] = [];
  const lines: (PointTelemetry & { atMs: number })[] = [];
  const clock = (of: 'host' | 'engine', offsetMs: number) =>
    clocks.push(
      (of === 'engine') === (client === 'here')
        ? { kind: 'clock', of, offsetMs: 0, uncertaintyMs: 0, method: 'same' }
        : { kind: 'clock', of, offsetMs: tenth(offsetMs), uncertaintyMs: tenth(samples.clock?.uncertaintyMs ?? 0), method: 'exchange' },
    );
  if (samples.host.length > 0 && host !== null) {
    clock('host', host);
    for (const { fromMs, toMs, gpus, cpu } of samples.host)
      lines.push({ kind: 'host', atMs: tenth((fromMs + toMs) / 2 + host - zeroEpochMs), gpus, cpu });
  }
  if (samples.engine.length > 0 && engine !== null) {
    clock('engine', engine);
    for (const { atMs, figures } of samples.engine) lines.push({ kind: 'engine', atMs: tenth(atMs + engine - zeroEpochMs), ...figures });
  }
  return [...clocks, ...lines.toSorted((a, b) => a.atMs - b.atMs)];
}

const tenth = (ms: number): number => Math.round(ms * 10) / 10;
