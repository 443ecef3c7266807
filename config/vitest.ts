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

const SYSTEM = ['packages/*/src/**/*.{integration,e2e}.test.ts', 'apps/*/{src,test}/**/*.{integration,e2e}.test.ts'];
const BUILT = ['**/node_modules/**', '**/dist/**'];

/** They measure time, or keep all cores busy by themselves: nothing runs beside them. */
const ALONE = [
  ...['client-bound', 'leak', 'load-servers', 'mock-engine', 'run', 'selfcheck'].map((name) => `apps/cli/test/${name}.e2e.test.ts`),
  'packages/provisioning/src/watchdog/start-lease.integration.test.ts',
];

/**
 * Tests that start real parts or the built CLI. Two files at once, which wait for daemons most of their time and share nothing but the cores; after them
 * those that need the cores for themselves.
 */
export function system() {
  const lane = (name: string, order: number, test: ViteUserConfig['test']) => ({
    ssr: { resolve: fromSource },
    test: { name, testTimeout: 120_000, hookTimeout: 60_000, sequence: { groupOrder: order }, ...test },
  });
  return defineConfig({
    test: {
      reporters: reporters('system'),
      passWithNoTests: true,
      projects: [
        lane('system', 0, { include: SYSTEM, exclude: [...BUILT, ...ALONE], maxWorkers: 2 }),
        lane('alone', 1, { include: ALONE, exclude: BUILT, fileParallelism: false }),
      ],
    },
  });
}

/** Tests of the repository's own scripts. */
export function scripts(overrides: ViteUserConfig['test'] = {}) {
  return defineConfig({
    test: { name: 'scripts', include: ['scripts/**/*.test.mjs'], reporters: reporters('scripts'), testTimeout: 60_000, ...overrides },
  });
}
