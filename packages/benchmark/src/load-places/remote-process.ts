import { BenchError, type Command, type Host, type Io, type RemoteProcess } from '@bench/core';
import { type ContainerFacts, removeFolder } from '@bench/deploy';
import { patiently } from './patience.ts';

const POLL_MS = 300;
/** How long a client that was told to stop may take to write what it has. */
const STOP_GRACE_MS = 30_000;
/** Last lines that are kept for a message. */
const KEPT_LINES = 20;
const MAKE_FOLDER = 'umask 077; mkdir -p -- "$1"';
const HAS_ANY = 'dir=$1; shift; for name; do [ -e "$dir/$name" ] && exit 0; done; exit 1';

export interface RemoteJob {
  io: Io;
  host: Host;
  /** Names the process on the host; also in messages: `the load client`. */
  id: string;
  what: string;
  /** Absolute folder on the host for its files. */
  folder: string;
  /** Names of the files of which one is there when it has ended by itself. */
  leaves: readonly string[];
  /** Puts its files into the folder, which exists, and says what to start. Must bear being called twice. */
  prepare(): Promise<Command>;
  /** Tells it to stop in another way than by a signal to its processes. False: that did not work. Must bear being called twice. */
  interrupt?(): Promise<boolean>;
  onLine(line: string): void;
  on(text: string): void;
  /** Stops it, kindly. */
  signal: AbortSignal;
}

export interface EndedJob {
  /** Exit code; null: ended by a signal, or not known. */
  code: number | null;
  /** The last lines that it printed. */
  lastLines: string[];
}

/**
 * Runs a process on a host to its end, across lost connections and restarts of this program: one that was started under the id before is
 * followed instead of being started again. Its folder, and its id, stay taken until {@link forgetJob}.
 */
export async function runJob(job: RemoteJob): Promise<EndedJob> {
  const { io, signal } = job;
  const process = await wait(job, () => begin(job));
  const lines = lineReader(job);
  let stopping: Promise<void> | null = null;
  let stopFailed: unknown;
  for (;;) {
    if (signal.aborted && !stopping) stopping = stopJob(job, process).catch((error: unknown) => void (stopFailed = error));
    if (stopFailed !== undefined) throw stopFailed;
    // Asked before the log is read: what it printed last is read then.
    const status = await wait(job, () => process.status());
    const more = await lines.read(process);
    if (!status.running && !more) {
      await stopping;
      return { code: status.code, lastLines: lines.end() };
    }
    // An abort ends the pause.
    if (!more) await io.sleep(POLL_MS, stopping ? undefined : signal).catch(() => undefined);
  }
}

/**
 * Removes a job's folder, also what a container wrote there as root, and frees its id; ends it if it still runs. Idempotent.
 * @param root an image that was run there, and what runs it. Without it only `sudo -n` helps against files of root's.
 * @throws BenchError `BENCH_CLEANUP_INCOMPLETE` when the folder is still there.
 */
export async function forgetJob(
  { host, id, folder }: Pick<RemoteJob, 'host' | 'id' | 'folder'>,
  root: { docker?: ContainerFacts['docker'] | undefined; image?: string | undefined } = {},
): Promise<void> {
  await (await host.attach(id))?.discard();
  await removeFolder({ host, docker: root.docker ?? ['docker'], dir: folder, image: root.image });
}

function wait<T>(job: RemoteJob, action: () => Promise<T>): Promise<T> {
  const { io, host, signal, on, what } = job;
  return patiently(action, { io, host, signal, on, what });
}

async function begin(job: RemoteJob): Promise<RemoteProcess> {
  const { host, id, folder } = job;
  const there = await host.attach(id);
  if (there) {
    if ((await there.status()).running || (await hasAny(host, folder, job.leaves))) {
      job.on(`${job.what} was started on ${host.name} before: following it`);
      return there;
    }
    await there.discard();
  }
  const made = await host.exec({ script: MAKE_FOLDER, args: [folder] }, { timeoutMs: 60_000, repeatable: true });
  if (made.code !== 0) {
    throw new BenchError({
      code: 'BENCH_LOAD_HOST',
      message: `${host.name}: ${folder} cannot be made: ${made.stderr.trim()}`,
      hint: 'is the disk full, or the folder not yours?',
      exitCode: 3,
    });
  }
  const command = await job.prepare();
  try {
    return await host.start(command, { id, cwd: folder });
  } catch (error) {
    // The connection was lost right after it had started.
    const started = BenchError.is(error) && error.code === 'BENCH_PROCESS_EXISTS' ? await host.attach(id) : null;
    if (!started) throw error;
    return started;
  }
}

/** Is one of these files in the folder? */
export async function hasAny(host: Host, folder: string, names: readonly string[]): Promise<boolean> {
  const { code } = await host.exec({ script: HAS_ANY, args: [folder, ...names] }, { timeoutMs: 60_000, repeatable: true });
  return code === 0;
}

async function stopJob(job: RemoteJob, process: RemoteProcess): Promise<void> {
  const { interrupt } = job;
  if (interrupt && (await wait(job, interrupt))) {
    const until = job.io.monotonic() + STOP_GRACE_MS;
    while (job.io.monotonic() < until) {
      if (!(await wait(job, () => process.status())).running) return;
      await job.io.sleep(POLL_MS);
    }
  }
  await wait(job, () => process.stop({ graceMs: STOP_GRACE_MS }));
}

function lineReader(job: RemoteJob) {
  const lastLines: string[] = [];
  let offset = 0;
  let rest = '';
  const take = (line: string) => {
    if (line.trim() === '') return;
    lastLines.push(line);
    if (lastLines.length > KEPT_LINES) lastLines.shift();
    job.onLine(line);
  };
  return {
    /** True: there was something new. */
    async read(process: RemoteProcess): Promise<boolean> {
      const { text, nextOffset } = await wait(job, () => process.readLog(offset));
      if (nextOffset === offset) return false;
      offset = nextOffset;
      // Programs that draw progress bars end their lines with a carriage return.
      const parts = (rest + text).split(/[\n\r]/);
      rest = parts.pop() ?? '';
      for (const line of parts) take(line);
      return true;
    },
    end(): string[] {
      take(rest);
      rest = '';
      return lastLines;
    },
  };
}
