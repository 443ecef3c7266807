/** What the fake sells, in the API's own words. */
export interface FakeInstanceType {
  name: string;
  brand_short: string;
  manufacturer: 'NVIDIA' | 'AMD';
  /** Bytes, of one GPU. */
  vram: number;
  /** Cents an hour, of one GPU. */
  cents: number;
  /** GPU counts of its variants. */
  counts: readonly number[];
  /** Free nodes by datacenter, for each variant. */
  nodes: Readonly<Record<string, number>>;
  kernelModules?: 'ProprietaryOnly' | 'OpenAndProprietary';
  mig_profile?: string;
}

export const GIB = 1024 ** 3;

/** Datacenters, and whether machines there have an address of their own. */
export const DATACENTERS: Readonly<Record<string, boolean>> = {
  'us-east-nc-nr-1': true,
  'us-west-or-kn-1': true,
  'eu-north-fi-gv-1': false,
};

export const DEFAULT_TYPES: readonly FakeInstanceType[] = [
  type('rtx49-7-50-500-nr', 'RTX 4090', 24, 39, { 'us-east-nc-nr-1': 4, 'eu-north-fi-gv-1': 3 }, [1, 2, 4]),
  type('rtx59-16c-nr', 'RTX 5090', 32, 65, { 'us-east-nc-nr-1': 2 }, [1, 2]),
  type('rtxpro6000-12-100-1500-nr', 'RTX PRO 6000', 96, 139.36, { 'us-east-nc-nr-1': 1, 'us-west-or-kn-1': 2 }, [1, 2]),
  type('l40s-24c-kn', 'L40S', 48, 85, { 'us-west-or-kn-1': 2 }, [1, 8]),
  type('h200-8-generic', 'H200', 141, 249, { 'us-east-nc-nr-1': 1, 'us-west-or-kn-1': 1 }, [1, 2, 8]),
  { ...type('mi350x-15-250-1000-gv', 'MI350X', 288, 320, { 'eu-north-fi-gv-1': 1 }, [1, 8]), manufacturer: 'AMD' },
  { ...type('v100-5-85-800-generic', 'V100', 32, 25, { 'us-west-or-kn-1': 3 }, [1, 4]), kernelModules: 'ProprietaryOnly' },
  { ...type('h200-mig-generic', 'H200', 141, 60, { 'us-east-nc-nr-1': 7 }, [1]), mig_profile: '1g.18gb' },
];

function type(
  name: string,
  brand: string,
  gb: number,
  cents: number,
  nodes: Readonly<Record<string, number>>,
  counts: readonly number[],
): FakeInstanceType {
  return { name, brand_short: brand, manufacturer: 'NVIDIA', vram: gb * GIB, cents, counts, nodes };
}

/** Images as `recipes/list` tells them: the group's tag and the recipes' tags differ in case and order, and one recipe has no driver. */
export const RECIPES = {
  groups: [
    { name: 'Apps', tags: ['container'], recipes: [{ name: 'Jupyter', tags: [], details: { Docker: { image: 'jupyter' } } }] },
    {
      name: 'Linux',
      description: 'Plain machines',
      tags: ['vm'],
      recipes: [
        recipe('Ubuntu 22.04 Server (NVidia)', ['nvidia-driver'], 'ubuntu-jammy-gpu'),
        recipe('Ubuntu 24.04 Server (NVidia)', ['nvidia-driver'], 'ubuntu-noble-gpu'),
        recipe('Ubuntu 24.04 Server (NVidia, proprietary)', ['nvidia-driver-proprietary'], 'ubuntu-noble-gpup'),
        recipe('Ubuntu 24.04 Server (AMD)', ['amd-driver'], 'ubuntu-noble-rocm'),
        recipe('Ubuntu 26.04 Server', [], 'ubuntu-plain'),
      ],
    },
  ],
};

function recipe(name: string, tags: readonly string[], image: string) {
  const details = {
    VirtualMachine: { image_url: `https://images.example/${image}.img`, cloudinit_url: 'https://images.example/base.cloudinit' },
  };
  return { name, description: '', tags, details };
}
