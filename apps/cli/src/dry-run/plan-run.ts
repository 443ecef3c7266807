import { missingFiles, type SiteName, siteTargets } from '@bench/benchmark';
import { type ContainerRecord, type DeploymentRecord, plannedWorkload } from '@bench/deploy';
import { type ExecutionGroup, type PlannedDeployment, planTasks } from '@bench/planner';
import { BUILTIN_ENGINES, engineOf, type Task } from '@bench/recipe';
import { type Asked, siteOfRun } from '../asked.ts';
import { madeUpSite } from './made-up-site.ts';
import { planBatchRun } from './plan-batch-run.ts';
import { measurement, type PlannedDeploy, type PlanRunOptions } from './planned-deploy.ts';

/** Everything that a run would do, in order. Pure but for a look at which files are here. */
export async function planRun(o: PlanRunOptions): Promise<PlannedDeploy[]> {
  const { asked } = o;
  const site = siteOfRun(asked);
  const engines = o.engines ?? BUILTIN_ENGINES;
  if (site.kind === 'slurm') return planBatchRun(o);
  const targets = siteTargets(site.kind, { engines, cwd: process.cwd(), workload: asked.cloud?.workload });
  const all: { group: ExecutionGroup; deployment: PlannedDeployment }[] = planTasks(o.tasks).groups.flatMap((group) =>
    group.deployments.map((deployment) => ({ group, deployment })),
  );
  return Promise.all(
    all.map(async ({ group, deployment }, n): Promise<PlannedDeploy> => {
      const first = deployment.tasks[0] as Task;
      const target = targets.forTask(first);
      const facts = madeUpSite({
        asked,
        out: o.out,
        deploymentId: `d${n + 1}-${deployment.key.slice(0, 8)}`,
        gpu: group.gpu,
        gpuCount: group.gpuCount,
        vendor: group.gpuVendor,
      });
      const real = { ...facts, ...o.here };
      const unfit = deployment.tasks.flatMap((task) => target.check(task, real));
      const found = [...unfit, ...(await missingFiles(deployment.tasks, site.kind))];
      const problems = [...new Map(found.map((problem) => [problem.message, problem])).values()];
      const planned = problems.length > 0 ? null : target.plan(first, facts);
      return {
        group: group.index,
        gpu: group.gpu,
        gpuCount: group.gpuCount,
        engine: first.kind === 'inference' ? engineOf(first.resolved, engines).engine.name : first.kind,
        kind: first.kind,
        problems,
        steps: planned?.steps ?? [],
        workload: planned?.record.target === 'container' ? plannedWorkload(planned.record as ContainerRecord) : null,
        load: planned && asked.mode !== 'deploy' ? loadText(first, site, asked) : '',
        tasks: planned && asked.mode !== 'deploy' ? deployment.tasks.map((task) => measurement(task, o.isDone)) : [],
        teardown: planned && asked.mode !== 'deploy' ? teardownOf(planned.record, first) : [],
      };
    }),
  );
}

function loadText(task: Task, site: SiteName, asked: Asked): string {
  if (task.kind !== 'inference') return '';
  const client = task.resolved.benchmark?.client ?? 'bench';
  const clients: Record<string, string> = { vllm: 'vllm bench serve', sglang: 'python3 -m sglang.bench_serving' };
  if (client !== 'bench') return `load is sent by "${clients[client] ?? client}" in the engine’s image, next to the engine`;
  if (site.kind === 'cloud' && asked.cloud?.workload === 'container') return 'load is sent by this process';
  if (site.kind !== 'ssh' && site.kind !== 'cloud') return 'load is sent by this process';
  const image = asked.nodeImage ?? 'node:22-slim';
  return `load is sent from the host: by its own Node (20 or newer), else by a Node that is copied there, else in a container of ${image}, else from here through a tunnel`;
}

/** Containers are found by their label and removed; what a command leaves, its own last step removes. */
function teardownOf(record: DeploymentRecord, task: Task): string[] {
  const { project, hostDir } = record as { project?: unknown; hostDir?: unknown };
  if (typeof project === 'string') {
    return [
      `remove containers, networks and volumes labelled com.docker.compose.project=${project}`,
      ...(typeof hostDir === 'string' ? [`remove ${hostDir}`] : []),
    ];
  }
  if (record.target === 'container') return ['terminate the machine, and look until it is gone'];
  return task.kind === 'command' ? [] : ['stop the engine'];
}
