import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** Dependencies of this workspace are read from source. */
const fromSource = {
  conditions: ['@bench/source', 'module', 'node', 'development|production'],
  externalConditions: ['@bench/source', 'node'],
};

/** Screen, and a file that the closing summary of `npm test` adds up, also when the task is replayed from the cache. */
const reporters = (file: string): NonNullable<ViteUserConfig['test']>['reporters'] => [
  'default',
  ['json', { outputFile: `test-report/${file}.json` }],
];

/** Unit tests of one package, beside their source. */
export function unit(overrides: ViteUserConfig['test'] = {}) {
  return defineConfig({
    ssr: { resolve: fromSource },
    test: {
      name: 'unit',
      include: ['src/**/*.test.ts'],
      exclude: ['src/**/*.integration.test.ts', 'src/**/*.e2e.test.ts', 'node_modules', 'dist'],
      reporters: reporters('unit'),
      // A machine may stand still for a while: other builds, a slow disk.
      testTimeout: 60_000,
      passWithNoTests: false,
      ...overrides,
    },
  });
}

/** Tests that start real parts or the built CLI: one after another, because daemons and cores are shared. */
export function system(overrides: ViteUserConfig['test'] = {}) {
  return defineConfig({
    ssr: { resolve: fromSource },
    test: {
      name: 'system',
      include: ['packages/*/src/**/*.{integration,e2e}.test.ts', 'apps/*/{src,test}/**/*.{integration,e2e}.test.ts'],
      exclude: ['**/node_modules/**', '**/dist/**'],
      reporters: reporters('system'),
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 60_000,
      passWithNoTests: true,
      ...overrides,
    },
  });
}

/** Tests of the repository's own scripts. */
export function scripts(overrides: ViteUserConfig['test'] = {}) {
  return defineConfig({
    test: { name: 'scripts', include: ['scripts/**/*.test.mjs'], reporters: reporters('scripts'), testTimeout: 60_000, ...overrides },
  });
}
