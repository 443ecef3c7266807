import { randomBytes } from 'node:crypto';
import { access } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { BenchError, EXIT, messageOf, type Phases, type Tunnel, withinTime, writeAtomic } from '@bench/core';
import type { Task } from '@bench/recipe';
import { patiently } from '../patient.ts';
import { refuseTakenGpus } from '../compose/gpu-holders.ts';
import { runInBackground } from '../compose/background.ts';
import { endAmong } from '../compose/watch-containers.ts';
import type { Deployment, TargetContext } from '../contract.ts';
import { lastLines, LogTail } from '../log-tail.ts';
import { openPhases } from '../open-phases.ts';
import { waitUntil } from '../readiness.ts';
import { resolveEnv } from '../resolve-env.ts';
import { takenDown } from '../taken-down.ts';
import { tell } from '../tell.ts';
import { measureService } from './measure-service.ts';
import { renderSecrets } from './plan-service.ts';
import { serviceReadiness } from './ready.ts';
import { clientCopies, renderClients } from './render-clients.ts';
import { clientsOf, PASSWORD, PASSWORD_FILE, SECRETS_FILE, serviceOf, type ServiceRecord, serviceText } from './record.ts';
import { endSession, observe, type Observers, openSession, prepareId, type Session } from './session.ts';

const PREPARE_MS = 3_600_000;

/** Brings a planned service up, in timed phases; or takes it down again and says why. */
export async function startService(planned: { record: ServiceRecord; task: Task }, context: TargetContext): Promise<Deployment> {
  const { task } = planned;
  const { io } = context;
  const signal = context.signal ?? io.signal;
  const service = serviceOf(task);
  const images = [...new Set([service.image, ...clientsOf(task).map(({ section }) => section.image ?? service.image)])];
  const { timer, phase } = openPhases(context);
  let session = openSession(planned.record, context);
  let observers: Observers | null = null;
  let tunnel: Tunnel | null = null;
  try {
    await phase('files');
    const password = await writeFiles(session, task, signal);
    await phase('image_pull');
    await session.project.pull(images, (text) => tell(context, { type: 'progress', phase: 'image_pull', text: io.redact(text) }));
    session = await withDigest(session, context);
    await phase('launch');
    await session.project.up({ extra: [SECRETS_FILE] });
    await refuseTakenGpus({ host: session.host, docker: planned.record.containers.docker, project: planned.record.project, signal });
    observers = observe(session);
    await phase('ready');
    tunnel = session.record.servicePort === null ? null : await session.host.tunnel({ port: session.record.port });
    await untilReady({ session, observers, task, near: tunnel, signal });
    if (service.prepare !== undefined) {
      await phase('prepare');
      await prepare(session, service.prepare, signal);
    }
    timer.end();
    await tunnel?.close();
    return live({ session, observers, phases: timer.phases, password, images });
  } catch (error) {
    timer.end();
    await observers?.settle();
    const explained = await explain({ error, session, observers, phases: timer.phases });
    await observers?.stop();
    await tunnel?.close().catch(() => undefined);
    const { host, record } = session;
    const details = { phases: timer.phases, host: host.name, project: record.project };
    throw await takenDown({ reason: explained, takeDown: () => endSession(session, images), io, details });
  }
}

/** Takes over a service that another process brought up, when it still runs; else ends what is left of it and answers null. */
export async function adoptService(record: ServiceRecord, context: TargetContext): Promise<Deployment | null> {
  const session = openSession(record, context);
  const images = [record.engine.image ?? ''];
  const states = await patiently(context.io, context.signal ?? context.io.signal, () => session.project.ps());
  const ended = endAmong(states, new Map([[record.container, record.serviceName]]));
  const password = ended === null ? await readPassword(session) : null;
  if (password === null) {
    await endSession(session, images);
    return null;
  }
  return live({ session, observers: observe(session, { since: '0s' }), phases: [], password, images });
}

function live(state: { session: Session; observers: Observers; phases: Phases; password: string; images: readonly string[] }): Deployment {
  const { session, observers, phases, password, images } = state;
  const { record } = session;
  let letGo: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;
  const release = () => (letGo ??= observers.stop());
  return {
    record,
    endpoint: null,
    phases,
    exited: () => observers.watch.ended?.reason ?? null,
    died: observers.watch.end.then(({ reason }) => reason),
    logs: async function* () {
      yield* await new LogTail(record.logPath).next();
    },
    measure: (task, options) => measureService(task, { ...options, session, watch: observers.watch, password }),
    stop: () => {
      stopping ??= release()
        .then(() => endSession(session, images))
        .catch((error: unknown) => {
          // The next call tries again.
          stopping = null;
          throw error;
        });
      return stopping;
    },
    release,
  };
}

