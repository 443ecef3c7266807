/**
 * Which packages of ours a package may import, in code and in types. `typesOnly` ones leave no trace in the built code.
 * A package that is not listed may not exist; `@bench/cli` may import everything.
 */
export const DIRECTIONS = {
  '@bench/core': { code: [] },
  '@bench/recipe': { code: ['@bench/core'] },
  '@bench/results': { code: ['@bench/core'] },
  '@bench/host': { code: ['@bench/core'] },
  '@bench/loadgen': { code: ['@bench/core'] },
  '@bench/embedded-engine': { code: ['@bench/core'] },
  '@bench/provisioning': { code: ['@bench/host', '@bench/core'] },
  '@bench/launch': { code: ['@bench/host', '@bench/core'] },
  '@bench/deploy': { code: ['@bench/recipe', '@bench/host', '@bench/core'], typesOnly: ['@bench/provisioning'] },
  '@bench/planner': { code: ['@bench/recipe', '@bench/core'], typesOnly: ['@bench/provisioning'] },
  '@bench/report': { code: ['@bench/results', '@bench/core'] },
  '@bench/benchmark': {
    code: [
      '@bench/planner',
      '@bench/provisioning',
      '@bench/deploy',
      '@bench/loadgen',
      '@bench/results',
      '@bench/recipe',
      '@bench/host',
      '@bench/core',
    ],
  },
  // Private, for tests: nothing that is published may depend on it, its own code is as free as a test's.
  '@bench/test-machines': { code: [] },
  '@bench/cli': { code: 'everything' },
};

/** What reads the outside world behind the back of `Io`, and the name it is reported by. */
export const IMPURE = ['process.env', 'process.exit', 'process.argv', 'process.stdin', 'console', 'Date.now', 'new Date()', 'Math.random'];

/** Files that may do so, each with its reason. A path ending in `/` is a folder. */
export const PURITY_EXCEPTIONS = [
  { path: 'apps/cli/', allows: IMPURE, reason: 'the program: flags and environment in, text and exit code out' },
  { path: 'packages/core/src/real-io.ts', allows: ['process.env', 'Date.now', 'Math.random'], reason: 'the one file that makes a real Io' },
  { path: 'packages/embedded-engine/src/bin.ts', allows: IMPURE, reason: 'entry of a process of its own' },
  { path: 'packages/provisioning/src/testing/program/bench-fake-cloud.ts', allows: IMPURE, reason: 'entry of a process of its own' },
  { path: 'packages/loadgen/src/standalone/program.ts', allows: ['process.argv'], reason: 'entry of a process of its own' },
  {
    path: 'packages/deploy/src/supervisor.ts',
    allows: ['process.env'],
    reason: 'a child inherits the environment; nothing is read from it',
  },
];

/** Never loaded by a library at start: imported dynamically, where it is used. `except`: the package that is made of it. */
export const HEAVY = {
  exceljs: {},
  ssh2: {},
  'node-llama-cpp': { except: '@bench/embedded-engine' },
  'google-auth-library': {},
  '@resvg/resvg-js': {},
  '@huggingface/tokenizers': {},
  hyparquet: {},
  'hyparquet-compressors': {},
};
