import { GPUS, type GpuModel } from '@bench/core';

/** Spellings of the seller that do not follow from the catalogue's names. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  RTX6000Ada: ['RTX 6000Ada'],
};

/** How the seller may spell a GPU of the catalogue, by its id or its family; spaces as in its JSON. Empty: not in the catalogue. */
export function sellerNames(gpu: string): string[] {
  const wanted = GPUS.filter(({ id, family }) => id === gpu || family === gpu);
  return [...new Set(wanted.flatMap((model) => [...(OWN[model.id] ?? []), ...spellings(model)]))];
}

function spellings({ names }: GpuModel): string[] {
  return names
    .filter((name) => /^[A-Z]/.test(name))
    .flatMap((name) => {
      const bare = name
        .replace(/^NVIDIA /, '')
        .replace(/^GeForce /, '')
        .replace(/ Generation$/, '');
      return [name, bare, bare.replace(/PCIe/g, 'PCIE')];
    });
}
