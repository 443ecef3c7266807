import { processAlive } from '@bench/core';

export interface ParentWatchOptions {
  pid: number;
  /** The caller's own parent at start: what it changes to tells the truth even when the pid was given away again. */
  parentNow(): number;
  onGone(): void;
}

const POLL_MS = 200;

/** Calls `onGone` once when a process has ended, also by `kill -9`. Does not keep this process alive. */
export function watchParent({ pid, parentNow, onGone }: ParentWatchOptions): void {
  const isChild = parentNow() === pid;
  const timer = setInterval(() => {
    if (isChild ? parentNow() === pid : processAlive(pid)) return;
    clearInterval(timer);
    onGone();
  }, POLL_MS);
  timer.unref();
}
