import { BenchError } from '@bench/core';

/** Of a file of the run that is on the cluster, whole, and could not be brought here. */
export const NOT_FETCHED = 'BENCH_BATCH_FETCH';
/** Of this computer's disk. */
const OF_THE_DISK = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE']);

/** An error that says that the login host cannot be reached now. */
export function isAway(error: unknown): boolean {
  return (
    BenchError.is(error) && (error.code.startsWith('BENCH_SSH_') || error.code === 'BENCH_HOST_LOST' || error.code === 'BENCH_BATCH_LOOK')
  );
}

/** An error of this computer, or of the way to it, that says nothing of what was measured: that stays on the cluster. */
export function isOfHere(error: unknown): boolean {
  if (BenchError.is(error)) return error.code === NOT_FETCHED;
  return OF_THE_DISK.has((error as NodeJS.ErrnoException | null)?.code ?? '');
}
