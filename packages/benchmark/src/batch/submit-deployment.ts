import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BenchError } from '@bench/core';
import { type BatchPlan, planBatch, resolveEnv, stage } from '@bench/deploy';
import type { Offer } from '@bench/provisioning';
import type { Engine } from '@bench/recipe';
import { TaskRecord } from '../task-record.ts';
import { type Active, active, type BatchContext } from './batch-context.ts';
import type { JobRef } from './batch-queue.ts';
import type { BatchSite } from './batch-site.ts';
import type { Cluster } from './cluster.ts';
import { cancelJobs } from './end-jobs.ts';
import { failSubmission } from './finish-deployment.ts';
import { loadOf, type WantedDeployment } from './plan-queue.ts';
import type { QueuedJobRecord, QueuedOrder, QueuedRecord } from './queued-record.ts';
import { putSnapshot } from './run-snapshot.ts';
import { type LoadClientFiles, makeFolders } from './upload-programs.ts';
import { writeOrders } from './write-orders.ts';

/** What submitting takes beside watching. */
export interface SubmitContext extends BatchContext {
  cluster: Cluster;
  engines: readonly Engine[];
  /** Where bench runs: what `command.stage` names is below it. */
  cwd: string;
  seed: number;
  loadClient: LoadClientFiles;
  /** Where a prompt file of this machine lies on the cluster. */
  dataPath(local: string): string;
  site: Pick<BatchSite, 'offerOf' | 'gpuTypes'>;
}

/** Slurm wants a limit of every job; a job whose recipe and partition name none ends after so long, seconds. */
const DEFAULT_TIME_S = 24 * 3600;

/**
 * Puts one deployment into the queue: its files on the cluster, then the job of its service, then those of its clients. Null: it could not be;
 * nothing of it is in the queue, and its tasks have failed.
 * @param o.after it begins only when that job is over
 */
export async function submitDeployment(
  wanted: WantedDeployment,
  context: SubmitContext,
  o: { after?: JobRef | null } = {},
): Promise<Active | null> {
  const { writer, io, state, on } = context;
  const machine = state.deployments;
  const id = `d${++state.deployments}-${wanted.key.slice(0, 8)}`;
  const orders: QueuedOrder[] = [];
  const records = new Map<string, TaskRecord>();
  let deployment: Active | null = null;
  let planned = false;
  try {
    for (const one of wanted.work) {
      const { task, point } = one;
      const record = records.get(task.key) ?? (await TaskRecord.open({ task, writer, state }));
      records.set(task.key, record);
      const { recipe, variant, key } = task;
      orders.push({
        recipe,
        variant,
        key,
        attempt: record.attempt,
        point: point.index,
        repeat: point.repeat,
        load: loadOf(one, context.seed),
      });
    }
    const plan = await planOf(wanted, id, context);
    const record: QueuedRecord = { ...plan.record, clientNames: [...plan.record.clientNames], orders, jobs: [], submittedAtMs: io.now() };
    await writer.event({ type: 'deployment_planned', deployment: id, key: wanted.key, machine, target: 'batch', record });
    planned = true;
    await writer.deployment({
      id,
      key: wanted.key,
      target: 'batch',
      status: 'starting',
      engine: record.engine,
      machine,
      phases: [],
      error: null,
    });
    for (const task of records.values()) await task.begin(id, machine);
    deployment = active({ record, machine, settled: [], ended: [], nowMs: io.monotonic() });
    on({ type: 'deployment_phase', engine: record.engine.name, model: record.servedModel, machine: id, deployment: id, phase: 'files' });
    await writeFiles(plan, wanted, orders, context);
    await submitJobs(plan, deployment, context, o.after ?? null);
    return deployment;
  } catch (error) {
    if (deployment) await cancelJobs(deployment, 'the rest of its deployment could not be submitted', context);
    context.tally.leftBehind.push(...(deployment?.left ?? []));
    await failSubmission({ id, orders, error, planned }, context);
    if (io.signal.aborted) throw error;
    on({
      type: 'deployment_failed',
      engine: deployment?.record.engine.name ?? wanted.task.kind,
      model: deployment?.record.servedModel ?? '',
      machine: id,
      deployment: id,
      message: messageAndHint(error).message,
      hint: messageAndHint(error).hint,
    });
    return null;
  }
}

