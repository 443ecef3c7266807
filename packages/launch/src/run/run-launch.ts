import { isAbsolute, join } from 'node:path';
import { EXIT, formatDuration, type Io } from '@bench/core';
import { runFailover, stopLine } from '../failover/run-failover.ts';
import { sweepLaunch } from '../kill/sweep.ts';
import { readLabel } from '../launchers/label.ts';
import { parseTestResult, testProblems, type TestResult } from '../test-program/test-result.ts';
import type { LaunchPlan, System } from '../types.ts';
import type { LaunchOutputOptions } from './output.ts';
import { planOn, type PreparedLaunch } from './prepare-launch.ts';
import { withRetries } from './retry.ts';
import { runPlan, type RunEnd, type RunOutcome } from './run-plan.ts';

export interface RunLaunchOptions {
  io: Io;
  signal: AbortSignal;
  system: System;
  /** Gets the program's output. */
  show: LaunchOutputOptions['show'];
  /** Gets what bench itself has to say, a line each. */
  note: (line: string) => void;
  /** Folder that relative logs are in, absolute. */
  cwd: string;
  stdin?: 'ignore' | 'inherit';
}

export interface LaunchResult {
  /** The program's; 124, 130. */
  code: number;
  /** Of `--test`: what rank 0 found, and all that is wrong with it. Null: it was no test, or nothing was found. */
  test: { result: TestResult; problems: string[] } | null;
}

/** How long failover waits in silence when nothing else was said. */
const FAILOVER_SILENCE_MS = 1_800_000;

/** The same of a test: its ranks wait for each other for a minute, but a launcher that cannot reach its nodes may wait for ever. */
const TEST_SILENCE_MS = 300_000;

/** Runs what was prepared: once, with retries, or with failover. */
export async function runLaunch(prepared: PreparedLaunch, options: RunLaunchOptions): Promise<LaunchResult> {
  const { parsed, split } = prepared;
  if (parsed.test) return runTest(prepared, options);
  if (split !== null) return { code: await withFailover(prepared, options), test: null };
  const { io, signal, note } = options;
  const { code } = await withRetries((n) => once(prepared, { ...options, ...logOf(prepared, n, options.cwd) }), {
    retries: parsed.retries,
    io,
    signal,
    onRetry: ({ n, of, code: failed, delayMs }) => note(`exit code ${failed}; try ${n} of ${of} more in ${formatDuration(delayMs)}`),
  });
  return { code, test: null };
}

interface OnceOptions extends RunLaunchOptions {
  logFile?: string;
  onLine?: LaunchOutputOptions['onLine'];
  plan?: LaunchPlan;
  silenceMs?: number | undefined;
  /** Are all nodes looked at after any failure? Default: only when it had to be ended. */
  sweepAll?: boolean;
}

async function once({ parsed, plan: first }: PreparedLaunch, options: OnceOptions): Promise<RunOutcome> {
  const { io, signal, show, note, logFile, onLine, stdin, system, plan = first, sweepAll = false } = options;
  const silenceMs = options.silenceMs ?? parsed.silenceMs;
  const sweep = (end: RunEnd) => {
    const everywhere = sweepAll || end !== 'exited';
    return sweepLaunch(everywhere ? plan : { ...plan, nodes: [] }, { io, hostname: system.hostname });
  };
  const outcome = await runPlan(plan, {
    io,
    signal,
    show,
    readLabel: (line) => readLabel(plan.launcher, line),
    filters: parsed.filters,
    sweep,
    ...(logFile === undefined ? {} : { logFile }),
    ...(onLine === undefined ? {} : { onLine }),
    ...(silenceMs === undefined ? {} : { silenceMs }),
    ...(stdin === undefined ? {} : { stdin }),
  });
  if (outcome.end === 'silence') note(`nothing was heard for ${formatDuration(silenceMs ?? 0)}: ended, exit code ${outcome.code}`);
  const hidden = Object.entries(outcome.hidden);
  if (hidden.length > 0)
    note(
      `hidden: ${hidden.map(([name, count]) => `${count} ${count === 1 ? 'line' : 'lines'} by ${name}`).join(', ')}; all is in ${logFile ?? ''}`,
    );
  for (const line of outcome.left) note(line);
  return outcome;
}

/** Filters never lose anything, so there is a log where there is a filter. */
function logOf({ parsed, plan }: PreparedLaunch, n: number, cwd: string): { logFile?: string } {
  const file = parsed.log ?? (parsed.filters.length === 0 ? undefined : join(parsed.logDir, `launch-${plan.id}.log`));
  if (file === undefined) return {};
  const path = isAbsolute(file) ? file : join(cwd, file);
  return { logFile: n === 1 ? path : `${path}.${n}` };
}

async function withFailover(prepared: PreparedLaunch, options: RunLaunchOptions): Promise<number> {
  const { parsed, split, allocation, plan } = prepared;
  const { failover } = parsed;
  const { signal, note, system, cwd } = options;
  if (failover === null || split === null) throw new TypeError('no failover was prepared');
  const name = `failover-${allocation.jobId === null ? '' : `${allocation.jobId.replaceAll(/[^\w.-]/g, '_')}-`}${plan.id}`;
  const folder = join(isAbsolute(parsed.logDir) ? parsed.logDir : join(cwd, parsed.logDir), name);
  note(`logs of all attempts: ${folder}; spare nodes: ${split.spare.length === 0 ? 'none' : split.spare.join(' ')}`);
  const byAddress = new Map(Object.entries(allocation.addresses).map(([node, address]) => [address, node]));
  const result = await runFailover({
    ...split,
    maxRetries: failover.maxRetries,
    folder,
    signal,
    ...(failover.progress === undefined ? {} : { progress: failover.progress }),
    resolve: (address) => byAddress.get(address) ?? nameBehind(system, address),
    attempt: ({ nodes, logFile, onLine }) =>
      once(prepared, {
        ...options,
        plan: planOn(prepared, nodes),
        logFile,
        onLine,
        silenceMs: parsed.silenceMs ?? FAILOVER_SILENCE_MS,
        sweepAll: true,
      }),
    onVerdict: ({ n, verdict, out, in: fresh }) =>
      note(`attempt ${n}: ${verdict.kind}: ${verdict.reason}; ${out.map((node, i) => `${fresh[i] ?? ''} in place of ${node}`).join(', ')}`),
  });
  note(stopLine(result));
  return result.code;
}

/** getent(1): `10.0.0.2  node2.cluster node2`. */
function nameBehind(system: System, address: string): string | null {
  const { code, stdout } = system.exec(['getent', 'hosts', address]);
  return code === 0 ? (stdout.trim().split(/\s+/)[1] ?? null) : null;
}

async function runTest(prepared: PreparedLaunch, options: RunLaunchOptions): Promise<LaunchResult> {
  const found: TestResult[] = [];
  const { code } = await once(prepared, {
    ...options,
    ...logOf(prepared, 1, options.cwd),
    silenceMs: prepared.parsed.silenceMs ?? TEST_SILENCE_MS,
    onLine: ({ text }) => {
      const result = parseTestResult(text);
      if (result !== null) found.push(result);
    },
    // The result is shown as a table; what else is said is said on stderr.
    show: async (stream, chunk) => {
      if (stream === 'stderr') await options.show(stream, chunk);
    },
  });
  const result = found.at(-1);
  if (result === undefined) return { code: code === EXIT.ok ? EXIT.taskFailed : code, test: null };
  const problems = testProblems(result, prepared.plan.topology);
  return { code: code === EXIT.ok && problems.length > 0 ? EXIT.taskFailed : code, test: { result, problems } };
}
