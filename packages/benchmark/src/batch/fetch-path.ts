import { BenchError } from '@bench/core';
import type { Active, BatchContext } from './batch-context.ts';
import { isAway, isOfHere, notFetched, runGone, unread } from './collect-errors.ts';

/** Exit codes. `NOT_LEFT`: nothing was left there; `DENIED_THERE`: it is there, and not all of it may be read. */
export const NOT_LEFT = 41;
const RUN_GONE = 42;
export const DENIED_THERE = 43;
/** `PATH RUN_FOLDER [denied]`: is it there? When something was denied: may this user read all of it? */
export const WHAT_IS_THERE = String.raw`
if [ -e "$1" ]; then
  [ "$3" = denied ] || exit 0
  find -H "$1" \( -type f -o -type d \) -exec sh -c 'for f do [ -r "$f" ] || exit 1; done' sh {} + >/dev/null 2>&1 && exit 0
  exit ${DENIED_THERE}
fi
[ -d "$2" ] || exit ${RUN_GONE}
exit ${NOT_LEFT}
`;

/**
 * Brings a file or folder of a deployment here.
 * @param o.from below the deployment's folder
 * @throws what the host said when nothing was left there; BenchError `BENCH_BATCH_FETCH` when it is there and cannot be kept here,
 *   `BENCH_BATCH_UNREAD` when it may not be read there, `BENCH_BATCH_GONE` when the run has no folder there,
 *   `BENCH_BATCH_LOOK` when it cannot be known
 */
export async function fetchPath(
  o: { deployment: Pick<Active, 'record'>; from: string; to: string; signal: AbortSignal },
  { host, runFolder }: Pick<BatchContext, 'host' | 'runFolder'>,
): Promise<void> {
  const { to, signal } = o;
  const path = `${runFolder}/${o.deployment.record.id}/${o.from}`;
  try {
    await host.get(path, to, { signal });
  } catch (error) {
    if (signal.aborted || isAway(error) || isOfHere(error)) throw error;
    // What was not left there is one thing, what is there and could not be brought here another.
    const isDenied = BenchError.is(error) && error.code === 'BENCH_HOST_PERMISSION';
    const { code, stderr } = await host.exec(
      { script: WHAT_IS_THERE, args: [path, runFolder, isDenied ? 'denied' : ''] },
      { timeoutMs: 60_000, repeatable: true, signal },
    );
    if (code === NOT_LEFT && !isDenied) throw error;
    if (code === RUN_GONE) throw runGone(runFolder, host);
    // A folder above it that may not be entered hides it.
    if (code === DENIED_THERE || code === NOT_LEFT) throw unread(path, host, error);
    if (code === 0) throw notFetched(path, host, error);
    throw new BenchError({
      code: 'BENCH_BATCH_LOOK',
      message: `${host.name}: whether ${path} is there could not be seen (code ${code ?? 'signal'}): ${stderr.trim().slice(-300) || 'no answer'}`,
      retryable: true,
      cause: error,
    });
  }
}
