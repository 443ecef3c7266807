import {
  BATCH_FILES,
  type BatchEnded,
  batchPreparedSchema,
  type ClockOffset,
  type LoadSpec,
  makeFolder,
  messageOf,
  readBatchJson,
  calibrationKey,
} from '@bench/core';
import { calibrate } from '../../calibrate.ts';
import type { Calibration } from '../../calibration.ts';
import { clockMs, epochMs } from '../../clock.ts';
import { postJson } from '../../http.ts';
import { driveLoad } from '../../run-load.ts';
import { splitLoad } from '../../split-load.ts';
import { type LoadTarget, parseBaseUrl, requestHeaders } from '../../target.ts';
import { leaveError } from '../leave-error.ts';
import { writeResult } from '../result-files.ts';
import { askClock, clockOver } from './ask-clock.ts';
import type { BatchClient } from './batch-client.ts';
import { readBatchOrder } from './batch-order.ts';
import { isPeerLost } from './peers.ts';
import { fromFirst, meet, waitForEnded } from './rendezvous.ts';

const RESET_MS = 10_000;

/**
 * Sends this client's share of load `k` together with the others, and leaves the result or the error. Answers with the error's message; null: there
 * is a result. @throws what ends the client: another one is missing, the service is over, it was told to end.
 */
export async function sendShare(client: BatchClient, k: number, baseUrl: string): Promise<string | null> {
  const { files, heart, index, mask, signal } = client;
  const folder = files.path(BATCH_FILES.result(index, k));
  let sent: { clock: ClockOffset | null; cut: boolean };
  try {
    await makeFolder(folder);
    heart.at('preparing', k);
    // What is learnt and warmed would be in the way of those who still measure.
    if (index === 0) await waitForEnded(client, k - 1);
    sent = await measureShare(client, k, baseUrl);
  } catch (error) {
    const cause: unknown = signal.aborted ? signal.reason : error;
    const message = await leaveError({ folder, error: cause, mask, complain: heart.log });
    await ended(client, k, { result: false, clock: null });
    if (signal.aborted || isPeerLost(error)) throw cause;
    return message;
  }
  await ended(client, k, { result: true, clock: sent.clock });
  // What ends the client after its load was done has not harmed it.
  if (sent.cut) signal.throwIfAborted();
  return null;
}

/** Answers with how the clock stood, and whether the load was cut short. */
async function measureShare(client: BatchClient, k: number, baseUrl: string): Promise<{ clock: ClockOffset | null; cut: boolean }> {
  const { files, heart, index, of, plan, signal } = client;
  const order = await readBatchOrder(files, k);
  const load = splitLoad(order.load, of)[index] as LoadSpec;
  heart.log(`load ${k + 1} of ${plan.orders}${of > 1 ? `, as client ${index} of ${of}` : ''} (${order.id})`);
  const target: LoadTarget = { ...parseBaseUrl(baseUrl), model: plan.model, apiKey: client.apiKey, server: order.server ?? {} };
  const calibration = await learn(client, k, target, order.load);
  let clock: ClockOffset | null = null;
  const result = await driveLoad(
    {
      ...target,
      baseUrl,
      load,
      calibration,
      workers: order.workers,
      onProgress: heart.progress,
      onWarning: (text) => heart.log(text),
      signal,
      async onReady() {
        try {
          const met = await meet(client, k);
          clock = met.clock;
          return met.zeroMs;
        } catch (error) {
          // Told to end before it began, it has measured nothing: that is a result.
          if (signal.aborted) return clockMs();
          throw error;
        }
      },
    },
    client.workerFile,
  );
  await writeResult(files.path(BATCH_FILES.result(index, k)), result);
  const { counts, flags } = result.summary;
  const cut = flags.some(({ code }) => code === 'interrupted');
  heart.log(`load ${k + 1}: ${counts.ok} requests done, ${counts.failed} failed, ${counts.cancelled} cancelled`);
  return { clock: index === 0 || cut ? clock : clockOver(clock, await askClock(files, signal)), cut };
}

/** What is known of the server: client 0 finds it out, once for all clients and loads alike, on a cache as cold as the engine allows. */
async function learn(client: BatchClient, k: number, target: LoadTarget, load: LoadSpec): Promise<Calibration> {
  const { files, heart, index, of, signal, calibrations } = client;
  if (index > 0) {
    heart.at('waiting for client 0');
    const { calibration } = await fromFirst(client, k, BATCH_FILES.prepared(k), (text) => readBatchJson(batchPreparedSchema, text));
    return calibration as Calibration;
  }
  await resetCache(client, target);
  const key = calibrationKey(load);
  const calibration = calibrations.get(key) ?? (await calibrate(target, load, signal));
  signal.throwIfAborted();
  calibrations.set(key, calibration);
  if (of > 1) await files.write(BATCH_FILES.prepared(k), `${JSON.stringify({ atMs: epochMs(), calibration })}\n`);
  return calibration;
}

/** Best effort: seeds keep prompts apart also where an engine cannot be reset. */
async function resetCache({ plan, signal, heart }: BatchClient, target: LoadTarget): Promise<void> {
  if (plan.resetCachePath === null) return;
  const asked = { headers: requestHeaders(target), body: {}, signal, timeoutMs: RESET_MS };
  const why = await postJson(target.origin + plan.resetCachePath, asked).then(
    ({ status }) => (status < 300 ? null : `it answered ${status}`),
    (error: unknown) => messageOf(error),
  );
  if (why !== null) heart.log(`POST ${plan.resetCachePath}: ${why}; the prefix cache was not reset`);
}

async function ended({ files, index }: BatchClient, k: number, how: Omit<BatchEnded, 'atMs'>): Promise<void> {
  await files.write(BATCH_FILES.ended(index, k), `${JSON.stringify({ atMs: epochMs(), ...how } satisfies BatchEnded)}\n`);
}
