import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { defineConfig, type Options } from 'tsup';
import { library } from '../../config/tsup.ts';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { version: string };

/** Not every package exports its own `package.json`. */
function folderOf(name: string, from: NodeJS.Require): string {
  let folder = dirname(from.resolve(name));
  while (!existsSync(join(folder, 'LICENSE'))) folder = dirname(folder);
  return folder;
}

/** The licences of what is bundled go with it. */
function licences(): string {
  const here = createRequire(import.meta.url);
  const core = createRequire(new URL('../core/package.json', import.meta.url));
  const parquet = createRequire(here.resolve('hyparquet-compressors'));
  const parts = {
    zod: core,
    '@huggingface/tokenizers': here,
    hyparquet: here,
    'hyparquet-compressors': here,
    fzstd: parquet,
    hysnappy: parquet,
  };
  const texts = Object.entries(parts).map(
    ([name, from]) => `${name}\n${readFileSync(join(folderOf(name, from), 'LICENSE'), 'utf8').trim()}`,
  );
  return `/*!\nThis file contains:\n\n${texts.join('\n\n').replaceAll('*/', '* /')}\n*/`;
}

/** Zod's messages in forty languages, a quarter of the file, are not used. */
const withoutLocales: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'without-locales',
  setup(build) {
    build.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: 'export {};' }));
  },
};

/**
 * `worker` and `selfcheck-server` are the files that threads are started from, so they must exist by those names. They carry the few functions of
 * `@bench/core` they need: a thread that loads the schemas too takes 100 ms longer to start, at every point of every run.
 * `standalone.mjs` is program and thread in one file that needs nothing beside it: it is copied to other machines.
 */
export default defineConfig([
  library({
    entry: ['src/index.ts', 'src/standalone/index.ts', 'src/testing/index.ts', 'src/selfcheck/index.ts'],
    clean: ['!worker.*', '!selfcheck-server.*', '!standalone.mjs'],
  }) as Options,
  library({
    entry: ['src/worker.ts', 'src/selfcheck-server.ts'],
    clean: false,
    splitting: false,
    dts: false,
    noExternal: ['@bench/core'],
    esbuildOptions(options) {
      options.conditions = ['@bench/source'];
    },
  }) as Options,
  library({
    entry: { standalone: 'src/standalone/program.ts' },
    outExtension: () => ({ js: '.mjs' }),
    clean: false,
    dts: false,
    sourcemap: false,
    splitting: false,
    minify: true,
    noExternal: [/.*/],
    esbuildPlugins: [withoutLocales],
    footer: { js: licences() },
    define: { BENCH_LOADGEN_VERSION: JSON.stringify(version) },
    // What is CommonJS inside asks for Node's own modules by `require`.
    banner: { js: "import { createRequire as __require } from 'node:module'; const require = __require(import.meta.url);" },
    esbuildOptions(options) {
      options.conditions = ['@bench/source'];
    },
  }) as Options,
]);
