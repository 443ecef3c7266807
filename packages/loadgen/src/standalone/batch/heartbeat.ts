import type { BatchState, Redactor } from '@bench/core';
import { clockMs, epochMs } from '../../clock.ts';
import type { LoadProgress } from '../../result.ts';
import { progressLines } from '../progress-lines.ts';
import type { DeploymentFiles } from './deployment-files.ts';

/** Between two lines of progress in the output, milliseconds. */
const LINE_MS = 5000;

type Progress = BatchState<`client.${number}.progress`>;

export interface Heartbeat {
  /** What the client is at. */
  at(phase: string, order?: number): void;
  progress(progress: LoadProgress): void;
  /** A line for people, with the time. */
  log(line: string): void;
  stop(): Promise<void>;
}

/** Shows others that the client lives and where it is: a file of state, written anew every `everyMs`, and lines of output. */
export function startHeartbeat(options: {
  files: DeploymentFiles;
  client: number;
  orders: number;
  everyMs: number;
  mask: Redactor;
  print(line: string): void;
}): Heartbeat {
  const { files, client, orders, mask, print } = options;
  const none = { sent: 0, done: 0, failed: 0, cancelled: 0, total: null, tokensPerS: 0, etaMs: null };
  let now: Omit<Progress, 'atMs' | 'beat'> = { phase: 'starting', order: null, orders, ...none };
  let beat = 0;
  let writing: Promise<unknown> = Promise.resolve();
  let busy = false;

  const tick = () => {
    // A slow disk is not to be given more than it takes.
    if (busy) return;
    busy = true;
    const written = files
      .say(`client.${client}.progress`, { ...now, beat: beat++ })
      .catch(() => undefined)
      .then(() => {
        busy = false;
      });
    writing = Promise.all([writing, written]);
  };
  const tell = (line: string) => print(mask.redact(line));
  const lines = progressLines({ nowMs: clockMs, print: tell, everyMs: LINE_MS });
  const timer = setInterval(tick, options.everyMs);
  tick();
  return {
    at(phase, order) {
      now = { ...now, ...none, phase, ...(order === undefined ? {} : { order }) };
    },
    progress(progress) {
      const { phase, sent, done, failed, cancelled = 0, total, tokensPerS, etaMs } = progress;
      now = { ...now, phase, sent, done, failed, cancelled, total, tokensPerS, etaMs };
      lines(progress);
    },
    log: (line) => tell(`${new Date(epochMs()).toISOString()} ${line}`),
    async stop() {
      clearInterval(timer);
      await writing;
      busy = false;
      tick();
      await writing;
    },
  };
}
