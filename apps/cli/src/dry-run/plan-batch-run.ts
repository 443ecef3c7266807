import { join } from 'node:path';
import { missingFiles } from '@bench/benchmark';
import { type BatchJob, checkBatch, planBatch, type Problem, type RenderedStep } from '@bench/deploy';
import { planTasks } from '@bench/planner';
import { slurmOptions } from '@bench/provisioning/slurm';
import { BUILTIN_ENGINES, engineOf, type Task } from '@bench/recipe';
import { OPEN_TIME, RUN_ID } from './made-up-site.ts';
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
      const submits = (planned?.jobs ?? []).map((job): RenderedStep => ({
        kind: 'command',
        description: `submit the ${job.role === 'client' ? `client ${job.index}` : job.role} on ${asked.batch?.login ?? 'the login host'}`,
        argv: [
          'sbatch',
          '--parsable',
          `--job-name=bench-OWNER-${RUN_ID}-N`,
          '--no-requeue',
          '--export=NONE',
          ...submitOptions(job),
          ...(job.role === 'client' ? ['--dependency=after:SERVICE'] : []),
          job.path,
        ],
      }));
      const open = new Set((planned?.jobs ?? []).filter(isOpen).map(({ path }) => path));
      const steps = (planned?.steps ?? []).map((step) => (step.kind === 'file' && open.has(step.path) ? openScript(step) : step));
      return {
        group: group.index,
        gpu: group.gpu,
        gpuCount: group.gpuCount,
        engine: task.kind === 'inference' ? engineOf(task.resolved, engines).engine.name : task.kind,
        kind: task.kind,
        problems,
        steps: [...steps, ...submits],
        workload: null,
        load: planned && task.kind === 'inference' ? 'load is sent by the client jobs, each its share' : '',
        tasks: planned ? deployment.tasks.map((one) => measurement(one, o.isDone)) : [],
        teardown: planned ? ['cancel what is left of its jobs, and look until they are gone', `remove ${REMOTE_DIR}/${RUN_ID}`] : [],
      };
    }),
  );
}

/** A job whose recipe says nothing of time: it asks for what `sinfo` says of its partition, which nobody asks here. */
const isOpen = ({ directives }: BatchJob): boolean => directives.time === undefined;

function submitOptions(job: BatchJob): string[] {
  const options = slurmOptions(job.directives);
  if (!isOpen(job)) return options;
  // Where --time is written when it is known: before what has no key of its own.
  const at = options.length - (job.directives.extra?.length ?? 0);
  return options.toSpliced(at, 0, OPEN_TIME);
}

const openScript = (step: RenderedStep & { kind: 'file' }): RenderedStep => ({
  ...step,
  content: step.content.replace('\ntime_s=0\nnotice_s=0\n', '\ntime_s=LIMIT\nnotice_s=NOTICE\n'),
});
