import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { BenchError, formatDuration, type Host, type Io, parseDuration, type RemoteProcess } from '@bench/core';
import type { EnvValue, Task } from '@bench/recipe';
import type { MeasureOptions, OwnMeasurement } from '../contract.ts';
import { lastLines } from '../log-tail.ts';
import { readOwnResults } from '../own-results/read-own-results.ts';
import { resolveEnv } from '../resolve-env.ts';
import { envFile } from './env-file.ts';
import { followProcess } from './follow-process.ts';
import { patiently } from '../patient.ts';
import { commandOf, commandPaths, type CommandRecord, renderScript } from './record.ts';
import { endMeasurements } from './remove.ts';

export const LOG_NAME = 'command.log';

/** Fresh folders of one measurement. */
const PREPARE = String.raw`
umask 077
rm -rf -- "$1" && mkdir -p -- "$1" "$2" && date +%s.%N > "$2/started"
`;

/**
 * Sets the environment out of a file that is gone before the command begins, runs the script, and leaves the times. Only positional
 * parameters: a variable of this script could be one of the command's environment.
 */
const RUN = String.raw`
. "$1/env" || exit 125
rm -f -- "$1/env"
date +%s.%N > "$1/begin"
sh "$1/run.sh" </dev/null
set -- "$1" "$?"
date +%s.%N > "$1/end"
exit "$2"
`;

/** Puts what the patterns name, and what a command reports by, into one folder. Prints patterns that name nothing, each ended by NUL. */
export const COLLECT = String.raw`
out=$1
task=$2
shift 2
umask 077
rm -rf -- "$out" && mkdir -p -- "$out" && cd -- "$task" || exit 1
IFS=
for pattern in "$@" metrics.json requests.jsonl; do
  found=
  for file in $pattern; do
    [ -f "$file" ] || [ -d "$file" ] || continue
    found=1
    [ -e "$out/$file" ] && continue
    case $file in */*) mkdir -p -- "$out/${'$'}{file%/*}" || exit 1 ;; esac
    if [ -d "$file" ]; then cp -R -- "$file" "$out/$file" || exit 1
    else cp -- "$file" "$out/$file" || exit 1
    fi
  done
  [ -n "$found" ] || printf '%s\0' "$pattern"
done
`;

/** Prints the times of a measurement: when it was prepared, when the script began and ended; empty lines for what is not there. */
const TIMES = String.raw`for name in started begin end; do { cat -- "$1/$name" || echo; } 2>/dev/null; done; date +%s.%N`;

/** The variables that a command sees, secrets as references. */
export function commandEnv(task: Task, record: CommandRecord, runId: string): Record<string, EnvValue> {
  const { task: taskDir } = commandPaths(record.hostDir);
  return {
    ...record.gpuEnv,
    BENCHMARK_ID: runId,
    BENCHMARK_OUTPUT_DIR: taskDir,
    OUTPUT_DIR: taskDir,
    ...commandOf(task).env,
  };
}

/** Runs the command once, or goes on following it when it was started under this id before. */
export async function measureCommand(
  task: Task,
  options: MeasureOptions & { record: CommandRecord; host: Host; io: Io },
): Promise<OwnMeasurement> {
  const { record, host, io, id, signal } = options;
  const command = commandOf(task);
  const timeoutMs = parseDuration(command.timeout);
  const files = join(options.dir, 'files');
  await mkdir(files, { recursive: true });
  const folder = posix.join(commandPaths(record.hostDir).measures, id);
  const process = await patiently(io, signal, async () => (await host.attach(id)) ?? begin(task, folder, options));
  const followedFrom = io.now();
  try {
    const passed = await readTimes(host, folder, io, signal);
    const ended = await followProcess(process, {
      logs: [join(files, LOG_NAME), record.logPath],
      timeoutMs: Math.max(0, timeoutMs - (passed.sinceStartS ?? 0) * 1000),
      io,
      signal,
      onLine: (line) => options.onProgress(line),
    });
    const times = await readTimes(host, folder, io, signal);
    const unmatched = await collect(command.result_files, { ...options, files });
    const durationS = times.durationS ?? times.sinceBeginS ?? Math.max(0, (io.now() - followedFrom) / 1000);
    const failure =
      (await ending(ended, { timeoutMs, log: join(files, LOG_NAME), io })) ??
      (unmatched.length > 0 ? `result_files: there is no ${unmatched.map((name) => `"${name}"`).join(', ')}` : null);
    const own = await readOwnResults(files, { signal }).catch((error: unknown) => {
      if (!BenchError.is(error)) throw error;
      return { metrics: {}, requests: null, problem: io.redact(error.message) };
    });
    await patiently(io, signal, () => process.discard());
    return {
      startedAt: new Date(times.sinceBeginS === null ? followedFrom : io.now() - times.sinceBeginS * 1000).toISOString(),
      durationS,
      parts: [
        {
          name: 'command',
          code: ended.code,
          durationS,
          metrics: own.metrics,
          requests: own.requests,
          failure: failure ?? ('problem' in own ? own.problem : null),
        },
      ],
    };
  } catch (error) {
    // A connection that stays lost leaves the command running: it is found again by its id.
    if (!BenchError.is(error) || !error.retryable) await process.discard().catch(() => undefined);
    throw error;
  }
}

