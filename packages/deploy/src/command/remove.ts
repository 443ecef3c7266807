import { posix } from 'node:path';
import { BenchError, EXIT, type Host, type Io, messageOf } from '@bench/core';
import { patiently } from '../patient.ts';
import { commandPaths, type CommandRecord } from './record.ts';

/** How long a host that is out of reach is waited for once the user wants everything to stop. */
const HURRIED_MS = 30_000;

/** Prints the names of the folders in a folder that may not be there. */
const FOLDERS = '[ -d "$1" ] || exit 0; cd -- "$1" && for id in *; do [ -d "$id" ] && printf "%s\\n" "$id"; done; exit 0';

/** Ends whatever a measurement of this command left at work, but the one of this id, and removes their folders. */
export async function endMeasurements(record: CommandRecord, host: Host, options: { but?: string } = {}): Promise<void> {
  const { measures } = commandPaths(record.hostDir);
  const { stdout } = await host.exec({ script: FOLDERS, args: [measures] }, { timeoutMs: 30_000, repeatable: true });
  const ids = stdout.split('\n').filter((id) => id !== '' && id !== options.but);
  if (ids.length === 0) return;
  for (const id of ids) await (await host.attach(id))?.discard();
  // Of one that never came to its beginning, the environment may be there still.
  await host.exec({ argv: ['rm', '-rf', '--', ...ids.map((id) => posix.join(measures, id))] }, { timeoutMs: 300_000, repeatable: true });
}

/** Ends what runs and removes everything. Idempotent. @throws BenchError `BENCH_CLEANUP_INCOMPLETE` when the folder stays. */
export async function remove(record: CommandRecord, host: Host): Promise<void> {
  await endMeasurements(record, host);
  const { code, stderr } = await host.exec({ argv: ['rm', '-rf', '--', record.hostDir] }, { timeoutMs: 300_000, repeatable: true });
  if (code === 0) return;
  throw incomplete(record, `${host.name}: ${record.hostDir} could not be removed: ${stderr.trim()}`);
}

/**
 * As {@link remove}, over lost connections, for as long as {@link patiently} asks; only for half a minute from when the user wants
 * everything to stop.
 * @throws BenchError `BENCH_CLEANUP_INCOMPLETE` also when the host stayed away.
 */
export async function removePatiently(record: CommandRecord, host: Host, io: Pick<Io, 'monotonic' | 'sleep' | 'signal'>): Promise<void> {
  const patience = new AbortController();
  const done = new AbortController();
  const hurry = () =>
    void io
      .sleep(HURRIED_MS, done.signal)
      .then(() => patience.abort())
      .catch(() => undefined);
  if (io.signal.aborted) hurry();
  else io.signal.addEventListener('abort', hurry, { once: true });
  let last: unknown;
  try {
    await patiently(io, patience.signal, () =>
      remove(record, host).catch((error: unknown) => {
        last = error;
        throw error;
      }),
    );
  } catch (error) {
    if (BenchError.is(error) ? !error.retryable : !patience.signal.aborted) throw error;
    throw incomplete(record, `what ran in ${record.hostDir} on ${host.name} may still run there: ${messageOf(last)}`, last);
  } finally {
    done.abort();
    io.signal.removeEventListener('abort', hurry);
  }
}

function incomplete(record: CommandRecord, message: string, cause?: unknown): BenchError {
  return new BenchError({
    code: 'BENCH_CLEANUP_INCOMPLETE',
    message,
    hint: `try again with \`bench teardown\`, or end it by hand and: rm -rf ${record.hostDir}`,
    exitCode: EXIT.cleanupIncomplete,
    cause,
  });
}
