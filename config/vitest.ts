import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** Unit tests of one package, beside their source. Dependencies of this workspace are read from source. */
export function unit(overrides: ViteUserConfig['test'] = {}) {
  return defineConfig({
    ssr: { resolve: { conditions: ['@bench/source', 'module', 'node', 'development|production'], externalConditions: ['@bench/source', 'node'] } },
    test: {
      name: 'unit',
      include: ['src/**/*.test.ts'],
      exclude: ['src/**/*.integration.test.ts', 'src/**/*.e2e.test.ts', 'node_modules', 'dist'],
      testTimeout: 20_000,
      passWithNoTests: false,
      ...overrides,
    },
  });
}
