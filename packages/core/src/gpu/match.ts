import { GPUS, type GpuFormFactor, type GpuModel } from './catalogue.ts';
import { memoryFits } from './memory.ts';

export interface GpuQuery {
  /** What the driver or the seller says, MiB; decides between products of one name. */
  memoryMiB?: number | undefined;
}

/** Lower case, without vendor words, spaces and dashes: the form in which names are compared. */
export function normalizeGpuName(name: string): string {
  return name
    .toLowerCase()
    .replace(/nvidia|geforce|tesla|amd|instinct|radeon/g, '')
    .replace(/[^a-z0-9]/g, '');
}

/** Words that tell nothing about which product it is. */
const NOISE = new Set([
  'nvidia',
  'geforce',
  'tesla',
  'amd',
  'instinct',
  'radeon',
  'graphics',
  'gpu',
  'edition',
  'generation',
  'blackwell',
  'hgx',
  'dgx',
  'hbm2',
  'hbm2e',
  'hbm3',
  'hbm3e',
]);
const FORMS: Record<string, GpuFormFactor> = {
  sxm: 'SXM',
  sxm2: 'SXM',
  sxm3: 'SXM',
  sxm4: 'SXM',
  sxm5: 'SXM',
  sxm6: 'SXM',
  pcie: 'PCIe',
  pci: 'PCIe',
  nvl: 'NVL',
  oam: 'OAM',
};

interface Reading {
  /** What is left of a name without vendor, memory and form factor. */
  product: string;
  memoryGb: number | null;
  form: GpuFormFactor | null;
}

function read(name: string): Reading {
  const reading: Reading = { product: '', memoryGb: null, form: null };
  const text = name.toLowerCase().replace(/(\d)\s+(gi?b)\b/g, '$1$2');
  for (const word of text.split(/[^a-z0-9]+/)) {
    const memory = /^(\d{1,4})gi?b$/.exec(word);
    if (memory) reading.memoryGb = Number(memory[1]);
    else if (FORMS[word]) reading.form = FORMS[word];
    else if (!NOISE.has(word)) reading.product += word;
  }
  return reading;
}

const known = GPUS.map((gpu) => ({
  gpu,
  literal: new Set([gpu.id, gpu.short, ...gpu.names].map((n) => n.toLowerCase())),
  normal: new Set([gpu.id, gpu.short, ...gpu.names].map(normalizeGpuName)),
  products: new Set([gpu.family, ...gpu.names].map((n) => read(n).product)),
}));

/**
 * All of the catalogue's GPUs that a name may mean, best first. A name is compared as it is, then normalised, then as product
 * with the memory ("80GB") and form factor ("PCIe", "SXM4") that it states; what a name states must fit.
 */
export function findGpus(name: string, query: GpuQuery = {}): GpuModel[] {
  const reportedGb = query.memoryMiB === undefined ? null : query.memoryMiB / 1024;
  const fits = (gpu: GpuModel) => reportedGb === null || memoryFits(reportedGb, gpu.memoryGb);
  const literal = name.trim().toLowerCase();
  const normal = normalizeGpuName(name);
  if (normal === '') return [];
  const reading = read(name);
  const stages = [
    known.filter((k) => k.literal.has(literal)),
    known.filter((k) => k.normal.has(normal)),
    known.filter(
      ({ gpu, products }) =>
        products.has(reading.product) &&
        (reading.memoryGb === null || memoryFits(reading.memoryGb, gpu.memoryGb)) &&
        (reading.form === null || reading.form === gpu.formFactor),
    ),
  ];
  return [...new Set(stages.flat().map((k) => k.gpu))].filter(fits);
}

/** The catalogue's GPU for any name it is known by; undefined: unknown, which is not an error. */
export function findGpu(name: string, query: GpuQuery = {}): GpuModel | undefined {
  return findGpus(name, query)[0];
}

/** By PCI device id (`2335`, `0x2335`, `10de:2335`). */
export function gpuByPciId(id: string): GpuModel | undefined {
  const wanted = id
    .trim()
    .toLowerCase()
    .replace(/^(10de|1002):/, '')
    .replace(/^0x/, '');
  return GPUS.find((g) => g.pciIds.includes(wanted));
}

/**
 * What a variant's name begins with: the catalogue's short name (`rtx5090`, `h200`, `b200`, `h100pcie`, `a100-80gb`, `pro6000`,
 * `pro6000ws`, `mi350x`), or for an unknown GPU its letters and digits without vendor words, 24 at most; `gpu` when none is left.
 */
export function shortGpuName(name: string): string {
  return findGpu(name)?.short ?? (normalizeGpuName(name).slice(0, 24) || 'gpu');
}
