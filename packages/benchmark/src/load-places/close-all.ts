import { BenchError, EXIT, messageOf } from '@bench/core';

/**
 * Ends all that is open, also when one of them cannot be.
 * @throws BenchError `BENCH_CLEANUP_INCOMPLETE` naming what could not be ended.
 */
export async function closeAll(open: ReadonlyMap<string, () => Promise<void>>, hostName: string): Promise<void> {
  const left: { id: string; error: unknown }[] = [];
  // Each takes itself out of the map.
  for (const [id, clean] of open) await clean().catch((error: unknown) => left.push({ id, error }));
  if (left.length === 0) return;
  const hints = left.flatMap(({ error }) => (BenchError.is(error) && error.hint !== undefined ? [error.hint] : []));
  throw new BenchError({
    code: 'BENCH_CLEANUP_INCOMPLETE',
    message: [`of what was sent from ${hostName} there is left:`, ...left.map(({ id, error }) => `  load ${id}: ${messageOf(error)}`)].join(
      '\n',
    ),
    hint: [...new Set(hints)].join('; ') || 'bench teardown ends it once the machine can be reached',
    exitCode: EXIT.cleanupIncomplete,
    cause: left[0]?.error,
    details: { host: hostName, loads: left.map(({ id }) => id) },
  });
}
