import { randomBytes } from 'node:crypto';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join, posix, resolve } from 'node:path';
import { BenchError, EXIT, type Phases, writeAtomic } from '@bench/core';
import { type Engine, engineOf, type Task } from '@bench/recipe';
import type { Deployment, TargetContext } from '../contract.ts';
import { openPhases } from '../open-phases.ts';
import { resolveEnv } from '../resolve-env.ts';
import { smokeTestOf } from '../smoke-test-of.ts';
import { smokeTest } from '../smoke-test.ts';
import { takenDown } from '../taken-down.ts';
import { tell } from '../tell.ts';
import { type ComposeRecord, SECRETS_FILE } from './compose-record.ts';
import { explainFailure } from './explain-failure.ts';
import { fetchWeights, weightsCached } from './fetch-weights.ts';
import { refuseTakenGpus } from './gpu-holders.ts';
import { untilHealthy } from './health.ts';
import { liveDeployment, reach } from './live-deployment.ts';
import { KEY_FILE, renderKeyFile } from './render-nginx.ts';
import { renderSecrets } from './render-secrets.ts';
import { endSession, observe, type Observers, openSession, type Session } from './session.ts';

/** Brings a planned deployment up, in timed phases; or takes it down again and says why. */
export async function startCompose(
  planned: { record: ComposeRecord; task: Task },
  context: TargetContext,
  engines: readonly Engine[],
): Promise<Deployment> {
  const { task } = planned;
  const { io } = context;
  const signal = context.signal ?? io.signal;
  const { engine } = engineOf(task.resolved, engines);
  const { timer, phase } = openPhases(context);
  const progress = (name: string) => (text: string) => tell(context, { type: 'progress', phase: name, text: io.redact(text) });
  let session = openSession(planned.record, context);
  let observers: Observers | null = null;
  let connection: Awaited<ReturnType<typeof reach>> | null = null;
  const phases = (): Phases => [...timer.phases, ...(observers?.logs[0]?.phases ?? [])];
  await clearLeftovers(session);
  if (planned.record.idleGpus > 0) io.logger.log('warn', `${planned.record.idleGpus} of the GPUs that the recipe asks for stay idle`);
  try {
    await phase('files');
    const { apiKey, extra, token } = await writeFiles(session);
    await phase('image_pull');
    await session.project.pull(planned.record.images, progress('image_pull'));
    session = await withDigest(session, context);
    await bringWeights(session, { token, phase, progress: progress('model_download'), signal });
    await phase('launch');
    await session.project.up({ extra });
    await refuseTakenGpus({ host: session.host, docker: planned.record.containers.docker, project: planned.record.project, signal });
    observers = observe(session, engine, context);
    await phase('model_load');
    connection = await reach(session, engine, apiKey);
    await untilHealthy({ session, observers, connection, io, signal });
    const test = smokeTestOf(task);
    if (test) {
      await phase('smoke_test');
      await smokeTest({ ...connection.endpoint, ...connection.near }, test, io, signal);
    }
    timer.end();
    await observers.catchUp();
    return liveDeployment({ session, observers, connection, phases: phases() });
  } catch (error) {
    timer.end();
    await observers?.settle();
    const explained = await explainFailure({ error, session, observers, phases: phases() });
    await observers?.stop();
    await connection?.close().catch(() => undefined);
    const { host, record } = session;
    const details = { phases: phases(), host: host.name, project: record.project };
    throw await takenDown({ reason: explained, takeDown: () => endSession(session), io, details });
  }
}

/** An earlier start of the same deployment may have been cut off. Nothing of this one is there yet, so nothing is to be taken down. */
async function clearLeftovers(session: Session): Promise<void> {
  try {
    if ((await session.project.ps()).length > 0) await endSession(session);
  } catch (error) {
    throw await explainFailure({ error, session, observers: null, phases: [] });
  }
}

async function writeFiles(session: Session): Promise<{ apiKey: string | undefined; extra: string[]; token: string | undefined }> {
  const { record, project, io } = session;
  const secrets = resolveEnv(record.secretEnv, io);
  const token = secrets.HF_TOKEN ?? (record.weights.kind === 'huggingface' ? io.secrets.get('HF_TOKEN') : undefined);
  const env = { ...(token === undefined ? {} : { HF_TOKEN: token }), ...secrets };
  // Its looks make every log line mask it.
  const apiKey = record.exposed ? `sk-bench-${randomBytes(24).toString('hex')}` : undefined;
  const hasSecrets = Object.keys(env).length > 0;
  await project.writeFiles([
    ...record.files,
    ...(apiKey === undefined ? [] : [{ path: KEY_FILE, content: renderKeyFile(apiKey), mode: 0o600 }]),
    ...(hasSecrets ? [renderSecrets(record, env)] : []),
  ]);
  for (const { path, content } of record.files) await writeAtomic(join(dirname(record.logPath), path), content);
  if (record.weights.kind === 'huggingface') await makeModelDir(session);
  return { apiKey, extra: hasSecrets ? [SECRETS_FILE] : [], token };
}

async function makeModelDir({ host, record }: Session): Promise<void> {
  const { code, stderr } = await host.exec(
    { script: 'mkdir -p -- "$1"', args: [record.modelDir] },
    { timeoutMs: 60_000, repeatable: true },
  );
  if (code === 0) return;
  throw new BenchError({
    code: 'BENCH_HOST_FOLDER',
    message: `the model folder ${record.modelDir} of ${host.name} cannot be made: ${stderr.trim().split('\n').at(-1) ?? ''}`,
    hint: 'choose another one with --model-dir, or make it there yourself',
    exitCode: EXIT.missingPart,
  });
}

/** What exactly runs is known once the image is there; the record is journalled anew with it. */
async function withDigest(session: Session, context: TargetContext): Promise<Session> {
  const { record, project } = session;
  const facts = await project.imageFacts(record.engine.image as string);
  const digest = facts?.digest ?? facts?.id;
  const fuller: ComposeRecord = { ...record, engine: { ...record.engine, ...(digest === undefined ? {} : { digest }) } };
  await context.on({ type: 'started', record: fuller });
  return { ...session, record: fuller };
}

async function bringWeights(
  session: Session,
  options: { token: string | undefined; phase(name: string): Promise<void>; progress(text: string): void; signal: AbortSignal },
): Promise<void> {
  const { host, record, project, io } = session;
  const { weights } = record;
  const { token, signal, progress } = options;
  if (weights.kind === 'copied') {
    await options.phase('model_download');
    if (host.kind === 'local') {
      // Docker mounts what a link leads to; nothing is copied.
      await mkdir(posix.dirname(weights.to), { recursive: true });
      await symlink(resolve(weights.from), weights.to);
    } else
      await host.put(resolve(weights.from), weights.to, {
        signal,
        onProgress: ({ bytes, totalBytes }) => progress(bytesText(bytes, totalBytes)),
      });
  }
  if (weights.kind !== 'huggingface' || !weights.fetch) return;
  if (await weightsCached(host, record, weights, signal)) return;
  await options.phase('model_download');
  await fetchWeights({ host, record, weights, project, io, signal, token, onProgress: progress });
}

function bytesText(bytes: number, total: number | null): string {
  const gb = (n: number) => (n / 1e9).toFixed(1);
  return total === null ? `${gb(bytes)} GB` : `${gb(bytes)} of ${gb(total)} GB`;
}
