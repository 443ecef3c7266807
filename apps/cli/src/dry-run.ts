import { processTarget, type RenderedStep } from '@bench/deploy';
import { planTasks } from '@bench/planner';
import { BUILTIN_ENGINES, engineOf, loadPoints, type Task } from '@bench/recipe';
import { pointLabel } from '@bench/benchmark';
import { describeCommand } from '@bench/host';

/** Stands for the free port that is looked up when the engine is started. */
const PORT = 8000;

/** What `bench run` would do, in order: the same input gives the same text. Connects to nothing. */
export function dryRun(tasks: readonly Task[], options: { site: string; json: boolean }): string {
  const target = processTarget();
  const deployments = planTasks(tasks).groups.flatMap((group) =>
    group.deployments.map((deployment, n) => {
      const first = deployment.tasks[0] as Task;
      const engine = first.kind === 'inference' ? engineOf(first.resolved).engine.name : first.kind;
      const facts = {
        gpuVendor: group.gpuVendor,

        gpus: Array.from({ length: group.gpuCount }, (_, id) => ({ id: String(id), name: group.gpu ?? '' })),
        freePorts: [PORT],
        namePrefix: `d${n + 1}-${deployment.key.slice(0, 8)}`,
        deploymentDir: '<run>/deployments',
        programs: Object.fromEntries(BUILTIN_ENGINES.flatMap((e) => (e.program ? [[e.name, { argv: e.program.argv }]] : []))),
      };
      const problems = deployment.tasks.flatMap((task) => target.check(task, facts));
      return {
        group: group.index,
        gpu: group.gpu,
        engine,
        problems,
        steps: problems.length > 0 ? [] : target.plan(first, facts).steps,
        tasks: deployment.tasks.map((task) => ({
          recipe: task.recipe,
          variant: task.variant,
          key: task.key,
          repeats: task.resolved.benchmark?.repeats ?? 1,
          points: loadPoints(task).map((p) => p.load),
        })),
      };
    }),
  );
  if (options.json) return `${JSON.stringify({ site: options.site, deployments }, null, 1)}\n`;
  const out = [`Nothing is done; on site "${options.site}" this would be:`];
  for (const d of deployments) {
    out.push('', `deploy ${d.engine}${d.gpu === null ? '' : ` on ${d.gpu}`} (port ${PORT} stands for the free one that is chosen then)`);
    for (const problem of d.problems)
      out.push(`  cannot run here: ${problem.message}${problem.hint === undefined ? '' : ` (${problem.hint})`}`);
    for (const step of d.steps) out.push(`  ${stepText(step)}`);
    for (const task of d.tasks) {
      out.push(`  measure ${task.recipe}/${task.variant}${task.repeats > 1 ? ` ${task.repeats} times` : ''}`);
      for (const load of task.points) out.push(`    ${pointLabel(load)}  ${amount(load)}`);
    }
    if (d.problems.length === 0) out.push('  stop the engine');
  }
  return `${out.join('\n')}\n`;
}

function stepText(step: RenderedStep): string {
  switch (step.kind) {
    case 'command':
      return `${step.description}: ${describeCommand({ argv: step.argv as [string, ...string[]] })}`;
    case 'http':
      return `${step.description}: ${step.method} ${step.url}`;
    case 'file':
      return `${step.description}: write ${step.path}`;
  }
}

function amount(load: ReturnType<typeof loadPoints>[number]['load']): string {
  const what = load.durationMs === undefined ? `${load.numPrompts ?? '?'} requests` : `${load.durationMs / 1000} s`;
  const data =
    load.data.kind === 'random'
      ? `${range(load.data.inputTokens)} tokens in${load.api === 'embeddings' ? '' : `, ${range(load.data.outputTokens)} out`}`
      : `${load.data.kind} ${load.data.path}`;
  return `${what}, ${data}, warm-up ${load.warmupRequests}`;
}

const range = (r: { min: number; max: number }) => (r.min === r.max ? String(r.min) : `${r.min}–${r.max}`);
