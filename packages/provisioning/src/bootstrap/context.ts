import type { Host, Io } from '@bench/core';

export type BootstrapEvent =
  /** `present`: nothing to do. `done`: it was brought, and works. */
  | { type: 'step'; step: string; title: string; state: 'checking' | 'present' | 'applying' | 'verifying' | 'done' }
  /** A line of what a step prints. */
  | { type: 'log'; step: string; line: string }
  /** Something takes its time, in words: `gpu1 restarts`. */
  | { type: 'waiting'; text: string };

export interface BootstrapOptions {
  io: Io;
  /** Ends the wait. A step that has begun runs on to its end on the machine, as half an installation is worse; the next call finds it. */
  signal?: AbortSignal | undefined;
  on?: (event: BootstrapEvent) => void;
  /** May the machine be restarted when a driver needs it? Default true. */
  reboot?: boolean;
  /** For one step. Default 45 minutes. */
  stepTimeoutMs?: number;
  /** For the machine to answer, after a restart, and at first when it is `fresh`. Default 10 minutes. */
  answerTimeoutMs?: number;
  /** It was rented a moment ago: for a while it may refuse connections, and then keys. Default false. */
  fresh?: boolean;
  /** `/etc/machine-id` of the machine that must not be changed. Default: this one's. Null: it has none. */
  localMachineId?: string | null;
}

/** What every part of it needs. */
export interface Context {
  host: Host;
  io: Io;
  signal: AbortSignal;
  on(event: BootstrapEvent): void;
  reboot: boolean;
  stepTimeoutMs: number;
  answerTimeoutMs: number;
}
