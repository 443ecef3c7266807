import { join } from 'node:path';
import { BATCH_FILES, BenchError, messageOf } from '@bench/core';
import type { Active, BatchContext } from './batch-context.ts';
import { isAway, isOfHere, isUnread } from './collect-errors.ts';
import { keepUnread } from './cluster.ts';
import { fetchPath } from './fetch-path.ts';

/** Names of what a deployment left beside its clients' results: logs, samples of GPUs and processes, and the files of state. */
const LIST = String.raw`
cd -- "$1" 2>/dev/null || exit 0
printf '\n@begin\n'
for file in *.log *.out telemetry.jsonl clients/*/client.log; do
  [ -f "$file" ] && printf '%s\n' "$file"
done
exit 0
`;

/**
 * Brings a deployment's logs, and its files of state, into its folder of the run directory. What was there before is replaced: logs only grow.
 * One that is not there, or cannot be read there, is warned of.
 * @throws BenchError `BENCH_BATCH_FETCH` when one cannot be kept here
 */
export async function fetchLogs(deployment: Pick<Active, 'record'>, context: BatchContext, signal: AbortSignal): Promise<void> {
  const { record } = deployment;
  const { host, runFolder, writer, io } = context;
  const folder = `${runFolder}/${record.id}`;
  const local = await writer.deploymentDir(record.id);
  const { stdout, code } = await host.exec({ script: LIST, args: [folder] }, { timeoutMs: 60_000, repeatable: true, signal });
  if (code !== 0)
    throw new BenchError({ code: 'BENCH_BATCH_LOOK', message: `${host.name}: the logs in ${folder} could not be listed`, retryable: true });
  const names = (stdout.split('\n@begin\n').at(-1) ?? '').split('\n').filter((name) => /^[\w./-]+$/.test(name) && !name.includes('..'));
  for (const name of [...names, BATCH_FILES.stateFolder]) {
    // A client's log lies beside the service's: `client-0.log`.
    const to = name.replace(/^clients\/(\d+)\/client\.log$/, 'client-$1.log');
    try {
      await fetchPath({ deployment, from: name, to: join(local, to), signal }, context);
    } catch (error) {
      // Where they are is removed once they are here.
      if (signal.aborted || isAway(error) || isOfHere(error)) throw error;
      if (isUnread(error)) await keepUnread({ host, runFolder, deployment: record.id });
      io.logger.log('warn', `${name} of ${record.id} could not be fetched: ${io.redact(messageOf(error))}`);
    }
  }
}
