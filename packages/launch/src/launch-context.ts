import { chooseLauncher } from './launchers/choose-launcher.ts';
import { localStarter } from './starter.ts';
import type { Allocation, LaunchContext, LaunchRequest, SchedulerPlugin, System } from './types.ts';

/**
 * Gathers what a plan is made with: the launcher, asked what it is, and names of variables. `id` is this launch's own, `folder` an absolute path for the plan's
 * files, which need not exist yet.
 * @throws BenchError `BENCH_NO_LAUNCHER`, `BENCH_UNKNOWN_MPI`.
 */
export function launchContext(
  system: System,
  options: {
    id: string;
    folder: string;
    request: LaunchRequest;
    allocation: Allocation;
    plugins?: readonly SchedulerPlugin[] | undefined;
    /** Path of Node.js. Default: the one that runs this. */
    node?: string | undefined;
  },
): LaunchContext {
  const plugins = options.plugins ?? [];
  const { request, allocation, node = process.execPath } = options;
  return {
    id: options.id,
    folder: options.folder,
    launcher: chooseLauncher(system, { request, allocation, plugins, node }),
    variables: Object.keys(system.env).filter((name) => system.env[name] !== undefined),
    // People write the whole flag into it.
    cpuBind: system.env.CPU_BIND?.replace(/^--cpu-bind[= ]/, '').trim() || null,
    root: system.uid === 0,
    hostname: system.hostname,
    starter: localStarter(),
    plugins,
  };
}
