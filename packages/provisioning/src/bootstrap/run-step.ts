import { BenchError, EXIT, type RemoteProcess } from '@bench/core';
import type { Context } from './context.ts';
import { untilItAnswers } from './answers.ts';
import type { BootstrapStep, Script } from './step.ts';

const POLL_MS = 2_000;
const CHECK_MS = 180_000;
const KEPT_LINES = 40;

/** True: it is there. */
export async function isThere(context: Context, step: BootstrapStep, script: Script): Promise<boolean> {
  const { host, signal } = context;
  const result = await host.exec({ script: script.script, args: script.args }, { timeoutMs: CHECK_MS, repeatable: true, signal });
  if (result.code === 0) return true;
  if (result.code === 1 && !result.timedOut) return false;
  const reason = result.timedOut ? `no answer in ${CHECK_MS / 1000} s` : lastLine(result.stderr) || `exit code ${result.code}`;
  throw stepFailed(context, step, { reason, log: result.stderr.split('\n') });
}

/**
 * Runs a step's script to its end. It runs on when the connection is lost, and when this program goes: the next call finds it by its
 * name and waits for it instead of starting a second one.
 */
export async function applyStep(context: Context, step: BootstrapStep, script: Script): Promise<void> {
  const { host, io, signal } = context;
  const id = `bench-bootstrap-${step.name}`;
  let running = await host.attach(id);
  if (running && !(await running.status()).running) {
    await running.discard();
    running = null;
  }
  const begun = running ?? (await host.start({ script: script.script, args: script.args }, { id, signal }));
  const log: string[] = [];
  const code = await follow(context, begun, (line) => {
    log.push(io.redact(line));
    if (log.length > KEPT_LINES) log.shift();
    context.on({ type: 'log', step: step.name, line: io.redact(line) });
  }).catch((error: unknown) => {
    throw error instanceof OutOfTime ? stepFailed(context, step, { reason: 'it takes too long', log }) : error;
  });
  await begun.discard();
  if (code === 0) return;
  throw stepFailed(context, step, { reason: log.at(-1) ?? (code === null ? 'it was ended from outside' : `exit code ${code}`), log });
}

class OutOfTime extends Error {}

async function follow(context: Context, process: RemoteProcess, onLine: (line: string) => void): Promise<number | null> {
  const { io, signal, stepTimeoutMs, host } = context;
  const deadline = io.monotonic() + stepTimeoutMs;
  let offset = 0;
  let rest = '';
  for (;;) {
    signal.throwIfAborted();
    try {
      const status = await process.status();
      for (let more = true; more;) {
        const { text, nextOffset } = await process.readLog(offset);
        more = nextOffset > offset;
        offset = nextOffset;
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line.trim() !== '') onLine(line);
      }
      if (!status.running) {
        if (rest.trim() !== '') onLine(rest);
        return status.code;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!BenchError.is(error) || !error.retryable) throw error;
      await untilItAnswers(context, { what: `waiting for ${host.name}`, starting: true });
    }
    if (io.monotonic() >= deadline) throw new OutOfTime();
    await io.sleep(POLL_MS, signal);
  }
}

export function stepFailed(
  { host }: Context,
  step: BootstrapStep,
  { reason, log }: { reason: string; log: readonly string[] },
): BenchError {
  return new BenchError({
    code: 'BENCH_BOOTSTRAP_FAILED',
    message: `${host.name}: ${step.title}: ${reason}`,
    hint: step.manual ?? 'mend that on the machine, then run this again: finished steps are passed over',
    exitCode: EXIT.missingPart,
    details: { host: host.name, step: step.name, log: log.filter((line) => line.trim() !== '').slice(-KEPT_LINES) },
  });
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
