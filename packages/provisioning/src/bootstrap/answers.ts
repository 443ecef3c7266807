import { BenchError, EXIT, messageOf } from '@bench/core';
import type { Context } from './context.ts';
import { BOOT_ID, REBOOT } from './scripts/machine.ts';

const LOOK_MS = 30_000;
const PAUSE_MS = 5_000;

/** Faults that waiting does not mend, not even on a machine that is starting. */
const LASTING = new Set(['TARGET', 'CONFIG', 'HOST_KEY', 'HANDSHAKE', 'CLOSED'].map((kind) => `BENCH_SSH_${kind}`));

export interface AnswerOptions {
  /** What is waited for, in words. */
  what: string;
  /** It is starting: refused connections and refused keys are to be expected. Else only what is `retryable` is waited for. */
  starting: boolean;
  /** Whether this boot is the one that is waited for. Default: any is. */
  accept?: (bootId: string) => boolean;
}

/**
 * Waits until a machine runs commands, and answers with the id of its boot.
 * @throws BenchError `BENCH_BOOTSTRAP_NO_ANSWER` with the last reason; the host's own for a fault that waiting does not mend
 */
export async function untilItAnswers(context: Context, { what, starting, accept = () => true }: AnswerOptions): Promise<string> {
  const { host, io, signal, answerTimeoutMs } = context;
  const deadline = io.monotonic() + answerTimeoutMs;
  let told = false;
  for (;;) {
    signal.throwIfAborted();
    let reason: unknown;
    try {
      const { code, stdout, stderr } = await host.exec({ script: BOOT_ID }, { timeoutMs: LOOK_MS, repeatable: true, signal });
      const bootId = stdout.trim();
      if (code === 0 && bootId !== '' && accept(bootId)) return bootId;
      reason = code === 0 ? 'it has not restarted' : stderr.trim() || `exit code ${code}`;
    } catch (error) {
      signal.throwIfAborted();
      if (BenchError.is(error) && (starting ? LASTING.has(error.code) : !error.retryable)) throw error;
      reason = error;
    }
    if (!told) context.on({ type: 'waiting', text: what });
    told = true;
    if (io.monotonic() >= deadline) throw noAnswer(context, what, messageOf(reason), reason);
    await io.sleep(PAUSE_MS, signal);
  }
}

function noAnswer({ host, answerTimeoutMs }: Context, what: string, reason: string, cause: unknown): BenchError {
  return new BenchError({
    code: 'BENCH_BOOTSTRAP_NO_ANSWER',
    message: `${what}: no answer from ${host.name} in ${Math.round(answerTimeoutMs / 60_000)} min; last: ${reason}`,
    hint: 'look at the machine’s console; when it is up, run this again: finished steps are passed over',
    exitCode: EXIT.missingPart,
    retryable: true,
    cause,
  });
}

/** Restarts the machine and waits until it is back: a connection alone may be one to a machine that has not gone down yet. */
export async function restart(context: Context): Promise<void> {
  const { host } = context;
  const before = await untilItAnswers(context, { what: `waiting for ${host.name}`, starting: false });
  const refusal = await orderRestart(context);
  if (refusal !== null) {
    throw new BenchError({
      code: 'BENCH_BOOTSTRAP_NO_ANSWER',
      message: `${host.name} could not be restarted: ${refusal}`,
      hint: 'restart it, then run this again',
      exitCode: EXIT.missingPart,
    });
  }
  await untilItAnswers(context, { what: `${host.name} restarts`, starting: true, accept: (bootId) => bootId !== before });
}

/** Why it refuses; null: it is going down, which may also be said by the connection alone. */
async function orderRestart({ host, signal }: Context): Promise<string | null> {
  try {
    const { code, stderr } = await host.exec({ script: REBOOT }, { timeoutMs: LOOK_MS, signal });
    return code === 0 ? null : stderr.trim() || `exit code ${code}`;
  } catch (error) {
    signal.throwIfAborted();
    if (BenchError.is(error) && error.retryable) return null;
    throw error;
  }
}
