/**
 * Runs something with a signal that aborts after `timeoutMs`, with a DOMException called `TimeoutError`, or with `signal` and its reason; both end
 * with the run.
 *
 * Not `AbortSignal.any([signal, AbortSignal.timeout(ms)])`: what such a signal is made of is held weakly, so a time-out that nothing else refers to is
 * collected and never comes (Node 20).
 */
export async function withinTime<T>(
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const stop = () => limit.abort(signal.reason);
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(() => limit.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')), timeoutMs);
  try {
    return await run(limit.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
