import { join } from 'node:path';
import { missingFiles } from '@bench/benchmark';
import { checkBatch, planBatch, type Problem, type RenderedStep } from '@bench/deploy';
import { planTasks } from '@bench/planner';
import { slurmOptions } from '@bench/provisioning/slurm';
import { BUILTIN_ENGINES, engineOf, type Task } from '@bench/recipe';
import { RUN_ID } from './made-up-site.ts';
import { measurement, type PlannedDeploy, type PlanRunOptions } from './planned-deploy.ts';

/** Stands for the folder for runs on the cluster. */
const REMOTE_DIR = '/home/user/bench';

/** What a run on a cluster would submit, in order: every script and file, secrets masked. Connects to nothing. */
export async function planBatchRun(o: PlanRunOptions): Promise<PlannedDeploy[]> {
  const { asked, out } = o;
  const engines = o.engines ?? BUILTIN_ENGINES;
  const all = planTasks(o.tasks).groups.flatMap((group) => group.deployments.map((deployment) => ({ group, deployment })));
  return Promise.all(
    all.map(async ({ group, deployment }, n): Promise<PlannedDeploy> => {
      const task = deployment.tasks[0] as Task;
      const id = `d${n + 1}-${deployment.key.slice(0, 8)}`;
      const found: Problem[] = [
        ...deployment.tasks.flatMap((one) => checkBatch(one, { engines, remoteDir: REMOTE_DIR })),
        ...(await missingFiles(deployment.tasks, 'slurm')),
      ];
      const problems = [...new Map(found.map((problem) => [problem.message, problem])).values()];
      const planned =
        problems.length > 0
          ? null
          : planBatch(task, {
              place: { remoteDir: REMOTE_DIR, runId: RUN_ID, deploymentId: id },
              deploymentDir: join(out, RUN_ID, 'deployments', id),
              engines,
              loadClient: { node: `${REMOTE_DIR}/cache/files/NODE`, file: `${REMOTE_DIR}/cache/files/LOAD-CLIENT.mjs` },
              apiKey: 'KEY',
              resolve: (env) => Object.fromEntries(Object.keys(env).map((name) => [name, 'SECRET'])),
            });
      const submits = (planned?.jobs ?? []).map(({ role, index, directives, path }): RenderedStep => ({
        kind: 'command',
        description: `submit the ${role === 'client' ? `client ${index}` : role} on ${asked.batch?.login ?? 'the login host'}`,
        argv: [
          'sbatch',
          '--parsable',
          `--job-name=bench-OWNER-${RUN_ID}-N`,
          '--no-requeue',
          '--export=NONE',
          ...slurmOptions(directives),
          ...(role === 'client' ? ['--dependency=after:SERVICE'] : []),
          path,
        ],
      }));
      return {
        group: group.index,
        gpu: group.gpu,
        gpuCount: group.gpuCount,
        engine: task.kind === 'inference' ? engineOf(task.resolved, engines).engine.name : task.kind,
        kind: task.kind,
        problems,
        steps: planned ? [...planned.steps, ...submits] : [],
        workload: null,
        load: planned && task.kind === 'inference' ? 'load is sent by the client jobs, each its share' : '',
        tasks: planned ? deployment.tasks.map((one) => measurement(one, o.isDone)) : [],
        teardown: planned ? ['cancel what is left of its jobs, and look until they are gone', `remove ${REMOTE_DIR}/${RUN_ID}`] : [],
      };
    }),
  );
}
