import { BenchError, type Host, messageOf } from '@bench/core';

/** Of what is on the cluster, whole, and could not be brought here. */
const NOT_FETCHED = 'BENCH_BATCH_FETCH';
/** Of a run that has no folder on the cluster any more. */
const GONE = 'BENCH_BATCH_GONE';
/** Of what is on the cluster, and may not be read there. */
const UNREAD = 'BENCH_BATCH_UNREAD';
/** Of this computer's disk. */
const OF_THE_DISK = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE']);
const DISK_FULL = new Set(['ENOSPC', 'EDQUOT', 'BENCH_HOST_DISK_FULL']);
const DENIED = new Set(['EROFS', 'BENCH_HOST_PERMISSION']);

/** An error that says that the login host cannot be reached now. */
export function isAway(error: unknown): boolean {
  return BenchError.is(error) && (error.code.startsWith('BENCH_SSH_') || error.code === 'BENCH_BATCH_LOOK');
}

/** An error of this computer, or of the way to it, that says nothing of what was measured: that stays on the cluster. */
export function isOfHere(error: unknown): boolean {
  if (BenchError.is(error)) return error.code === NOT_FETCHED;
  return OF_THE_DISK.has(codeOf(error));
}

/** The run has no folder there any more: what was measured and is not here, another computer has. */
export function isGone(error: unknown): boolean {
  return BenchError.is(error) && error.code === GONE;
}

/** It is there, and may not be read: it will not be. */
export function isUnread(error: unknown): boolean {
  return BenchError.is(error) && error.code === UNREAD;
}

/** It may be brought here when it is tried again. */
export function isCut(error: unknown): error is BenchError {
  return isOfHere(error) && BenchError.is(error) && error.retryable;
}

/**
 * The error of what is on the cluster and cannot be kept here: exit code 3, and where it lies. Retryable, unless there is no room here or nobody
 * may write. One that says so already is itself.
 */
export function notFetched(path: string, host: Pick<Host, 'name'>, cause: unknown): BenchError {
  if (BenchError.is(cause) && cause.code === NOT_FETCHED) return cause;
  const code = codeOf(cause);
  const first = DISK_FULL.has(code) ? 'make room here, then ' : DENIED.has(code) ? 'let this user write here, then ' : '';
  return new BenchError({
    code: NOT_FETCHED,
    message: `${path} could not be brought here from ${host.name}: ${messageOf(cause)}`,
    hint: `nothing of it is lost: ${first}bench collect takes it`,
    retryable: first === '',
    exitCode: 3,
    cause,
  });
}

/** The error of what is on the cluster, and may not be read there by the user who comes for it: it is no result. */
export function unread(path: string, host: Pick<Host, 'name'>, cause: unknown): BenchError {
  return new BenchError({
    code: UNREAD,
    message: `${path} may not be read on ${host.name}: ${messageOf(cause)}`,
    hint: 'it is kept there until bench teardown; what a client leaves has to be readable to the user whose job it is',
    cause,
  });
}

/** The error of a run whose folder is not on the cluster any more: exit code 5. */
export function runGone(runFolder: string, host: Pick<Host, 'name'>): BenchError {
  return new BenchError({
    code: GONE,
    message: `${host.name} has no folder ${runFolder}: another computer took what was in it, or somebody removed it`,
    hint: 'what was measured is in the run directory of the one that took it',
    exitCode: 5,
  });
}

const codeOf = (error: unknown): string => (error as { code?: unknown } | null)?.code as string;
