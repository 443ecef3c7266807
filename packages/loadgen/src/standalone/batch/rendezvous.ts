import {
  BATCH_FILES,
  batchEndedSchema,
  batchGoSchema,
  batchHereSchema,
  BenchError,
  type ClockOffset,
  readBatchJson,
  type BatchEnded,
} from '@bench/core';
import { clockMs, epochMs, toClockMs } from '../../clock.ts';
import { ERROR_FILE } from '../result-files.ts';
import { askClock } from './ask-clock.ts';
import type { BatchClient } from './batch-client.ts';
import { watchPeers } from './peers.ts';
import { until } from './until.ts';

/** Added to two looks at the files: from all being there to the start, milliseconds. */
const LEAD_MS = 500;

/** Waits until every other client is done with load `k`; there may be none. @throws BenchError `BENCH_BATCH_PEER`. */
export async function waitForEnded(client: BatchClient, k: number): Promise<void> {
  if (k < 0) return;
  await eachOther(client, async (i) => ((await readEnded(client, i, k)) ? true : null), BATCH_FILES.ended(0, k));
}

/**
 * Where all clients meet when each could send its first measured request: client 0 names the moment at which all begin. Answers with it on this
 * process's clock, and how that stands to client 0's.
 * @throws BenchError `BENCH_BATCH_PEER` when one of them is missing, `BENCH_BATCH_GIVEN_UP` when one could not get ready.
 */
export async function meet(client: BatchClient, k: number): Promise<{ zeroMs: number; clock: ClockOffset | null }> {
  const { files, index, of } = client;
  if (of === 1) return { zeroMs: clockMs() + 20, clock: null };
  client.heart.at('waiting for the other clients');
  if (index === 0) {
    await eachOther(client, (i) => here(client, i, k), BATCH_FILES.here(0, k));
    const startAtMs = epochMs() + 2 * client.plan.pollMs + LEAD_MS;
    await files.write(BATCH_FILES.go(k), `${JSON.stringify({ atMs: epochMs(), startAtMs })}\n`);
    return { zeroMs: toClockMs(startAtMs), clock: { offsetMs: 0, uncertaintyMs: 0, method: 'self' } };
  }
  const clock = await askClock(files, client.signal);
  if (!clock) client.heart.log('client 0 cannot be asked for the time: the clocks are taken to agree');
  await files.write(BATCH_FILES.here(index, k), `${JSON.stringify({ atMs: epochMs() })}\n`);
  const go = await fromFirst(client, k, BATCH_FILES.go(k), (text) => readBatchJson(batchGoSchema, text));
  const zeroMs = toClockMs(go.startAtMs - (clock?.offsetMs ?? 0));
  const lateMs = clockMs() - zeroMs;
  if (lateMs > 0) client.heart.log(`began ${lateMs.toFixed(0)} ms after the others: the shared folder showed the start late`);
  return { zeroMs, clock };
}

/** What client 0 writes for load `k` to `file`. @throws as {@link meet}. */
export async function fromFirst<T>(client: BatchClient, k: number, file: string, parse: (text: string) => T | null): Promise<T> {
  const { files } = client;
  const peers = watchPeers(files, client.plan.peerTimeoutMs);
  return await until(() => files.look(file, parse), {
    pollMs: client.plan.pollMs,
    signal: client.signal,
    giveUp: async () => (await givenUp(client, 0, k)) ?? (await peers.lost([0])),
    between: () => files.refresh(file),
  });
}

/** Waits until `look` has seen something of every other client. */
async function eachOther(client: BatchClient, look: (i: number) => Promise<true | null>, near: string): Promise<void> {
  const { files, plan, signal, index, of } = client;
  const waiting = new Set(Array.from({ length: of }, (_, i) => i).filter((i) => i !== index));
  const peers = watchPeers(files, plan.peerTimeoutMs);
  await until(
    async () => {
      for (const i of waiting) if (await look(i)) waiting.delete(i);
      return waiting.size === 0 ? true : null;
    },
    {
      pollMs: plan.pollMs,
      signal,
      giveUp: () => peers.lost([...waiting]),
      between: async () => {
        for (const i of waiting) await files.refresh(near.replace(/^clients\/\d+\//, `clients/${i}/`));
      },
    },
  );
}

async function here(client: BatchClient, i: number, k: number): Promise<true | null> {
  if (await client.files.look(BATCH_FILES.here(i, k), (text) => readBatchJson(batchHereSchema, text))) return true;
  const error = await givenUp(client, i, k);
  if (error) throw error;
  return null;
}

/** Why client `i` is done with load `k` although nobody has begun; null: it is not. */
async function givenUp({ files }: BatchClient, i: number, k: number): Promise<BenchError | null> {
  const ended = await readEnded({ files }, i, k);
  if (!ended) return null;
  const gaveUp = (why: string) => new BenchError({ code: 'BENCH_BATCH_GIVEN_UP', message: `load client ${i} gave the load up: ${why}` });
  // Its result is of nothing: it had not begun.
  if (ended.result) return gaveUp('it was told to end');
  const said = await files.look(`${BATCH_FILES.result(i, k)}/${ERROR_FILE}`, (text) => {
    try {
      return (JSON.parse(text) as { message?: string }).message ?? null;
    } catch {
      return null;
    }
  });
  return gaveUp(said ?? 'it does not say why');
}

function readEnded({ files }: Pick<BatchClient, 'files'>, i: number, k: number): Promise<BatchEnded | null> {
  return files.look(BATCH_FILES.ended(i, k), (text) => readBatchJson(batchEndedSchema, text));
}
