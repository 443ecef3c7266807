export { GPUS, type GpuFormFactor, type GpuModel, type GpuVendor } from './catalogue.ts';
export { findGpu, findGpus, gpuByPciId, normalizeGpuName, shortGpuName, type GpuQuery } from './match.ts';
export { machineOfGpus } from './machine-name.ts';
export { snapGpuMemoryGb } from './memory.ts';
export { nearGpu } from './near.ts';
