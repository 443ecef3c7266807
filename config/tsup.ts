import { defineConfig, type Options } from 'tsup';

/**
 * The one build of every package: ESM and declarations for Node 20.19. Declarations are made against the built
 * dependencies, so a package cannot compile against what its dependency does not export.
 */
export function library(options: Options = {}) {
  return defineConfig({
    entry: ['src/index.ts'],
    format: ['esm'],
    target: 'node20',
    platform: 'node',
    clean: true,
    sourcemap: true,
    splitting: true,
    dts: { compilerOptions: { customConditions: [], noEmit: false } },
    ...options,
  });
}
