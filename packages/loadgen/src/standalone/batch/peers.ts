import { BenchError } from '@bench/core';
import { clockMs } from '../../clock.ts';
import type { DeploymentFiles } from './deployment-files.ts';

/** Watches other clients for as long as one waits for them. */
export interface PeerWatch {
  /** Looks once. Why the first of `clients` that will not do anything any more will not; null: all live. */
  lost(clients: readonly number[]): Promise<BenchError | null>;
  /** Has it shown a sign of life since the watch began? */
  lives(client: number): Promise<boolean>;
  /** Is it over: has it said so, or been silent for too long? */
  over(client: number): Promise<boolean>;
}

/** A client is given up when it has ended, or its heartbeat has stood still for `timeoutMs` since the watch began. No clocks are compared. */
export function watchPeers(files: DeploymentFiles, timeoutMs: number): PeerWatch {
  const fromMs = clockMs();
  const first = new Map<number, number | null>();
  const seen = new Map<number, { beat: number | null; atMs: number }>();

  async function silentMs(client: number): Promise<number> {
    const beat = (await files.state(`client.${client}.progress`))?.beat ?? null;
    if (!first.has(client)) first.set(client, beat);
    const last = seen.get(client);
    if (!last || last.beat !== beat) seen.set(client, { beat, atMs: last ? clockMs() : fromMs });
    return clockMs() - (seen.get(client)?.atMs ?? fromMs);
  }

  return {
    async lost(clients) {
      for (const client of clients) {
        const exit = await files.state(`client.${client}.exit`);
        if (exit) return peerLost(client, exit.code === 0 ? 'it ended before its time' : `it ended: ${exit.reason}`);
        const silent = await silentMs(client);
        if (silent < timeoutMs) continue;
        const began = seen.get(client)?.beat !== null;
        return peerLost(client, `${began ? 'it gave no sign of life' : 'it did not begin'} for ${Math.round(timeoutMs / 1000)} s`);
      }
      return null;
    },
    async lives(client) {
      await silentMs(client);
      return seen.get(client)?.beat !== first.get(client);
    },
    async over(client) {
      return (await files.state(`client.${client}.exit`)) !== null || (await silentMs(client)) >= timeoutMs;
    },
  };
}

const PEER = 'BENCH_BATCH_PEER';

/** The load of all clients cannot be sent without one of them. */
function peerLost(client: number, why: string): BenchError {
  return new BenchError({ code: PEER, message: `load client ${client} is missing: ${why}`, hint: `see clients/${client}/client.log` });
}

export function isPeerLost(error: unknown): boolean {
  return BenchError.is(error) && error.code === PEER;
}
