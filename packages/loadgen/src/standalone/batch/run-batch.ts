import { stat } from 'node:fs/promises';
import { BATCH_FILES, type BatchClientPlan, batchClientPlanSchema, BenchError, messageOf, readBatchJson, redactor } from '@bench/core';
import { inWords } from '../leave-error.ts';
import type { BatchClient } from './batch-client.ts';
import { serveClock } from './clock-service.ts';
import { deploymentFiles } from './deployment-files.ts';
import { startHeartbeat } from './heartbeat.ts';
import { seeToTheEnd } from './last-one.ts';
import { reachService, watchService } from './reach-service.ts';
import { sendShare } from './send-share.ts';
import { smokeTest } from './smoke-test.ts';
import { clockMs } from '../../clock.ts';
import { parseBaseUrl } from '../../target.ts';

/** Between two signs of life, milliseconds; more often only where silence is soon taken for death. */
const BEAT_MS = 2000;
/** All is done; some load failed or the client could not go on; it was told to end. */
const CODES = { done: 0, failed: 1, stopped: 130 } as const;

export interface RunBatchOptions {
  /** The deployment's, with the files of `BATCH_FILES`. */
  folder: string;
  /** Which of the deployment's load clients this is, from 0. */
  client: number;
  of: number;
  workerFile: URL;
  print(line: string): void;
  complain(line: string): void;
  /** Told to end: what was measured until then is the result. */
  signal: AbortSignal;
}

/**
 * One load client of a deployment: waits for the service, sends its share of one load after another together with the others, and leaves result
 * or error of each, and at the end how it ended. Answers with the exit code: 0 all is done, 1 not all, 130 it was told to end.
 */
export async function runBatch(options: RunBatchOptions): Promise<number> {
  const { folder, client: index, of, signal } = options;
  const files = deploymentFiles(folder, index);
  if (!(await stat(folder).catch(() => null))?.isDirectory()) {
    options.complain(`${folder} is not a folder`);
    return CODES.failed;
  }
  const plan = await files.look(BATCH_FILES.clientPlan, (text) => readBatchJson<BatchClientPlan>(batchClientPlanSchema, text));
  if (!plan) {
    const reason = `${BATCH_FILES.clientPlan} is not there, or not of this program's version`;
    options.complain(reason);
    await files.say(`client.${index}.exit`, { code: CODES.failed, reason }).catch((error: unknown) => options.complain(messageOf(error)));
    return CODES.failed;
  }
  const apiKey = (await files.read(BATCH_FILES.apiKey))?.trim() || undefined;
  const mask = redactor();
  if (apiKey !== undefined) mask.add(apiKey);
  const everyMs = Math.min(BEAT_MS, plan.peerTimeoutMs / 5);
  const heart = startHeartbeat({ files, client: index, orders: plan.orders, everyMs, mask, print: options.print });

  const over = new AbortController();
  const told = () => over.abort(new BenchError({ code: 'BENCH_BATCH_STOPPED', message: `it was told to end (${String(signal.reason)})` }));
  if (signal.aborted) told();
  else signal.addEventListener('abort', told, { once: true });
  const unwatch = watchService({ files, pollMs: plan.pollMs, onExit: (error) => over.abort(error) });
  const { workerFile } = options;
  const client: BatchClient = { files, index, of, plan, apiKey, heart, mask, signal: over.signal, workerFile, calibrations: new Map() };
  const closeClock = index === 0 && of > 1 ? await serveClock(files).catch(() => null) : null;
  try {
    const { code, reason } = await work(client).catch((error: unknown) => ({
      code: signal.aborted ? CODES.stopped : CODES.failed,
      reason: mask.redact(messageOf(over.signal.aborted ? over.signal.reason : inWords(error))),
    }));
    heart.log(reason);
    heart.at('ended');
    try {
      await files.say(`client.${index}.exit`, { code, reason });
      await seeToTheEnd({ files, index, of, pollMs: plan.pollMs, peerTimeoutMs: plan.peerTimeoutMs, signal });
    } catch (error) {
      options.complain(mask.redact(messageOf(inWords(error))));
      return CODES.failed;
    }
    return code;
  } finally {
    signal.removeEventListener('abort', told);
    await unwatch();
    await closeClock?.();
    await heart.stop();
  }
}

async function work(client: BatchClient): Promise<{ code: number; reason: string }> {
  const { files, index, plan, heart, signal } = client;
  const url = await reachService(client);
  await files.say(`client.${index}.ready`, { url });
  heart.log(`the service answers at ${url}`);
  if (index === 0) await testService(client, url);
  const failed: string[] = [];
  for (let k = 0; k < plan.orders; k++) {
    signal.throwIfAborted();
    const message = await sendShare(client, k, url);
    if (message !== null) failed.push(`load ${k + 1}: ${message}`);
  }
  if (failed.length === 0) return { code: CODES.done, reason: 'all is done' };
  return { code: CODES.failed, reason: `${failed.length} of ${plan.orders} loads failed\n${failed.join('\n')}` };
}

async function testService({ files, plan, apiKey, heart, signal }: BatchClient, url: string): Promise<void> {
  heart.at('smoke test');
  const fromMs = clockMs();
  if (plan.smokeTest) await smokeTest({ ...parseBaseUrl(url), model: plan.model, apiKey, server: {} }, plan.smokeTest, signal);
  await files.say('service.tested', { durationMs: clockMs() - fromMs });
  heart.log(plan.smokeTest ? 'the smoke test passed' : 'no smoke test was asked for');
}