/** Everything the containers need on the host. Answers the service's password. */
async function writeFiles(session: Session, task: Task, signal: AbortSignal): Promise<string> {
  const { record, project, io, host } = session;
  // Secrets and folders that are missing are told before anything is pulled, the clients' too.
  const secrets = resolveEnv(record.secretEnv, io);
  renderClients(task, record, { id: 'x', runId: '', password: '', resolve: (env) => resolveEnv(env, io) });
  const copies = [...record.copies, ...clientCopies(task, record)];
  for (const { from } of copies) {
    await access(from).catch((cause: unknown) => {
      throw new BenchError({
        code: 'BENCH_VOLUME_MISSING',
        message: `there is no ${from} to mount`,
        hint: 'sources of volumes are relative to the recipe; one that begins with / is a folder of the host',
        exitCode: EXIT.usage,
        cause,
      });
    });
  }
  // An earlier start of the same deployment may have been cut off.
  if ((await project.ps()).length > 0) await endSession(session, []);
  // Its looks make every log line mask it.
  const password = secrets[PASSWORD] ?? `sk-bench-${randomBytes(24).toString('hex')}`;
  await project.writeFiles([
    ...record.files,
    { path: SECRETS_FILE, content: renderSecrets(record, { ...secrets, [PASSWORD]: password }), mode: 0o600 },
    { path: PASSWORD_FILE, content: password, mode: 0o600 },
  ]);
  for (const { path, content } of record.files) await writeAtomic(join(dirname(record.logPath), path), content);
  for (const { from, to } of copies) await host.put(from, to, { signal });
  return password;
}

async function readPassword({ host, record }: Session): Promise<string | null> {
  const { code, stdout } = await host.exec(
    { argv: ['cat', '--', posix.join(record.hostDir, PASSWORD_FILE)] },
    { timeoutMs: 30_000, repeatable: true },
  );
  return code === 0 ? stdout : null;
}

/** What exactly runs is known once the image is there; the record is journalled anew with it. */
async function withDigest(session: Session, context: TargetContext): Promise<Session> {
  const { record, project } = session;
  const facts = await project.imageFacts(record.engine.image ?? '');
  const digest = facts?.digest ?? facts?.id;
  const fuller: ServiceRecord = { ...record, engine: { ...record.engine, ...(digest === undefined ? {} : { digest }) } };
  await context.on({ type: 'started', record: fuller });
  return { ...session, record: fuller };
}

/** Ready, or the reason why it never will be. */
async function untilReady(options: {
  session: Session;
  observers: Observers;
  task: Task;
  near: Tunnel | null;
  signal: AbortSignal;
}): Promise<void> {
  const { session, observers, task, near, signal } = options;
  const { record, host, io } = session;
  const asked = serviceOf(task).ready ?? { tcp: true as const, timeout: 300, interval: 1 };
  const readiness = serviceReadiness(asked, { host, record, io, near });
  await waitUntil(
    {
      ...readiness,
      check: async (s) => {
        const { ended } = observers.watch;
        if (ended) throw new BenchError({ code: 'BENCH_SERVICE_EXITED', message: `${ended.reason} before it was ready` });
        return readiness.check(s);
      },
    },
    io,
    signal,
  );
}

async function prepare(session: Session, script: string, signal: AbortSignal): Promise<void> {
  const { host, io, record } = session;
  const argv = [...record.containers.docker, 'exec', record.container, 'sh', '-c', script] as const;
  const onLine = (line: string) => tell(session, { type: 'progress', phase: 'prepare', text: io.redact(line) });
  const { code, output } = await withinTime({ timeoutMs: PREPARE_MS, signal }, (limit) =>
    runInBackground(host, { argv: [...argv] }, { id: prepareId(record.project), io, signal: limit, onLine }),
  );
  if (code === 0) return;
  const last = output.trim().split('\n').at(-1) ?? '';
  throw new BenchError({
    code: 'BENCH_PREPARE_FAILED',
    message: `service.prepare ${code === null ? 'was ended' : `ended with code ${code}`}${last === '' ? '' : `: ${last.slice(0, 300)}`}`,
  });
}

/** The reason in one line, above the last lines of the log. */
async function explain(options: { error: unknown; session: Session; observers: Observers | null; phases: Phases }): Promise<unknown> {
  const { error, session, observers, phases } = options;
  if ((error as { name?: string }).name === 'AbortError') return error;
  const { record, io, host } = session;
  const known = BenchError.is(error) ? error : null;
  const lines = observers ? await lastLines(record.logPath, 20) : [];
  const log = lines.map((line) => `\n  | ${line.slice(0, 400)}`).join('');
  return new BenchError({
    code: known?.code ?? 'BENCH_DEPLOY_FAILED',
    message: io.redact(`${serviceText(record)} did not come up on ${host.name}: ${messageOf(error)}${log}`),
    hint: known?.hint ?? (lines.length > 0 ? `the whole log: ${record.logPath}` : undefined),
    exitCode: known?.exitCode,
    retryable: known?.retryable,
    cause: error,
    details: { phases, logPath: record.logPath },
  });
}
