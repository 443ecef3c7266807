import { rm, rmdir } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, type Io, type OutputLine, writeAtomic } from '@bench/core';
import { type Running, spawnLocal } from '@bench/host';
import { readRankEnd, tellsRankEnds } from '../launchers/rank-end.ts';
import type { LaunchPlan } from '../types.ts';
import { filterSet, type OutputFilter } from './filters.ts';
import { launchOutput, type LaunchOutputOptions } from './output.ts';
import { openRawLog } from './raw-log.ts';
import { type SilenceWatch, watchSilence } from './silence.ts';

const GRACE_MS = 10_000;
/** How long pipes may stay open when all processes were ended: what holds them then is out of reach. */
const LET_GO_MS = 3000;

export interface RunPlanOptions {
  io: Pick<Io, 'monotonic' | 'sleep'>;
  /** Ends every rank. The outcome is then 130. */
  signal: AbortSignal;
  /** Gets what a person shall see, as it comes. Default: nothing is shown. */
  show?: LaunchOutputOptions['show'];
  /** Reads rank labels; only asked when the plan is labelled. */
  readLabel?: LaunchOutputOptions['readLabel'];
  onLine?: LaunchOutputOptions['onLine'];
  /** Lines that are not shown. They need a `logFile`. */
  filters?: readonly OutputFilter[];
  /** Every byte of both streams goes here. Default: nowhere. */
  logFile?: string;
  /** Ends the launch when nothing was heard for so long. The outcome is then 124. Default: never. */
  silenceMs?: number;
  /** Between TERM and KILL. Default 10 s. */
  graceMs?: number;
  /** What rank 0 reads. Default `ignore`. */
  stdin?: 'ignore' | 'inherit';
  /**
   * Called when the launch did not end well by itself; ends what is left of it, on all nodes, and says what it could not.
   * Launchers that are killed leave ranks behind, which have sessions of their own.
   */
  sweep?: (end: RunEnd) => Promise<readonly string[]>;
}

/** Why it ended: by itself, by a signal from elsewhere, for its silence, or because the user wanted it. */
export type RunEnd = 'exited' | 'signal' | 'silence' | 'interrupted';

export interface RunOutcome {
  /** The launcher's exit code, which is the program's; 128 + n for signal n; 124 for silence; 130 when interrupted. */
  code: number;
  end: RunEnd;
  durationMs: number;
  /** Lines that were not shown, by filter. */
  hidden: Record<string, number>;
  logFile: string | null;
  /** What `sweep` could not do. */
  left: readonly string[];
}

/**
 * Starts a plan and stays with it to its end.
 * @throws BenchError `BENCH_COMMAND_NOT_FOUND` when there is no such launcher; the file system's error when plan files or log cannot be written.
 */
export async function runPlan(plan: LaunchPlan, options: RunPlanOptions): Promise<RunOutcome> {
  const { io, signal, filters = [], logFile, silenceMs, stdin = 'ignore' } = options;
  const started = io.monotonic();
  const outcome = { hidden: {}, left: [], logFile: logFile ?? null };
  if (signal.aborted) return { ...outcome, code: EXIT.interrupted, end: 'interrupted', durationMs: 0 };
  const active = filters.length === 0 ? undefined : filterSet(filters);
  const log = logFile === undefined ? null : await openRawLog(logFile);
  const over = new AbortController();
  try {
    await Promise.all(plan.files.map(({ path, content, mode }) => writeAtomic(path, content, mode)));
    // The first rank that failed, where the launcher does not pass its exit code on.
    let failed: number | null = null;
    const output = launchOutput({
      show: options.show ?? (() => undefined),
      readLabel: plan.labelled ? options.readLabel : undefined,
      filters: active,
      log,
      onLine: tellsRankEnds(plan.launcher.flavour)
        ? (line) => {
            failed ??= readRankEnd(line.text)?.code ?? null;
            options.onLine?.(line);
          }
        : options.onLine,
    });
    const watch = silenceMs === undefined ? null : watchSilence({ io, limitMs: silenceMs, signal: over.signal });
    const running = spawnLocal({ argv: plan.argv }, { env: plan.env, stdin });
    const read = (stream: OutputLine['stream']) => pump(running[stream], (chunk) => output.push(stream, chunk), watch);
    const reading = Promise.all([read('stdout'), read('stderr')]);
    const exit = running.exit.then(async (exited) => {
      await reading;
      return exited;
    });
    exit.catch(() => undefined);
    const stop = await Promise.race([
      exit.then(() => null),
      reading.then(() => new Promise<never>(() => undefined)),
      aborted(signal, over.signal),
      ...(watch ? [watch.silent.then((silent) => (silent ? ('silence' as const) : new Promise<never>(() => undefined)))] : []),
    ]).catch(async (error: unknown) => {
      // It cannot be run, or nobody can be shown what it says.
      await running.end(options.graceMs ?? GRACE_MS);
      throw error;
    });
    let left: readonly string[] = [];
    if (stop !== null) {
      await running.end(options.graceMs ?? GRACE_MS);
      left = (await options.sweep?.(stop)) ?? [];
      await letGo(running, exit);
    }
    const exited = stop === null ? await exit : null;
    await output.end();
    const { code, end } =
      stop === null ? codeOf(exited, failed) : { code: stop === 'silence' ? EXIT.watchdog : EXIT.interrupted, end: stop };
    if (stop === null && code !== 0) left = (await options.sweep?.(end)) ?? [];
    return { ...outcome, code, end, left, hidden: active?.counts() ?? {}, durationMs: io.monotonic() - started };
  } finally {
    over.abort();
    await log?.close();
    await removeFiles(plan);
  }
}

function codeOf(exited: { code: number | null; signal: string | null } | null, failed: number | null): { code: number; end: RunEnd } {
  if (exited?.code != null && exited.code !== 0 && failed !== null) return { code: failed, end: 'exited' };
  if (exited?.code != null) return { code: exited.code, end: 'exited' };
  const number = constants.signals[exited?.signal as NodeJS.Signals] as number | undefined;
  return { code: number === undefined ? 1 : 128 + number, end: 'signal' };
}

async function pump(from: Running['stdout'], push: (chunk: Uint8Array) => Promise<void>, watch: SilenceWatch | null): Promise<void> {
  try {
    for await (const chunk of from as AsyncIterable<Uint8Array>) {
      watch?.heard();
      await (watch === null ? push(chunk) : watch.busy(() => push(chunk)));
    }
  } catch (error) {
    // Destroyed by us, after its end.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

function aborted(signal: AbortSignal, over: AbortSignal): Promise<'interrupted'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('interrupted');
    else signal.addEventListener('abort', () => resolve('interrupted'), { once: true, signal: over });
  });
}

/** Waits for the end of the output, but not for ever. */
async function letGo(running: Running, exit: Promise<unknown>): Promise<void> {
  const late = new AbortController();
  await Promise.race([exit.catch(() => undefined), delay(LET_GO_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
  running.stdout.destroy();
  running.stderr.destroy();
}

async function removeFiles(plan: LaunchPlan): Promise<void> {
  await Promise.all(plan.files.map(({ path }) => rm(path, { force: true })));
  for (const folder of new Set(plan.files.map(({ path }) => dirname(path)))) await rmdir(folder).catch(() => undefined);
}
