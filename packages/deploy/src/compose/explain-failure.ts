import { BenchError, messageOf, type Phases } from '@bench/core';
import { lastLines } from '../log-tail.ts';
import type { Observers, Session } from './session.ts';

const LINES = 20;
const LINE_LENGTH = 400;

/** An error as a user needs it: the reason in one line, the last lines of the log of the engine that it is about, the phases so far. */
export async function explainFailure(options: {
  error: unknown;
  session: Session;
  observers: Observers | null;
  phases: Phases;
}): Promise<unknown> {
  const { error, session, observers, phases } = options;
  if ((error as { name?: string }).name === 'AbortError') return error;
  const { record, io } = session;
  const ended = observers?.watch.ended ?? null;
  // The one that failed; else the first.
  const failing = observers?.logs.findIndex(({ failure }) => failure !== null) ?? -1;
  const stopped = record.engines.findIndex(({ container }) => container === ended?.container);
  const index = failing >= 0 ? failing : Math.max(0, stopped);
  const failure = observers?.logs[index]?.failure ?? null;
  const known = BenchError.is(error) ? error : null;
  const reason = failure ? `${messageOf(error)}: ${failure.message}` : messageOf(error);
  const { logPath } = record.engines[index] ?? record;
  const balancer = record.balancer !== null && ended?.container === record.balancer ? record.balancer : null;
  const lines = balancer !== null ? await balancerLog(session, balancer) : observers ? await lastLines(logPath, LINES) : [];
  const log = lines.map((line) => `\n  | ${line.slice(0, LINE_LENGTH)}`).join('');
  return new BenchError({
    code: known?.code ?? 'BENCH_DEPLOY_FAILED',
    message: io.redact(`${record.engine.name} did not come up on ${session.host.name}: ${reason}${log}`),
    hint: failure?.hint ?? known?.hint ?? (lines.length > 0 ? `the whole log: ${logPath}` : undefined),
    exitCode: known?.exitCode,
    retryable: known?.retryable,
    cause: error,
    details: { phases, logPath },
  });
}

/** Its log is not copied here. */
async function balancerLog({ project }: Session, container: string): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const { text } of project.logs(container)) lines.push(text);
  } catch {
    // The reason is known without it.
  }
  return lines.slice(-LINES);
}
