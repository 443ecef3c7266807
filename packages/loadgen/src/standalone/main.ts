import { runBatch } from './batch/run-batch.ts';
import { runOrder } from './run-order.ts';

/** Set by the build. */
declare const BENCH_LOADGEN_VERSION: string;

/**
 * Version of what goes between the program and who starts it: arguments, `order.json`, progress lines, result files, and the files of a batch
 * deployment. 2: `--batch`.
 */
const PROTOCOL = 2;
const OLDEST_NODE = 20;
const USAGE = `usage: node bench-loadgen.mjs <folder>
  <folder>/order.json says what to send where; it is removed when read.
  Progress goes to standard output, a JSON object a line; the result to <folder>/result.jsonl.gz and gaps.f32.gz.
  SIGTERM and SIGINT: stops sending and writes what there is.
usage: node bench-loadgen.mjs --batch <deployment folder> --client <i> --of <n>
  One of n load clients of a service that runs beside it: waits for it, and sends its share of the loads in orders/.
       node bench-loadgen.mjs --version | --handshake | --help
`;

/** The program: measures one load, away from whoever ordered it. Answers with the exit code. */
export async function main(args: readonly string[], self: URL): Promise<number> {
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const complain = (line: string) => process.stderr.write(`bench-loadgen: ${line}\n`);
  // A reader that has gone is no reason to stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const [first] = args;
  const batch = batchArguments(args);
  const single = args.length === 1 && (!first?.startsWith('-') || ['--version', '--handshake', '--help'].includes(first));
  if (first === undefined || (!batch && !single)) {
    process.stderr.write(USAGE);
    return 2;
  }
  if (first === '--help') process.stdout.write(USAGE);
  if (first === '--version') print(BENCH_LOADGEN_VERSION);
  if (first === '--handshake') print(JSON.stringify({ protocol: PROTOCOL, version: BENCH_LOADGEN_VERSION, node: process.versions.node }));
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    complain(`Node ${process.versions.node} is too old: ${OLDEST_NODE} or newer is needed`);
    return 3;
  }
  if (!batch && first.startsWith('-')) return 0;
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort(signal));
  // The terminal or connection that it was started from may go; it does not.
  process.on('SIGHUP', () => undefined);
  const common = { workerFile: self, print, complain, signal: stop.signal };
  if (batch) return await runBatch({ ...common, ...batch });
  return (await runOrder({ ...common, folder: first })) ? 0 : 1;
}

/** `--batch <folder> --client <i> --of <n>`, in this order; null: something else. */
function batchArguments(args: readonly string[]): { folder: string; client: number; of: number } | null {
  const [batch, folder, clientFlag, client, ofFlag, of] = args;
  if (args.length !== 6 || batch !== '--batch' || clientFlag !== '--client' || ofFlag !== '--of') return null;
  const [i, n] = [whole(client), whole(of)];
  return folder === undefined || folder === '' || i === null || n === null || i >= n ? null : { folder, client: i, of: n };
}

function whole(text: string | undefined): number | null {
  return text !== undefined && /^(0|[1-9]\d{0,5})$/.test(text) ? Number(text) : null;
}
