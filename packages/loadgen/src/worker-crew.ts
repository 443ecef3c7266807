import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { BenchError } from '@bench/core';
import type { Calibration } from './calibration.ts';
import { steadyRead } from './steady-read.ts';
import { COUNTER_COUNT, COUNTERS, type FromWorker, type ToWorker, type WorkerReport, type WorkerSetup } from './worker/protocol.ts';

/** The threads of one load, driven in step. */
export interface WorkerCrew {
  calibrate(): Promise<Calibration>;
  prepare(calibration: Calibration): Promise<void>;
  warmup(): Promise<void>;
  /** Resolves when every worker's last request has ended. */
  measure(zeroMs: number, onDraining: () => void): Promise<WorkerReport[]>;
  abort(): void;
  /** Live sums over the workers. */
  counts(): Record<keyof typeof COUNTERS, number>;
  close(): Promise<void>;
}

/** What an event leaves behind is short-lived: more room than this was only memory, and no less work (V8's default: 48 MB). */
const YOUNG_MB = 24;

/** How long a worker may take to leave by itself. */
const LEAVE_MS = 2000;

/** Starts threads from `workerFile`, which must serve the protocol when it is run in one. */
export function startWorkers(options: Omit<WorkerSetup, 'id' | 'counters'> & { workerFile: URL }): WorkerCrew {
  const { target, load, trace, workers, workerFile } = options;
  const members = Array.from({ length: workers }, (_, id) =>
    startMember({ id, workers, target, load, trace, counters: new SharedArrayBuffer(4 * COUNTER_COUNT) }, workerFile),
  );
  const all = <T extends FromWorker['type']>(message: ToWorker, answer: T) => Promise.all(members.map((m) => m.ask(message, answer)));
  return {
    async calibrate() {
      const first = members[0] as Member;
      return (await first.ask({ type: 'calibrate' }, 'calibrated')).calibration;
    },
    async prepare(calibration) {
      await all({ type: 'prepare', calibration }, 'prepared');
    },
    async warmup() {
      await all({ type: 'warmup' }, 'warmed');
    },
    async measure(zeroMs, onDraining) {
      for (const member of members) member.onDraining = onDraining;
      return (await all({ type: 'measure', zeroMs }, 'measured')).map((m) => m.report);
    },
    abort() {
      for (const member of members) member.post({ type: 'abort' });
    },
    counts() {
      const requests = ['sent', 'ok', 'failed', 'cancelled'] as const;
      const sums = { sent: 0, ok: 0, failed: 0, cancelled: 0, outputTokens: 0 };
      for (const { counters } of members) {
        // Of one moment, or more would seem to have ended than was sent.
        const values = steadyRead(() => requests.map((name) => Atomics.load(counters, COUNTERS[name])));
        for (const [i, name] of requests.entries()) sums[name] += values[i] as number;
        sums.outputTokens += Atomics.load(counters, COUNTERS.outputTokens);
      }
      return sums;
    },
    async close() {
      await Promise.all(members.map((m) => m.leave()));
    },
  };
}

interface Member {
  counters: Int32Array;
  onDraining: () => void;
  post(message: ToWorker): void;
  ask<T extends FromWorker['type']>(message: ToWorker, answer: T): Promise<Extract<FromWorker, { type: T }>>;
  leave(): Promise<void>;
}

function startMember(setup: WorkerSetup, workerFile: URL): Member {
  // No inherited flags: they may name loaders or conditions that are meant for the caller's own sources.
  const worker = new Worker(workerFile, {
    workerData: setup,
    execArgv: [],
    name: `bench-load-${setup.id}`,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  let pending: { answer: string; resolve(message: FromWorker): void; reject(error: Error): void } | null = null;
  let dead: BenchError | null = null;
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const fail = (error: BenchError) => {
    dead ??= error;
    pending?.reject(error);
    pending = null;
  };
  worker.on('error', (cause) =>
    fail(new BenchError({ code: 'BENCH_LOADGEN_WORKER', message: `a load worker crashed: ${cause.message}`, cause })),
  );
  worker.on('exit', (code) => fail(new BenchError({ code: 'BENCH_LOADGEN_WORKER', message: `a load worker ended with code ${code}` })));
  worker.on('message', (message: FromWorker) => {
    if (message.type === 'draining') member.onDraining();
    else if (message.type === 'failed')
      fail(new BenchError({ code: message.code as `BENCH_${string}`, message: message.message, hint: message.hint }));
    else if (pending?.answer === message.type) {
      const { resolve } = pending;
      pending = null;
      resolve(message);
    }
  });
  const member: Member = {
    counters: new Int32Array(setup.counters),
    onDraining: () => undefined,
    post: (message) => worker.postMessage(message),
    ask: (message, answer) =>
      new Promise((resolve, reject) => {
        if (dead) {
          reject(dead);
          return;
        }
        pending = { answer, resolve: resolve as (message: FromWorker) => void, reject };
        worker.postMessage(message);
      }),
    async leave() {
      worker.postMessage({ type: 'exit' } satisfies ToWorker);
      const timer = setTimeout(() => void worker.terminate(), LEAVE_MS);
      await exited;
      clearTimeout(timer);
    },
  };
  return member;
}

/** The worker's built file: beside this one when built, in `dist` when run from source. @throws BenchError `BENCH_LOADGEN_WORKER` when there is none. */
export function builtWorker(): URL {
  const candidates = ['./worker.js', '../dist/worker.js'].map((path) => new URL(path, import.meta.url));
  const found = candidates.find((url) => existsSync(fileURLToPath(url)));
  if (!found) {
    throw new BenchError({
      code: 'BENCH_LOADGEN_WORKER',
      message: 'the built worker of @bench/loadgen is missing',
      hint: 'run `npm run build` first',
    });
  }
  return found;
}
