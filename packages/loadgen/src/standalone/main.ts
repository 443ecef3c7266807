import { runOrder } from './run-order.ts';

/** Set by the build. */
declare const BENCH_LOADGEN_VERSION: string;

/** Version of what goes between the program and who starts it: arguments, `order.json`, progress lines, result files. */
const PROTOCOL = 1;
const OLDEST_NODE = 20;
const USAGE = `usage: node bench-loadgen.mjs <folder>
  <folder>/order.json says what to send where; it is removed when read.
  Progress goes to standard output, a JSON object a line; the result to <folder>/result.jsonl.gz and gaps.f32.gz.
  SIGTERM and SIGINT: stops sending and writes what there is.
  --version  --handshake  --help
`;

/** The program: measures one load, away from whoever ordered it. Answers with the exit code. */
export async function main(args: readonly string[], self: URL): Promise<number> {
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const complain = (line: string) => process.stderr.write(`bench-loadgen: ${line}\n`);
  // A reader that has gone is no reason to stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const [first] = args;
  if (args.length !== 1 || first === undefined || (first.startsWith('-') && !['--version', '--handshake', '--help'].includes(first))) {
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
  if (first.startsWith('-')) return 0;
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  // The terminal or connection that it was started from may go; it does not.
  process.on('SIGHUP', () => undefined);
  return (await runOrder({ folder: first, workerFile: self, print, complain, signal: stop.signal })) ? 0 : 1;
}
