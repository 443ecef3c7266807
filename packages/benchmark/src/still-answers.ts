import type { Io } from '@bench/core';
import { askHttp, baseUrl, type Endpoint } from '@bench/deploy';
import type { RunMachine } from './machine.ts';

const TRIES = 3;
const PAUSE_MS = 1000;
/** One that has just been driven to its limit takes its time. */
const ANSWER_MS = 20_000;
/** Of somebody who speaks HTTP, and wants another key or has no such path. */
const THERE = new Set([401, 403, 404, 405]);

/**
 * Asks every engine behind an endpoint whether it works, at its own path: its API server may answer for one that is dead, and a balancer for the
 * others. Null: all do; otherwise which does not, and why.
 * @throws BenchError when its machine does not answer either
 */
export async function stillAnswers(endpoint: Endpoint, machine: RunMachine, io: Io): Promise<string | null> {
  const tunnel = await machine.host.tunnel({ host: endpoint.address, port: endpoint.port });
  try {
    const answers = await Promise.all(
      endpoint.healthPaths.map((path) => askAgain({ base: baseUrl(tunnel), path, apiKey: endpoint.apiKey, io })),
    );
    return answers.find((silent) => silent !== null) ?? null;
  } finally {
    await tunnel.close();
  }
}

async function askAgain({
  base,
  path,
  apiKey,
  io,
}: {
  base: string;
  path: string;
  apiKey: string | undefined;
  io: Io;
}): Promise<string | null> {
  for (let tries = 1; ; tries++) {
    const silent = await askHttp({ base, path, apiKey, timeoutMs: ANSWER_MS, io, signal: io.signal, alsoFine: THERE });
    if (silent === null || tries === TRIES) return silent;
    await io.sleep(PAUSE_MS, io.signal);
  }
}
