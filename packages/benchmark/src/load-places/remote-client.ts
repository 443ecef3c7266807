import { appendFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, type Command, type Host, type Io, messageOf, moveLoadFiles } from '@bench/core';
import { baseUrl } from '@bench/deploy';
import type { LoadProgress, LoadResult } from '@bench/loadgen';
import { encodeOrder, ERROR_FILE, ORDER_FILE, readProgressLine, readResult, RESULT_FILE } from '@bench/loadgen/standalone';
import { closeAll } from './close-all.ts';
import type { LoadOrder, LoadPlace, LoadPlaceName } from './load-place.ts';
import { isAbort, nothingMeasured } from './nothing-measured.ts';
import { patiently } from './patience.ts';
import { forgetJob, type RemoteJob, runJob } from './remote-process.ts';
import { uploadByHash } from './upload.ts';

const WHAT = 'the load client';

export interface RemoteClientOptions {
  name: LoadPlaceName;
  io: Io;
  host: Host;
  /** Absolute folder on the host for this run. */
  hostDir: string;
  /** Absolute folder on the host for files under their hash. */
  cacheDir: string;
  /** What runs the load generator for the order in `folder`. */
  command(order: { id: string; folder: string }): Command;
  interrupt?: ((order: { id: string }) => Promise<boolean>) | undefined;
  /** Removes what the command leaves besides its folder. */
  clean?: ((order: { id: string }) => Promise<void>) | undefined;
  on(text: string): void;
}

/** Where on a host the files of a load are, by its id. */
export function loadFolder(hostDir: string, id: string): string {
  return `${hostDir}/${id}`;
}

/** Sends from the load generator that runs on the host, as a process that outlives the connection and this program. */
export function remoteClientPlace(options: RemoteClientOptions): LoadPlace {
  const { name, io, host, hostDir, cacheDir, on } = options;
  const open = new Map<string, () => Promise<void>>();
  const dataPaths = new Map<string, Promise<string>>();

  function dataPath({ path: local, what }: { path: string; what: string }, signal: AbortSignal): Promise<string> {
    const known = dataPaths.get(local);
    if (known) return known;
    const path = uploadByHash({ host, local, folder: `${cacheDir}/data`, what, on, signal });
    dataPaths.set(local, path);
    path.catch(() => dataPaths.delete(local));
    return path;
  }

  async function writeOrder(order: LoadOrder, folder: string): Promise<void> {
    const { endpoint, load, calibration } = order;
    const { resetCachePath: _unused, ...server } = endpoint.server;
    const content = encodeOrder({
      baseUrl: baseUrl(endpoint),
      model: endpoint.model,
      apiKey: endpoint.apiKey,
      load: await moveLoadFiles(load, (file) => dataPath(file, order.signal)),
      server,
      calibration,
    });
    await host.write(`${folder}/${ORDER_FILE}`, content, 0o600);
  }

  async function forget(order: { id: string }): Promise<void> {
    await options.clean?.(order);
    await forgetJob({ host, id: order.id, folder: loadFolder(hostDir, order.id) });
    open.delete(order.id);
  }

  return {
    name,
    async run(order) {
      if (order.signal.aborted) return nothingMeasured(order, io);
      const folder = loadFolder(hostDir, order.id);
      await mkdir(order.dir, { recursive: true });
      await endOthers({ open, order, io, host, on, what: WHAT });
      const { interrupt } = options;
      const job: RemoteJob = {
        io,
        host,
        id: order.id,
        what: WHAT,
        folder,
        leaves: [RESULT_FILE, ERROR_FILE],
        async prepare() {
          await writeOrder(order, folder);
          return options.command({ id: order.id, folder });
        },
        ...(interrupt ? { interrupt: () => interrupt(order) } : {}),
        onLine: progressReader(order, io),
        on,
        signal: order.signal,
      };
      open.set(order.id, () => forget(order));
      const ended = await runJob(job).catch((error: unknown) => {
        if (!isAbort(error, order.signal)) throw error;
        return null;
      });
      // Stopped before it had begun.
      if (!ended) return nothingMeasured(order, io);
      const result = await fetchResult({ order, folder, ended, io, host, on });
      // Left behind it does no harm to the result; closing tries again.
      await forget(order).catch((error: unknown) => io.logger.log('debug', `${host.name}: ${folder} is left: ${messageOf(error)}`));
      return { ...result, summary: { ...result.summary, load: order.load } };
    },
    close: () => closeAll(open, host.name),
  };
}

/** Ends what was given up while the host was away and may still be at work: two loads at once would measure each other. */
export async function endOthers(o: {
  open: ReadonlyMap<string, () => Promise<void>>;
  order: LoadOrder;
  io: Io;
  host: Host;
  on(text: string): void;
  what: string;
}): Promise<void> {
  const { open, order, ...context } = o;
  for (const [id, end] of open) if (id !== order.id) await patiently(end, { ...context, signal: order.signal });
}

/** Passes progress on, and keeps whatever else is printed in `client.log`. */
function progressReader(order: LoadOrder, io: Io): (line: string) => void {
  let writing = Promise.resolve();
  return (line) => {
    const progress: LoadProgress | null = readProgressLine(line);
    if (progress) order.onProgress(progress);
    else writing = writing.then(() => appendFile(join(order.dir, 'client.log'), `${io.redact(line)}\n`)).catch(() => undefined);
  };
}

async function fetchResult(options: {
  order: LoadOrder;
  folder: string;
  ended: { code: number | null; lastLines: string[] };
  io: Io;
  host: Host;
  on(text: string): void;
}): Promise<LoadResult> {
  const { order, folder, ended, io, host, on } = options;
  const local = join(order.dir, `.fetched-${order.id}`);
  try {
    await rm(local, { recursive: true, force: true });
    await patiently(() => host.get(folder, local), { io, host, signal: order.signal, on, what: `the result of ${WHAT}` });
    return await readResult(local);
  } catch (error) {
    if (!BenchError.is(error) || error.code !== 'BENCH_LOAD_RESULT') throw error;
    if (await isFull(host, folder)) {
      throw new BenchError({
        code: 'BENCH_LOAD_DISK_FULL',
        message: `the disk of ${host.name} is full, and the result of the load is lost`,
        hint: `make room there (df -h ${folder}) and run the point again`,
        exitCode: 3,
        cause: error,
      });
    }
    const said = ended.lastLines.filter((line) => !readProgressLine(line)).slice(-5);
    throw new BenchError({
      code: 'BENCH_LOAD_CLIENT',
      message: [
        `${WHAT} on ${host.name} ended (${ended.code === null ? 'by a signal' : `code ${ended.code}`}) without a result: ${error.message}`,
        ...said.map((line) => io.redact(line)),
      ].join('\n'),
      hint: 'was it killed for want of memory? (dmesg | tail)',
      cause: error,
    });
  } finally {
    await rm(local, { recursive: true, force: true });
  }
}

/** Less room than a result takes. */
async function isFull(host: Host, folder: string): Promise<boolean> {
  const { stdout, code } = await host.exec({ script: 'df -Pk -- "$1"', args: [folder] }, { timeoutMs: 60_000, repeatable: true });
  const [, , , availableKib] = stdout.trim().split('\n').at(-1)?.split(/\s+/) ?? [];
  return code === 0 && Number(availableKib) < 64;
}
