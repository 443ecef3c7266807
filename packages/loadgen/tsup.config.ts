import { defineConfig, type Options } from 'tsup';
import { library } from '../../config/tsup.ts';

/**
 * `worker` is the file that threads are started from, so it must exist by that name. It carries the few functions of
 * `@bench/core` it needs: a thread that loads the schemas too takes 100 ms longer to start, at every point of every run.
 */
export default defineConfig([
  library({ entry: ['src/index.ts', 'src/testing/index.ts'], clean: ['!worker.*'] }) as Options,
  library({
    entry: ['src/worker.ts'],
    clean: false,
    dts: false,
    noExternal: ['@bench/core'],
    esbuildOptions(options) {
      options.conditions = ['@bench/source'];
    },
  }) as Options,
]);
