import { ensureInstalled } from './install.mjs';
import { platformProblem, thisMachine } from './platform.mjs';
import { QUIET_ENV, run, say, seconds, turboArgs } from './run.mjs';

const RECIPE = 'recipes/tiny-cpu';

/** Installs, builds, runs the main job on the tiny recipe. Resolves with the exit code. */
export async function demo() {
  const startedAt = performance.now();
  const problem = platformProblem(thisMachine());
  if (problem && !process.env.BENCH_DEMO_ANYWHERE) {
    console.error(problem);
    return 3;
  }

  const installed = await ensureInstalled();
  if (installed.interrupted) return 130;
  if (installed.code !== 0) return installed.code;

  say('Building (about a minute the first time, cached from then on)');
  const built = await run('npx', turboArgs('build', '--output-logs=errors-only'), { env: QUIET_ENV });
  if (built.interrupted) return 130;
  if (built.code !== 0) return built.code;

  say(`Ready after ${seconds(performance.now() - startedAt)}. Now the main job: bench run ${RECIPE}\n`);
  const job = await run(process.execPath, ['apps/cli/dist/bench.js', 'run', RECIPE]);
  return job.code;
}
