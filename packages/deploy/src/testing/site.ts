import type { SiteFacts } from '../contract.ts';

/** A place without GPUs, for tests. */
export function testSite(facts: Partial<SiteFacts> & Pick<SiteFacts, 'deploymentDir' | 'hostDir'>): SiteFacts {
  return {
    site: 'test',
    gpuVendor: null,
    gpus: [],
    freePorts: [],
    deploymentId: 'd1',
    namePrefix: 'bench-test-d1',
    modelDir: '/nonexistent/models',
    expose: false,
    programs: {},
    ...facts,
  };
}
