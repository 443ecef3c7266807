export { GPUS, type GpuModel, type GpuVendor } from './catalogue.ts';
export { findGpu, gpuByPciId, normalizeGpuName } from './match.ts';
