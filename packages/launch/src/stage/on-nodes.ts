import { BenchError, type Host, type Io, messageOf } from '@bench/core';
import { type NodeHostOptions, openNode } from './node-host.ts';

export interface OnNodesOptions extends NodeHostOptions {
  io: Io;
  signal: AbortSignal;
  /** How many nodes are worked on at once. Default 16. */
  atOnce?: number;
  /** Milliseconds for one node and one try. */
  timeoutMs: number;
  /** Tries after the first, where what went wrong may pass. Default 0. */
  retries?: number;
}

/** What became of one node. */
export type NodeResult<T> = { node: string; ok: true; value: T; tries: number } | { node: string; ok: false; error: string; tries: number };

/** Does the same on many nodes. A node that fails is a result, and does not stop the others. @throws only when aborted */
export async function onNodes<T>(
  nodes: readonly string[],
  action: (host: Host, context: { node: string; signal: AbortSignal }) => Promise<T>,
  options: OnNodesOptions,
): Promise<NodeResult<T>[]> {
  const { atOnce = 16 } = options;
  const results = new Map<string, NodeResult<T>>();
  const todo = [...new Set(nodes)];
  const worker = async () => {
    for (let node = todo.shift(); node !== undefined; node = todo.shift()) results.set(node, await onNode(node, action, options));
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, todo.length) }, worker));
  return [...new Set(nodes)].map((node) => results.get(node) as NodeResult<T>);
}

async function onNode<T>(
  node: string,
  action: (host: Host, context: { node: string; signal: AbortSignal }) => Promise<T>,
  options: OnNodesOptions,
): Promise<NodeResult<T>> {
  const { io, signal, timeoutMs, retries = 0 } = options;
  for (let tries = 1; ; tries += 1) {
    // Not `AbortSignal.timeout`, which what `any` makes of it does not keep.
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new Error('no answer')), timeoutMs);
    const time = limit.signal;
    try {
      const host = await openNode(node, options);
      try {
        return { node, ok: true, value: await within(action(host, { node, signal: AbortSignal.any([signal, time]) }), time), tries };
      } finally {
        await host.close();
      }
    } catch (error) {
      signal.throwIfAborted();
      const usage = BenchError.is(error) && error.exitCode === 2;
      if (usage) throw error;
      const said = time.aborted ? `no answer in ${Math.round(timeoutMs / 1000)} s` : messageOf(error);
      if (tries > retries) return { node, ok: false, error: io.redact(said), tries };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** An action that does not obey its signal is not waited for. */
function within<T>(work: Promise<T>, time: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => {
      // A little patience: whoever obeys ends what it started.
      const timer = setTimeout(() => reject(new Error('no answer')), 5000);
      timer.unref();
    };
    if (time.aborted) late();
    else time.addEventListener('abort', late, { once: true });
    work.then(resolve, reject);
  });
}
