import { BenchError } from '@bench/core';
import { commandTarget, composeTarget, containerTarget, processTarget, serviceTarget, type Target } from '@bench/deploy';
import type { Engine, Task } from '@bench/recipe';
import type { SiteName } from './site-name.ts';

/** How deployments live at a site, by kind of recipe. */
export interface SiteTargets {
  forTask(task: Task): Target;
  /** The target that a journalled record names. @throws BenchError `BENCH_TARGET_UNKNOWN`. */
  byName(name: string): Target;
}

/** On site `local` engines are processes; elsewhere they and services are containers. Commands run anywhere. */
export function siteTargets(
  kind: SiteName['kind'],
  options: {
    engines: readonly Engine[];
    cwd: string;
    /** On rented sites: `container`, the engine is what is rented, and nothing else can be. */
    workload?: 'vm' | 'container' | undefined;
  },
): SiteTargets {
  const { engines } = options;
  if (options.workload === 'container') {
    const container = containerTarget({ engines });
    return { forTask: () => container, byName: () => container };
  }
  const engine = kind === 'local' ? processTarget({ engines }) : composeTarget({ engines });
  const service = serviceTarget();
  const command = commandTarget({ cwd: options.cwd });
  const all = [engine, service, command];
  return {
    forTask: (task) => (task.kind === 'command' ? command : task.kind === 'service' ? service : engine),
    byName: (name) => {
      const found = all.find((target) => target.name === name);
      if (found) return found;
      throw new BenchError({
        code: 'BENCH_TARGET_UNKNOWN',
        message: `the run was deployed by "${name}", which this site does not have`,
        hint: 'use the version of bench that began the run',
      });
    },
  };
}