function messageAndHint(error: unknown): { message: string; hint: string | undefined } {
  return { message: error instanceof Error ? error.message : String(error), hint: BenchError.is(error) ? error.hint : undefined };
}

async function planOf({ task }: WantedDeployment, id: string, context: SubmitContext): Promise<BatchPlan> {
  const { writer, io, cluster, engines, loadClient, site } = context;
  const apiKey = randomBytes(24).toString('base64url');
  io.secrets.mask(apiKey);
  const token = io.secrets.get('HF_TOKEN');
  return planBatch(task, {
    place: { remoteDir: cluster.remoteDir, runId: writer.run.id, deploymentId: id },
    deploymentDir: await writer.deploymentDir(id),
    engines,
    loadClient,
    apiKey,
    resolve: (env) => resolveEnv(env, io),
    ...(token === undefined ? {} : { passed: { HF_TOKEN: token } }),
    gpuTypes: site.gpuTypes,
    limitOf: (directives) => limitOf(site.offerOf(directives)) ?? DEFAULT_TIME_S,
  });
}

async function writeFiles(
  plan: BatchPlan,
  { task }: WantedDeployment,
  orders: readonly QueuedOrder[],
  context: SubmitContext,
): Promise<void> {
  const { host, io, engines, writer, cwd } = context;
  const { signal } = io;
  const { record } = plan;
  await makeFolders(host, plan.folders, signal);
  for (const { from, to } of plan.copies) await host.put(from, to, { signal });
  const scratch = await writer.deploymentDir(record.id);
  if (plan.stage) await stage({ cwd, paths: plan.stage.paths, host, remote: plan.stage.to, scratch, signal });
  for (const { path, content, mode, secret } of plan.files) {
    await host.write(path, content, mode);
    // What was run can be read in the run directory.
    if (!secret) await writeFile(join(scratch, basename(path)), content);
  }
  await writeOrders({ host, record, task, orders, engines, dataPath: context.dataPath, signal });
}

async function submitJobs(plan: BatchPlan, deployment: Active, context: SubmitContext, after: JobRef | null): Promise<void> {
  const { queue, writer, io, on, host, runFolder } = context;
  const { record } = deployment;
  let service: JobRef | null = null;
  for (const job of plan.jobs) {
    const offer = context.site.offerOf(job.directives);
    const { role, index, script, directives, log } = job;
    const first = role !== 'client';
    const dependency = first ? after && { kind: 'afterany' as const, id: after.id } : service && { kind: 'after' as const, id: service.id };
    const ref = await queue.submit(
      {
        role,
        index,
        script,
        directives,
        folder: plan.record.folder,
        log,
        offer,
        after: dependency ?? undefined,
        timeLimitS: directives.time ?? DEFAULT_TIME_S,
        secrets: [],
      },
      { signal: io.signal },
    );
    if (first) service = ref;
    const known: QueuedJobRecord = {
      ...ref,
      role,
      index,
      usdPerHour: offer.priceUsdPerHour,
      ...(offer.region ? { partition: offer.region } : {}),
    };
    record.jobs.push(known);
    await writer.event({
      type: 'job_submitted',
      deployment: record.id,
      job: ref.id,
      name: ref.name,
      role,
      client: role === 'client' ? index : null,
    });
  }
  await writer.event({ type: 'deployment_started', deployment: record.id, record });
  on({
    type: 'deployment_phase',
    engine: record.engine.name,
    model: record.servedModel,
    machine: `job ${service?.id ?? ''}`,
    deployment: record.id,
    phase: 'queue',
  });
  await putSnapshot({ dir: writer.dir, host, runFolder, signal: io.signal });
}

function limitOf({ data }: Offer): number | null {
  const limit = (data as { timeLimitS?: unknown } | null)?.timeLimitS;
  return typeof limit === 'number' ? limit : null;
}
