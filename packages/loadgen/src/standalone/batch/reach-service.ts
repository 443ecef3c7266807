import { bearer, BenchError, type BatchClientPlan } from '@bench/core';
import { clockMs } from '../../clock.ts';
import type { DeploymentFiles } from './deployment-files.ts';
import { findService } from './find-service.ts';
import type { Heartbeat } from './heartbeat.ts';
import { until } from './until.ts';

/** Waits until the service is announced and ready, and answers at one of its addresses. @throws BenchError `BENCH_BATCH_SERVICE` when that takes too long. */
export async function reachService(o: {
  files: DeploymentFiles;
  plan: BatchClientPlan;
  apiKey: string | undefined;
  heart: Heartbeat;
  signal: AbortSignal;
}): Promise<string> {
  const { files, plan, heart, signal } = o;
  const deadlineMs = clockMs() + plan.readyTimeoutMs;
  const wait = <T>(what: string, look: () => Promise<T | null>, why: () => string = () => '') => {
    heart.at(`waiting for the service ${what}`);
    heart.log(`waiting for the service ${what}`);
    return until(look, {
      pollMs: plan.pollMs,
      signal,
      giveUp: () => Promise.resolve(clockMs() < deadlineMs ? null : late(plan, what, why())),
      between: () => files.refresh('state/any'),
    });
  };
  const announced = () => files.state('service.announced');
  await wait('to be announced', announced);
  await wait('to be ready', () => files.state('service.ready'));
  // An engine whose port was taken before it had it is announced again, with another.
  const { hosts, port } = await until(announced, { pollMs: plan.pollMs, signal, giveUp: () => Promise.resolve(null) });
  let said: string[] = [];
  const headers = bearer(o.apiKey);
  return await wait(
    `to answer from this node, at ${hosts.map((host) => `${host}:${port}`).join(', ')}`,
    async () => {
      const { url, why } = await findService({ hosts, port, healthPath: plan.healthPath, headers, signal });
      said = why;
      return url;
    },
    () => `\n${said.join('\n')}`,
  );
}

function late(plan: BatchClientPlan, what: string, why: string): BenchError {
  return new BenchError({
    code: 'BENCH_BATCH_SERVICE',
    message: `waited ${Math.round(plan.readyTimeoutMs / 1000)} s for the service ${what}${why}`,
    hint: 'see service.out and engine.log of the deployment',
  });
}

/** Looks out for the end of the service for as long as the client works; `onExit` gets why. Answers with what ends the looking. */
export function watchService(o: { files: DeploymentFiles; pollMs: number; onExit(error: BenchError): void }): () => Promise<void> {
  const stop = new AbortController();
  const watching = until(() => o.files.state('service.exit'), {
    pollMs: o.pollMs,
    signal: stop.signal,
    giveUp: () => Promise.resolve(null),
  }).then(
    ({ reason }) => o.onExit(new BenchError({ code: 'BENCH_BATCH_SERVICE', message: `the service is over: ${reason}` })),
    () => undefined,
  );
  return async () => {
    stop.abort();
    await watching;
  };
}
