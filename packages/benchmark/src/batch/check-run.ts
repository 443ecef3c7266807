import { checkBatch, planBatch, type Problem } from '@bench/deploy';
import type { Engine, Task } from '@bench/recipe';
import type { BatchSite } from './batch-site.ts';

/**
 * Why tasks cannot run on a cluster, each reason once: what their recipes need, and what their jobs ask of the queue. Nothing is sent; words stand
 * for what is known only when it is.
 */
export function problemsOf(tasks: readonly Task[], o: { site: BatchSite; remoteDir: string; engines: readonly Engine[] }): Problem[] {
  const { site, remoteDir, engines } = o;
  const found = tasks.flatMap((task): Problem[] => {
    const own = checkBatch(task, { engines });
    if (own.length > 0) return own;
    const plan = planBatch(task, {
      place: { remoteDir, runId: 'check', deploymentId: 'check' },
      deploymentDir: '.',
      engines,
      loadClient: { node: '/node', file: '/bench-loadgen.mjs' },
      apiKey: 'check',
      resolve: (env) => Object.fromEntries(Object.keys(env).map((name) => [name, ''])),
      gpuTypes: site.gpuTypes,
    });
    return plan.jobs
      .flatMap(({ directives }) => site.problems(directives))
      .map((problem) => ({ ...problem, message: `${task.recipe}/${task.variant}: ${problem.message}` }));
  });
  return [...new Map(found.map((problem) => [problem.message, problem])).values()];
}
