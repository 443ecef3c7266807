export { engineClientPlace, type EngineClientOptions } from './engine-client.ts';
export { engineClientProblems } from './engine-client-args.ts';
export { openLoadPlace } from './open-load-place.ts';
export type { LoadOrder, LoadPlace, LoadPlaceName, LoadPlaceOptions } from './load-place.ts';
export { hasLearnt } from './nothing-measured.ts';
export { discardLoad } from './discard-load.ts';
