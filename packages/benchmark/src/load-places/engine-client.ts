import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, type Command, type Host, type Io, messageOf } from '@bench/core';
import { baseUrl, type ContainerFacts, type Deployment } from '@bench/deploy';
import type { LoadProgress, LoadResult } from '@bench/loadgen';
import { closeAll } from './close-all.ts';
import { CLIENT_RESULT, type EngineClient, engineClientArgs, engineClientProblems } from './engine-client-args.ts';
import { readClientResult, toLoadResult } from './engine-client-result.ts';
import { bindMount, killContainer, loadContainer, removeContainer } from './host-container.ts';
import { hostFacts } from './host-facts.ts';
import type { LoadOrder, LoadPlace } from './load-place.ts';
import { isAbort, nothingMeasured } from './nothing-measured.ts';
import { patiently } from './patience.ts';
import { endOthers, loadFolder } from './remote-client.ts';
import { type EndedJob, forgetJob, hasAny, type RemoteJob, runJob } from './remote-process.ts';
import { uploadByHash } from './upload.ts';

const ENV_FILE = 'client.env';

export interface EngineClientOptions {
  io: Io;
  host: Host;
  containers: ContainerFacts | null;
  /** Absolute folder on the host for this run's loads. */
  hostDir: string;
  client: EngineClient;
  /** Its engine's image has the client. */
  deployment: Pick<Deployment, 'record'>;
  /** Name or path of the tokenizer as the container sees it. Default: the model's name on Hugging Face, else the served name. */
  tokenizer?: string | undefined;
  /** More arguments of `docker run`, for clients that do not start without the engine's devices. */
  dockerArgs?: readonly string[] | undefined;
  on?: ((text: string) => void) | undefined;
}

/**
 * The client that an engine brings, `vllm bench serve` or `sglang.bench_serving`, in the engine's image on the host's own network. What it
 * prints and writes is kept in `<dir>/clients/<client>/`; its figures become a result flagged `engine_client`.
 */
export function engineClientPlace(options: EngineClientOptions): LoadPlace {
  const { io, host, hostDir, client } = options;
  const on = options.on ?? (() => undefined);
  const open = new Map<string, () => Promise<void>>();

  return {
    name: 'engine-client',
    async run(order) {
      const { docker, image } = check(options, order);
      if (order.signal.aborted) return nothingMeasured(order, io);
      const folder = loadFolder(hostDir, order.id);
      const container = loadContainer(order.id);
      const kept = join(order.dir, 'clients', client);
      await mkdir(kept, { recursive: true });
      await endOthers({ open, order, io, host, on, what: NAMES[client] });
      const output: string[] = [];
      const startedAt = new Date(io.now()).toISOString();
      const progress = progressReader(order, io);
      const job: RemoteJob = {
        io,
        host,
        id: order.id,
        what: NAMES[client],
        folder,
        leaves: [CLIENT_RESULT[client]],
        prepare: () => prepare({ options, order, folder, docker, image, container, on }),
        // It writes nothing when it is told to stop, and as the first process of a container it may not even hear it.
        interrupt: () => killContainer(host, docker, container, 'KILL'),
        onLine(line) {
          if (!progress(line)) output.push(io.redact(line));
        },
        on,
        signal: order.signal,
      };
      const forget = async () => {
        await removeContainer(host, docker, container);
        await forgetJob(job, { docker, image });
        open.delete(order.id);
      };
      open.set(order.id, forget);
      const ended = await runJob(job).catch((error: unknown) => {
        if (!isAbort(error, order.signal)) throw error;
        return null;
      });
      // Stopped before it had begun.
      if (!ended) return nothingMeasured(order, io);
      await writeFile(join(kept, 'benchmark.txt'), output.map((line) => `${line}\n`).join(''));
      const file = await fetchFile({ job, local: join(kept, CLIENT_RESULT[client]), name: CLIENT_RESULT[client] });
      const result = understand({ client, order, ended, file, output: output.join('\n'), startedAt, io, host });
      await forget().catch((error: unknown) => io.logger.log('debug', `${host.name}: ${folder} is left: ${messageOf(error)}`));
      return result;
    },
    close: () => closeAll(open, host.name),
  };
}

const NAMES: Record<EngineClient, string> = { vllm: 'vllm bench serve', sglang: 'sglang.bench_serving' };

/** Refuses before anything runs. */
function check(options: EngineClientOptions, order: LoadOrder): { docker: ContainerFacts['docker']; image: string } {
  const { client, containers, deployment, host } = options;
  const problems = engineClientProblems(order.load, client);
  if (problems.length > 0) {
    throw new BenchError({
      code: 'BENCH_ENGINE_CLIENT',
      message: [`benchmark.client: ${client} cannot send this load`, ...problems].join('\n'),
      hint: "change the load, or leave benchmark.client out: bench's own client can do all of it",
      exitCode: 2,
    });
  }
  const { image, name } = deployment.record.engine;
  if (containers && image !== undefined) return { docker: containers.docker, image };
  throw new BenchError({
    code: 'BENCH_ENGINE_CLIENT',
    message: containers
      ? `benchmark.client: ${client} runs in the engine's image, and ${name} has none here`
      : `benchmark.client: ${client} runs in a container, and ${host.name} runs none`,
    hint: 'run it on a site with containers (docker, ssh:…), or leave benchmark.client out',
    exitCode: 2,
  });
}

