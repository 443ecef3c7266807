import { join } from 'node:path';
import { BATCH_FILES, BenchError, messageOf } from '@bench/core';
import type { Active, BatchContext } from './batch-context.ts';
import { isAway } from './collect-errors.ts';

/** Names of what a deployment left beside its clients' results: logs, samples of GPUs and processes, and the files of state. */
const LIST = String.raw`
cd -- "$1" 2>/dev/null || exit 0
printf '\n@begin\n'
for file in *.log *.out telemetry.jsonl clients/*/client.log; do
  [ -f "$file" ] && printf '%s\n' "$file"
done
exit 0
`;

/** Brings a deployment's logs, and its files of state, into its folder of the run directory. What was there before is replaced: logs only grow. */
export async function fetchLogs({ record }: Pick<Active, 'record'>, context: BatchContext, signal: AbortSignal): Promise<void> {
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
      await host.get(`${folder}/${name}`, join(local, to), { signal });
    } catch (error) {
      if (signal.aborted || isAway(error)) throw error;
      io.logger.log('warn', `${name} of ${record.id} could not be fetched: ${io.redact(messageOf(error))}`);
    }
  }
}
