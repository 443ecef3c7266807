import { join } from 'node:path';
import { BenchError, type Io, messageOf, type Phases, processStart } from '@bench/core';
import { endGroup } from '@bench/host';
import { BUILTIN_ENGINES, deploymentKey, type Engine, engineOf, type EnvValue, servedModelName, type Task } from '@bench/recipe';
import { chooseGpus } from './choose-gpus.ts';
import type { Deployment, DeploymentRecord, Endpoint, RenderedStep, SiteFacts, Target, TargetContext } from './contract.ts';
import { followLog, type LogFollower } from './follow-log.ts';
import { lastLines, LogTail } from './log-tail.ts';
import { openPhases } from './open-phases.ts';
import { checkProcess } from './process-checks.ts';
import { httpReadiness, waitUntil } from './readiness.ts';
import { resolveEnv } from './resolve-env.ts';
import { smokeTestOf } from './smoke-test-of.ts';
import { smokeTest, smokeTestPath } from './smoke-test.ts';
import { supervise, type Supervised } from './supervisor.ts';

/** Model load of the largest models from slow disks takes the better part of an hour. */
const READY_TIMEOUT_MS = 3_600_000;
const STOP_GRACE_MS = 15_000;

/** What the process target adds to a record. */
export interface ProcessRecord extends DeploymentRecord {
  /** What is started. */
  argv: readonly string[];
  /** Secrets stay references; they are read when the program starts. */
  env: Readonly<Record<string, EnvValue>>;
  cwd: string;
  /** After the start: the supervisor's process id, which is its group's too. */
  pid?: number;
  /** When the process was started, in the kernel's clock ticks since boot: tells a reused process id apart. */
  pidStart?: string | null;
}

/** The engine as a process on this machine, bound to 127.0.0.1, that ends when bench ends, however bench ends. */
export function processTarget(options: { engines?: readonly Engine[]; platform?: string } = {}): Target {
  const engines = options.engines ?? BUILTIN_ENGINES;
  const platform = options.platform ?? `${process.platform}-${process.arch}`;
  return {
    name: 'process',
    check: (task, site) => checkProcess(task, site, { engines, platform }),
    plan: (task, site) => plan(task, site, engines),
    start: ({ record, task }, context) => start({ record: record as ProcessRecord, task }, context, engines),
    adopt: async (adopted) => {
      const record = adopted as ProcessRecord;
      // A process of this target dies with its bench; only what a slow death left behind is to be ended.
      if (record.pid !== undefined && (record.pidStart ?? null) === processStart(record.pid)) await endGroup(record.pid, STOP_GRACE_MS);
      return null;
    },
  };
}

function plan(task: Task, site: SiteFacts, engines: readonly Engine[]): { record: ProcessRecord; steps: RenderedStep[] } {
  const recipe = task.resolved;
  const { engine, settings, llm } = engineOf(recipe, engines);
  const model = recipe.model;
  if (!model) throw new BenchError({ code: 'BENCH_RECIPE_INVALID', message: `${task.recipe}: an inference recipe needs a model` });
  const program = site.programs[engine.name];
  const port = site.freePorts[0] ?? 0;
  const launch = engine.launch({ model, llm, settings, port, gpu: site.gpuVendor, via: 'process' });
  const argv = [...(program?.argv ?? engine.program?.argv ?? [engine.name]), ...launch.args];
  const key = deploymentKey(recipe);
  const record: ProcessRecord = {
    id: site.deploymentId,
    target: 'process',
    key,
    engine: {
      name: engine.name,
      ...(program?.version === undefined ? {} : { version: program.version }),
      command: argv,
      model: servedModelName(recipe),
      ...(model.random === undefined ? {} : { randomWeights: true }),
    },
    api: model.task === 'embed' ? 'embeddings' : (recipe.benchmark?.api ?? 'chat'),
    servedModel: servedModelName(recipe),
    address: '127.0.0.1',
    port,
    logPath: join(site.deploymentDir, 'engine.log'),
    argv,
    env: { ...visibleGpus(task, site), ...launch.env },
    cwd: task.dir,
  };
  const base = `http://${record.address}:${port}`;
  return {
    record,
    steps: [
      { kind: 'command', description: `start ${engine.name}`, argv, cwd: task.dir },
      { kind: 'http', description: 'wait until healthy', method: 'GET', url: base + engine.paths.health },
      ...(recipe.deploy?.smoke_test === false
        ? []
        : [
            {
              kind: 'http' as const,
              description: 'smoke test',
              method: 'POST',
              url: base + smokeTestPath(record.api ?? 'chat'),
            },
          ]),
    ],
  };
}

/** Only the GPUs asked for may be used, or the figures are of more hardware than the report says. */
function visibleGpus(task: Task, site: SiteFacts): Record<string, string> {
  const { gpu, gpu_count: count } = task.resolved.deploy;
  if (gpu === undefined) return {};
  const ids = chooseGpus(site.gpus, gpu, count)
    .map(({ id }) => id)
    .join(',');
  // CUDA numbers devices by speed unless it is told to go by the bus, as nvidia-smi does.
  return site.gpuVendor === 'amd' ? { HIP_VISIBLE_DEVICES: ids } : { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: ids };
}

