import type { SystemInfo } from '@bench/core';
import type { RentedMachine } from '@bench/provisioning';
import type { MachineFile } from '@bench/results';

/** What the run directory keeps of a rented machine: what was bought, of whom, for how much; no secret. */
export function machineFile(rented: RentedMachine, system: SystemInfo, diskGb: number): MachineFile {
  const { name, ref, offer } = rented;
  const seen = rented.machine();
  const { gpu } = offer;
  const price = seen.priceUsdPerHour ?? offer.priceUsdPerHour;
  const source = seen.priceUsdPerHour === null ? offer.priceSource : (seen.priceSource ?? offer.priceSource);
  return {
    name,
    kind: 'rented',
    system,
    priceUsdPerHour: price,
    priceSource: price === null ? null : source.name,
    rented: {
      name,
      provider: ref.provider,
      id: ref.id,
      offer: offer.id,
      instanceType: offer.instanceType,
      region: offer.region,
      zone: offer.zone,
      country: offer.country,
      gpu: gpu && { name: gpu.id ?? gpu.name, count: gpu.count, memoryGb: gpu.memoryGb },
      market: offer.market,
      workload: seen.workload,
      diskGb,
      storageUsdPerGbMonth: offer.storageUsdPerGbMonth,
      egressUsdPerGb: offer.egressUsdPerGb,
      priceAt: price === null ? null : source.at,
      createdAt: seen.createdAt,
    },
  };
}
