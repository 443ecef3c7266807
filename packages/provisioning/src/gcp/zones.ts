import { type BenchError, didYouMean } from '@bench/core';
import { providerError } from '../contract/error.ts';
import type { GcpSettings } from './settings.ts';
import { type GcpRegion, lastPart } from './wire.ts';

/**
 * The first zone of the settings that the project does not have: nothing would ever be rented there, and nobody would be told. Null: all are
 * there, or the regions do not say which zones they have.
 */
export function unknownZone(settings: GcpSettings, regions: readonly GcpRegion[]): BenchError | null {
  const known = new Set(regions.flatMap(({ zones = [] }) => zones.map(lastPart)));
  if (known.size === 0) return null;
  for (const [gpu, zones] of Object.entries(settings.zones)) {
    const zone = zones.find((name) => !known.has(name));
    if (zone === undefined) continue;
    const near = didYouMean(zone, known);
    return providerError({
      kind: 'request',
      provider: 'gcp',
      op: 'offers',
      message: `the project has no zone "${zone}", which providers.gcp.zones.${gpu} of the settings names`,
      hint: near ?? `there are: ${[...known].toSorted().join(', ')}`,
    });
  }
  return null;
}