async function prepare(o: {
  options: EngineClientOptions;
  order: LoadOrder;
  folder: string;
  docker: ContainerFacts['docker'];
  image: string;
  container: string;
  on(text: string): void;
}): Promise<Command> {
  const { options, order, folder, docker, image, container, on } = o;
  const { host, client, io } = options;
  const { endpoint, load, signal } = order;
  const { modelDir, weights } = options.deployment.record as { modelDir?: string; weights?: { kind: string; name?: string } };
  const data = load.data.kind === 'random' ? null : await dataOnHost(host, load.data.path, { on, signal });
  const token = weights?.kind === 'huggingface' ? io.secrets.get('HF_TOKEN') : undefined;
  const secrets = { OPENAI_API_KEY: endpoint.apiKey, HF_TOKEN: token };
  await host.write(`${folder}/${ENV_FILE}`, envFile(secrets), 0o600);
  const args = engineClientArgs({
    client,
    load,
    baseUrl: baseUrl(endpoint),
    model: endpoint.model,
    tokenizer: options.tokenizer ?? weights?.name ?? endpoint.model,
    folder,
    dataPath: data,
  });
  return {
    argv: [
      ...docker,
      ...[
        ['run', '--rm', '--name', container, '--network', 'host', '--env-file', `${folder}/${ENV_FILE}`],
        ['--mount', bindMount(folder), '--workdir', folder],
        data === null ? [] : ['--mount', bindMount(data, { readonly: true })],
        modelDir === undefined ? [] : ['--mount', bindMount(modelDir), '--env', `HF_HOME=${modelDir}`],
        options.dockerArgs ?? [],
        ['--entrypoint', client === 'vllm' ? 'vllm' : 'python3', image],
        args,
      ].flat(),
    ],
  };
}

async function dataOnHost(host: Host, local: string, context: { on(text: string): void; signal: AbortSignal }): Promise<string> {
  const { cacheDir } = await hostFacts(host, context.signal);
  return uploadByHash({ host, local, folder: `${cacheDir}/data`, what: 'the prompt file', ...context });
}

/** @throws BenchError for a value that an env file cannot hold. */
function envFile(values: Record<string, string | undefined>): string {
  const set = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  for (const [name, value] of set) {
    if (/[\r\n]/.test(value)) throw new BenchError({ code: 'BENCH_UNSAFE_VALUE', message: `${name} holds a line break`, exitCode: 2 });
  }
  return set.map(([name, value]) => `${name}=${value}\n`).join('');
}

/** Passes on what a progress bar (`12%|█  | 12/100 [00:03<…`) says. False: the line is something else. */
function progressReader(order: LoadOrder, io: Io): (line: string) => boolean {
  const from = io.monotonic();
  return (line) => {
    const [, done, total] = /\b(\d{1,9})\/(\d{1,9}) \[/.exec(line) ?? [];
    if (done === undefined || total === undefined || !line.includes('%|')) return false;
    const elapsedMs = io.monotonic() - from;
    const progress: LoadProgress = {
      phase: 'measuring',
      elapsedMs,
      sent: Number(done),
      done: Number(done),
      failed: 0,
      inFlight: 0,
      total: Number(total),
      outputTokens: 0,
      tokensPerS: 0,
      etaMs: Number(done) > 0 ? (elapsedMs / Number(done)) * (Number(total) - Number(done)) : null,
    };
    order.onProgress(progress);
    return true;
  };
}

/** Null: it wrote none. */
async function fetchFile({ job, local, name }: { job: RemoteJob; local: string; name: string }): Promise<string | null> {
  const { io, host, folder, signal, on, what } = job;
  const there = await patiently(
    async () => {
      if (!(await hasAny(host, folder, [name]))) return false;
      await rm(local, { force: true });
      await host.get(`${folder}/${name}`, local);
      return true;
    },
    { io, host, signal, on, what: `the result of ${what}` },
  );
  return there ? readFile(local, 'utf8') : null;
}

function understand(o: {
  client: EngineClient;
  order: LoadOrder;
  ended: EndedJob;
  file: string | null;
  output: string;
  startedAt: string;
  io: Io;
  host: Host;
}): LoadResult {
  const { client, order, ended, io } = o;
  const { calibration } = nothingMeasured(order, io);
  try {
    const foreign = readClientResult(client, o.file, o.output);
    const result = toLoadResult({ client, order, foreign, startedAt: o.startedAt });
    // A client that was stopped after it had written its result has measured all of it.
    return { ...result, calibration };
  } catch (error) {
    if (order.signal.aborted) return nothingMeasured(order, io);
    throw new BenchError({
      code: 'BENCH_ENGINE_CLIENT',
      message: [
        `${NAMES[client]} on ${o.host.name} ended (${ended.code === null ? 'by a signal' : `code ${ended.code}`}) without a result: ${messageOf(error)}`,
        ...ended.lastLines.slice(-10).map((line) => io.redact(line)),
      ].join('\n'),
      hint: `all that it printed is in clients/${client}/benchmark.txt of the point`,
      cause: error,
    });
  }
}
