export { hurriedIo } from './hurried-io.ts';
export type { ConformanceCase, ConformanceHooks, ConformanceOptions, ConformanceWorld, Refusal } from './options.ts';
export { providerConformance } from './provider-conformance.ts';
