import type { CloudriftSettings } from './settings.ts';
import type { WireRecipes } from './wire.ts';

/** Which driver a machine needs: a mismatch leaves its GPUs unusable. */
export type Driver = 'open' | 'proprietary' | 'rocm';

export interface Image {
  image: string;
  cloudinit: string;
}

/** By the seller's name of the type, unless the type itself says that the open driver does not start there (`ProprietaryOnly`). */
export function driverFor(instanceType: string, kernelModules?: string | null): Driver {
  if (/^mi\d*/i.test(instanceType)) return 'rocm';
  if (kernelModules === 'ProprietaryOnly' || /^(v100|p100)/i.test(instanceType)) return 'proprietary';
  return 'open';
}

const DISKS = 'https://storage.googleapis.com/cloudrift-vm-disks';
/** Used where the list of recipes has none, of mid-2026; newer ones appear in the list. */
const FALLBACK: Readonly<Record<Driver, string>> = {
  open: `${DISKS}/disks/github/ubuntu-noble-server-gpu-580-129-20251015-183936.img`,
  proprietary: `${DISKS}/disks/github/ubuntu-noble-server-gpup-580-129-20260430-084759.img`,
  rocm: `${DISKS}/disks/github/ubuntu-noble-server-rocm-64-20260220-025112.img`,
};
const FALLBACK_CLOUDINIT = `${DISKS}/cloudinit/ubuntu-base.cloudinit`;

/** Tags of a recipe whose image has the driver, best first. */
const TAGS: Readonly<Record<Driver, readonly string[]>> = {
  open: ['nvidia-driver'],
  proprietary: ['nvidia-driver-proprietary'],
  rocm: ['amd-driver'],
};

/** The image of the settings, else of the recipes, else a known one. @param recipes null: the list could not be had */
export function chooseImage(o: { driver: Driver; settings: CloudriftSettings; recipes: WireRecipes | null }): Image {
  const { driver, settings, recipes } = o;
  const { images } = settings;
  const own = { open: images.nvidia, proprietary: images.nvidia_proprietary, rocm: images.amd }[driver];
  const found = own === undefined && recipes !== null ? newest(recipes, driver) : null;
  return { image: own ?? found?.image ?? FALLBACK[driver], cloudinit: images.cloudinit ?? found?.cloudinit ?? FALLBACK_CLOUDINIT };
}

/** The highest Ubuntu among the recipes for VMs that have the driver. */
function newest(recipes: WireRecipes, driver: Driver): { image: string; cloudinit: string | null } | null {
  let best: { version: number; image: string; cloudinit: string | null } | null = null;
  for (const group of recipes.groups) {
    if (group.name?.toLowerCase() !== 'linux' && !has(group.tags, 'vm')) continue;
    for (const { name, tags, details } of group.recipes ?? []) {
      const image = details?.VirtualMachine?.image_url;
      const [, version] = /Ubuntu\D*(\d+\.\d+)/i.exec(name ?? '') ?? [];
      if (image == null || version === undefined || !TAGS[driver].some((tag) => has(tags, tag))) continue;
      if (best === null || Number(version) > best.version)
        best = { version: Number(version), image, cloudinit: details?.VirtualMachine?.cloudinit_url ?? null };
    }
  }
  return best;
}

const has = (tags: readonly string[] | null | undefined, tag: string): boolean => (tags ?? []).some((t) => t.toLowerCase() === tag);
