import type { LoadProgress } from '@bench/loadgen';
import { type Active, type BatchContext, refOf, whereOf } from './batch-context.ts';
import type { QueuedOrder } from './queued-record.ts';

/** Tells which load the clients are at, and how far; the slowest client's load counts. */
export async function tellProgress(deployment: Active, context: BatchContext): Promise<void> {
  const { record, look } = deployment;
  if (deployment.stoppingSinceMs !== null) return;
  if (record.orders[0]?.load === null) {
    const begun = record.jobs[0]?.role === 'command' ? look.state('service.running') : look.state('client.0.running');
    if (begun && !deployment.settled.has(0)) await begin(deployment, 0, context);
    return;
  }
  const all = Array.from({ length: record.clients }, (_, i) => look.state(`client.${i}.progress`)).filter((p) => p !== null);
  const at = all.flatMap(({ order }) => (order === null ? [] : [order]));
  if (at.length === 0) return;
  const k = Math.min(...at);
  if (deployment.settled.has(k) || k >= record.orders.length) return;
  await begin(deployment, k, context);
  const those = all.filter(({ order }) => order === k);
  const sum = (of: (p: (typeof those)[number]) => number) => those.reduce((total, p) => total + of(p), 0);
  const cancelled = sum((p) => p.cancelled);
  const counts = { sent: sum((p) => p.sent), done: sum((p) => p.done), failed: sum((p) => p.failed), cancelled };
  const totals = those.map(({ total }) => total);
  const etas = those.flatMap(({ etaMs }) => (etaMs === null ? [] : [etaMs]));
  const progress: LoadProgress = {
    phase: phaseOf(those.map(({ phase }) => phase)),
    elapsedMs: context.io.monotonic() - (deployment.begunAtMs.get(k) ?? context.io.monotonic()),
    ...counts,
    inFlight: Math.max(0, counts.sent - counts.done - counts.failed - cancelled),
    // Clients tell their rate only.
    outputTokens: 0,
    total: totals.some((total) => total === null) ? null : totals.reduce<number>((total, one) => total + (one ?? 0), 0),
    tokensPerS: sum((p) => p.tokensPerS),
    etaMs: etas.length === 0 ? null : Math.max(...etas),
  };
  context.on({ type: 'point_progress', ref: refOf(deployment, k, context), progress });
}

async function begin(deployment: Active, k: number, context: BatchContext): Promise<void> {
  if (deployment.begun.has(k)) return;
  const ref = refOf(deployment, k, context);
  deployment.begunAtMs.set(k, context.io.monotonic());
  context.on({ type: 'point_started', ref });
  await context.writer.event({ type: 'point_started', ...whereOf(deployment.record.orders[k] as QueuedOrder) });
}

const ORDER: readonly LoadProgress['phase'][] = ['preparing', 'warmup', 'measuring', 'draining', 'done'];

/** The phase of the client that is furthest behind; one that waits for the others is still preparing. */
function phaseOf(phases: readonly string[]): LoadProgress['phase'] {
  const found = phases.map((phase) => ORDER.findIndex((known) => known === phase));
  return ORDER[Math.max(0, Math.min(...found))] ?? 'preparing';
}
