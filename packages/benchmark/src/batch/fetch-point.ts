import { join } from 'node:path';
import { BATCH_FILES, BenchError, messageOf, type PointFlag } from '@bench/core';
import { readOwnResults } from '@bench/deploy';
import { type LoadResult, mergeResults } from '@bench/loadgen';
import { readResult } from '@bench/loadgen/standalone';
import type { MeasuredLoad } from '../measure-load.ts';
import { ownPoint } from '../own-point.ts';
import type { Active, BatchContext } from './batch-context.ts';
import { isAway, isGone, isOfHere, isUnread } from './collect-errors.ts';
import { fetchPath } from './fetch-path.ts';
import type { QueuedOrder } from './queued-record.ts';

/**
 * Brings the files of a load's clients into a point's folder, `clients/<i>/` of each, and makes one result of them. The files stay beside it.
 * @throws BenchError when it is no result: a client left none; as `fetchPath`
 */
export async function fetchPoint(
  o: { deployment: Active; k: number; dir: string; signal: AbortSignal },
  context: BatchContext,
): Promise<MeasuredLoad> {
  const { deployment, k } = o;
  const order = deployment.record.orders[k] as QueuedOrder;
  return order.load === null ? ownResult({ ...o, order }, context) : loadResult({ ...o, order, load: order.load }, context);
}

interface Fetch {
  deployment: Active;
  k: number;
  dir: string;
  order: QueuedOrder;
  signal: AbortSignal;
}

async function loadResult(o: Fetch & { load: NonNullable<QueuedOrder['load']> }, context: BatchContext): Promise<MeasuredLoad> {
  const { deployment, k, dir, order, load } = o;
  const { record, look } = deployment;
  const results: Parameters<typeof mergeResults>[0][number][] = [];
  const missing: { client: number; reason: string }[] = [];
  for (let client = 0; client < record.clients; client += 1) {
    const local = join(dir, BATCH_FILES.client(client));
    try {
      await fetchPath({ ...o, from: BATCH_FILES.result(client, k), to: local }, context);
      results.push({ client, result: await readResult(local), clock: look.ended(client, k)?.clock ?? null });
    } catch (error) {
      if (o.signal.aborted || isAway(error) || isOfHere(error) || isGone(error) || isUnread(error)) throw error;
      missing.push({ client, reason: clientReason(deployment, client) ?? messageOf(error) });
    }
  }
  const merged: LoadResult = mergeResults(results, missing);
  if (missing.length > 0)
    throw new BenchError({
      code: 'BENCH_CLIENT_FAILED',
      message: missing.map(({ client, reason }) => `client ${client} of ${record.clients}: ${reason}`).join('\n'),
      hint: 'what the others measured is of a smaller load than was asked for; their files are kept in the run directory',
    });
  const flags: PointFlag[] = [...merged.summary.flags];
  if (flags.some(({ code }) => code === 'interrupted'))
    throw new BenchError({ code: 'BENCH_INTERRUPTED', message: clientReason(deployment, 0) ?? 'it was stopped before it was done' });
  if (record.engine.randomWeights === true)
    flags.push({ code: 'random_weights', message: 'the weights are generated: timings are real, the text is noise' });
  const { point, repeat } = order;
  return {
    result: { ...merged.summary, load, flags, point, repeat },
    records: merged.records,
    gaps: merged.gaps,
    series: merged.series,
  };
}

/** Of a recipe's own clients, or of a command. */
async function ownResult(o: Fetch, context: BatchContext): Promise<MeasuredLoad> {
  const { deployment, dir, order, signal } = o;
  const { record, look } = deployment;
  const isCommand = record.jobs[0]?.role === 'command';
  const { point, repeat } = order;
  if (!isCommand && record.clients === 0) return readyResult(o, { point, repeat });
  const parts = await Promise.all(
    Array.from({ length: isCommand ? 1 : record.clients }, async (_, i) => {
      const name = isCommand ? 'command' : (record.clientNames[i] ?? `client-${i}`);
      const local = isCommand ? join(dir, 'files') : join(dir, 'clients', name);
      await fetchPath({ ...o, from: BATCH_FILES.result(i, 0), to: local }, context);
      const [begun, exit] = isCommand
        ? [look.state('service.running'), look.state('service.exit')]
        : [look.state(`client.${i}.running`), look.state(`client.${i}.exit`)];
      const code = exit?.code ?? null;
      const failure = exit === null ? 'it ended without a word' : code === 0 ? null : exit.reason;
      const read = failure === null ? await readOwnResults(local, { signal }) : { metrics: {}, requests: null };
      const durationS = begun && exit ? Math.max(0, exit.atMs - begun.atMs) / 1000 : 0;
      return { name, code, durationS, startedAtMs: begun?.atMs ?? record.submittedAtMs, failure, ...read };
    }),
  );
  const failed = parts.filter(({ failure }) => failure !== null);
  if (failed.length > 0)
    throw new BenchError({
      code: 'BENCH_CLIENT_FAILED',
      message: failed.map(({ name, failure }) => `${name}: ${failure}`).join('\n'),
      hint: 'its files are in the run directory, beside where the point would be',
    });
  const startedAtMs = Math.min(...parts.map((part) => part.startedAtMs));
  const durationS = Math.max(...parts.map((part) => (part.startedAtMs - startedAtMs) / 1000 + part.durationS));
  const measured = { startedAt: new Date(startedAtMs).toISOString(), durationS, parts };
  return { result: ownPoint(measured, { point, repeat }), records: parts.flatMap((part) => part.requests ?? []), gaps: [], series: [] };
}

/** Of a service without clients: it got ready, and nothing else was to be measured. */
function readyResult({ deployment: { look } }: Fetch, where: { point: number; repeat: number }): MeasuredLoad {
  const ready = look.state('service.ready');
  if (ready === null) throw new BenchError({ code: 'BENCH_SERVICE_NOT_READY', message: 'the service ended before it was ready' });
  const measured = { startedAt: new Date(ready.atMs).toISOString(), durationS: 0, parts: [] };
  return { result: ownPoint(measured, where), records: [], gaps: [], series: [] };
}

/** Why a client left nothing, in its own words or the queue's. */
export function clientReason({ look, failure }: Pick<Active, 'look' | 'failure'>, client: number): string | null {
  const exit = look.state(`client.${client}.exit`);
  if (exit !== null && exit.code !== 0) return exit.reason;
  return failure?.message ?? null;
}
