export { startEmbeddedEngine, type EmbeddedEngine, type EmbeddedEngineOptions, type ModelSource } from './start.ts';
export { ensureRandomWeights, type RandomWeightsOptions } from './weights/cache.ts';
export { type RandomSize } from './weights/random-llama.ts';
export { ENGINE_NAME, ENGINE_VERSION, PROTOCOL_VERSION } from './protocol.ts';
export { handshake, type Handshake } from './handshake.ts';
