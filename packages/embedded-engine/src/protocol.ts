import manifest from '../package.json' with { type: 'json' };

/** Raised when the process contract (flags, event lines, endpoints that callers rely on) changes incompatibly. */
export const PROTOCOL_VERSION = 1;

/** Name and version of this package, as `package.json` states them. */
export const ENGINE_NAME: string = manifest.name;
export const ENGINE_VERSION: string = manifest.version;