async function begin(
  task: Task,
  folder: string,
  options: MeasureOptions & { record: CommandRecord; host: Host; io: Io },
): Promise<RemoteProcess> {
  const { record, host, io, id, signal, runId } = options;
  const env = resolveEnv(commandEnv(task, record, runId), io);
  // A bench that was killed, or that gave up while the host was away, may have left one at work, in the same folder.
  await endMeasurements(record, host, { but: id });
  const paths = commandPaths(record.hostDir);
  const { code, stderr } = await host.exec(
    { script: PREPARE, args: [paths.task, folder] },
    { timeoutMs: 60_000, signal, repeatable: true },
  );
  if (code !== 0) throw hostError(host, `cannot make ${paths.task}: ${stderr.trim()}`);
  await host.write(posix.join(folder, 'run.sh'), renderScript(task, record), 0o600);
  await host.write(posix.join(folder, 'env'), envFile(env), 0o600);
  signal.throwIfAborted();
  return host.start({ argv: ['sh', '-c', RUN, 'sh', folder] }, { id, cwd: paths.task, signal });
}

/** Brings result files back. Answers the names without a glob that were not there: a pattern may match nothing, a file was promised. */
async function collect(
  patterns: readonly string[],
  options: { record: CommandRecord; host: Host; io: Io; signal: AbortSignal; dir: string; files: string },
): Promise<string[]> {
  const { record, host, io, signal, dir, files } = options;
  const paths = commandPaths(record.hostDir);
  const result = await patiently(io, signal, () =>
    host.exec({ script: COLLECT, args: [paths.collected, paths.task, ...patterns] }, { timeoutMs: 600_000, signal, repeatable: true }),
  );
  if (result.code !== 0) throw hostError(host, `cannot collect result files: ${io.redact(result.stderr.trim())}`);
  const incoming = join(dir, '.incoming');
  await patiently(io, signal, () => host.get(paths.collected, incoming, { signal }));
  // The command's own file of that name would hide what it printed.
  for (const name of await readdir(incoming))
    await rename(join(incoming, name), join(files, name === LOG_NAME ? `task-${LOG_NAME}` : name));
  await rm(incoming, { recursive: true, force: true });
  const empty = new Set(result.stdout.split('\0'));
  return patterns.filter((pattern) => empty.has(pattern) && !/[*?[]/.test(pattern));
}

async function ending(
  ended: { code: number | null; timedOut: boolean },
  o: { timeoutMs: number; log: string; io: Pick<Io, 'redact'> },
): Promise<string | null> {
  if (ended.timedOut) return `did not end within ${formatDuration(o.timeoutMs)} and was ended`;
  if (ended.code === 0) return null;
  const last = (await lastLines(o.log, 1))[0];
  const said = last === undefined ? '' : `: ${o.io.redact(last.trim().slice(0, 300))}`;
  return `${ended.code === null ? 'was ended by a signal' : `ended with code ${ended.code}`}${said}`;
}

/** Times by the host's clock. The differences are what counts: its clock may be off. */
async function readTimes(host: Host, folder: string, io: Io, signal: AbortSignal) {
  const { stdout } = await patiently(io, signal, () =>
    host.exec({ script: TIMES, args: [folder] }, { timeoutMs: 30_000, signal, repeatable: true }),
  );
  const [started, begun, ended, now] = stdout.split('\n').map((text) => (text.trim() === '' ? null : Number.parseFloat(text)));
  const since = (at: number | null | undefined, to: number | null | undefined) =>
    at === null || at === undefined || to === null || to === undefined || to < at ? null : to - at;
  return {
    sinceStartS: since(started, now),
    durationS: since(begun, ended),
    sinceBeginS: since(begun, now),
  };
}

function hostError(host: Host, message: string): BenchError {
  return new BenchError({ code: 'BENCH_HOST_FAILED', message: `${host.name}: ${message}`, exitCode: 3 });
}
