import type { SiteFacts } from '@bench/deploy';
import type { Offer } from '@bench/provisioning';

/** What a target will find on a machine that is not there yet: what its offer says, and what bench brings to it. */
export function offerFacts(offer: Offer, { expose }: { expose: boolean }): SiteFacts {
  const { gpu } = offer;
  return {
    site: `${offer.provider} (${offer.instanceType})`,
    gpuVendor: gpu?.vendor ?? null,
    gpus: Array.from({ length: gpu?.count ?? 0 }, (_, i) => ({
      id: String(i),
      // The catalogue knows the product by the id; a seller's spelling may be anybody's.
      name: gpu?.id ?? gpu?.name ?? '',
    })),
    freePorts: Array.from({ length: (gpu?.count ?? 0) + 2 }, (_, i) => 20_000 + i),
    deploymentId: 'check',
    namePrefix: 'bench-check',
    deploymentDir: '.',
    hostDir: '/tmp/bench',
    modelDir: '/tmp/bench/models',
    containers: {
      docker: ['docker'],
      dockerVersion: '28.0.0',
      compose: { argv: ['docker', 'compose'], version: '2.30.0', flavour: 'v2' },
      nvidiaRuntime: gpu?.vendor === 'nvidia',
    },
    expose,
    programs: {},
  };
}