async function start(
  planned: { record: ProcessRecord; task: Task },
  context: TargetContext,
  engines: readonly Engine[],
): Promise<Deployment> {
  const { task } = planned;
  const { io } = context;
  const signal = context.signal ?? io.signal;
  const { engine } = engineOf(task.resolved, engines);
  const { timer, phase } = openPhases(context);
  await phase('launch');
  const supervised = await supervise({
    argv: planned.record.argv,
    env: resolveEnv(planned.record.env, io),
    cwd: planned.record.cwd,
    log: planned.record.logPath,
  });
  const record: ProcessRecord = { ...planned.record, pid: supervised.pid, pidStart: supervised.started };
  const log = followLog(record.logPath, engine, context);
  try {
    await context.on({ type: 'started', record });
    await phase('model_load');
    await untilHealthy({ record, engine, supervised, io, signal, failure: () => log.failure });
    const endpoint = endpointOf(record, engine);
    const test = smokeTestOf(task);
    if (test) {
      await phase('smoke_test');
      await smokeTest(endpoint, test, io, signal);
    }
    timer.end();
    await log.catchUp();
    return running({ record, endpoint, supervised, log, phases: [...timer.phases, ...log.phases] });
  } catch (error) {
    timer.end();
    await supervised.stop(STOP_GRACE_MS);
    await log.stop();
    throw await withLog({ error, record, phases: [...timer.phases, ...log.phases], failure: log.failure, io });
  }
}

/** Healthy, or the reason why it never will be: the program ended, its log names a failure, time is up. */
async function untilHealthy(options: {
  record: DeploymentRecord;
  engine: Engine;
  supervised: Supervised;
  io: Io;
  signal: AbortSignal;
  failure: () => { message: string } | null;
}): Promise<void> {
  const { record, engine, supervised, io, signal } = options;
  const health = httpReadiness(`http://${record.address}:${record.port}${engine.paths.health}`, { timeoutMs: READY_TIMEOUT_MS, io });
  await waitUntil(
    {
      ...health,
      check: async (s) => {
        const named = options.failure();
        if (named) throw new BenchError({ code: 'BENCH_ENGINE_FAILED', message: 'its log names a failure' });
        if (supervised.exitCode !== null) {
          throw new BenchError({
            code: 'BENCH_ENGINE_EXITED',
            message: `${engine.name} ended with code ${supervised.exitCode} before it was ready`,
          });
        }
        return health.check(s);
      },
    },
    io,
    signal,
  );
}

function running(state: {
  record: ProcessRecord;
  endpoint: Endpoint;
  supervised: Supervised;
  log: LogFollower;
  phases: Phases;
}): Deployment {
  const { record, endpoint, supervised, log, phases } = state;
  let stopping: Promise<void> | null = null;
  const reason = (code: number) => `the engine ended with code ${code}`;
  return {
    record,
    endpoint,
    phases,
    exited: () => (supervised.exitCode === null ? null : reason(supervised.exitCode)),
    died: supervised.exit.then((code) => (stopping ? new Promise<string>(() => undefined) : reason(code))),
    logs: async function* () {
      const tail = new LogTail(record.logPath);
      yield* await tail.next();
    },
    stop: () => {
      stopping ??= supervised.stop(STOP_GRACE_MS).then(() => log.stop());
      return stopping;
    },
    // A process of this target cannot outlive its bench, so letting go of it ends it.
    release: async () => {
      await log.stop();
    },
  };
}

function endpointOf(record: DeploymentRecord, engine: Engine): Endpoint {
  return {
    address: record.address,
    port: record.port,
    scope: 'host',
    model: record.servedModel,
    api: record.api ?? 'chat',
    server: { ...engine.api, tokenizePath: engine.paths.tokenize ?? null, resetCachePath: engine.paths.resetCache ?? null },
    healthPaths: [engine.paths.health],
    metricsPaths: engine.paths.metrics === undefined ? [] : [engine.paths.metrics],
  };
}

async function withLog(o: {
  error: unknown;
  record: DeploymentRecord;
  phases: Phases;
  failure: LogFollower['failure'];
  io: Pick<Io, 'redact'>;
}): Promise<unknown> {
  const { error, record, phases, failure, io } = o;
  if ((error as { name?: string }).name === 'AbortError') return error;
  const lines = await lastLines(record.logPath, 20);
  const known = BenchError.is(error) ? error : null;
  const reason = failure ? `${messageOf(error)}: ${failure.message}` : messageOf(error);
  const log = lines.length > 0 ? `\n${lines.map((line) => `  | ${line.slice(0, 400)}`).join('\n')}` : '';
  return new BenchError({
    code: known?.code ?? 'BENCH_DEPLOY_FAILED',
    message: io.redact(`${record.engine.name} did not come up: ${reason}${log}`),
    hint: failure?.hint ?? known?.hint ?? `the whole log: ${record.logPath}`,
    cause: error,
    details: { phases, logPath: record.logPath },
  });
}
