import type { Host } from '@bench/core';
import type { ContainerFacts } from '../contract.ts';
import { dockerOutput } from './docker-exec.ts';

/** So far back it is looked for errors that came before other output. */
const LINES = 200;

/**
 * What a container said last on stderr, or else on stdout, without its time; undefined: nothing, or its log cannot be read. Not the last
 * line of both: the daemon copies each stream by itself, so which of two lines is the later one, it does not know.
 * @throws BenchError when the daemon does not answer.
 */
export async function lastWords(options: {
  host: Host;
  docker: ContainerFacts['docker'];
  /** Name or id. */
  container: string;
  signal: AbortSignal;
}): Promise<string | undefined> {
  const { host, docker, container, signal } = options;
  const args = ['logs', '--timestamps', '--tail', String(LINES), container];
  const { code, stdout, stderr } = await dockerOutput(host, docker, args, { signal, failing: true });
  return code === 0 ? (lastLine(stderr) ?? lastLine(stdout)) : undefined;
}

/** Lines without a time are docker's own. */
function lastLine(log: string): string | undefined {
  const lines = log.split('\n').map((line) => /^\d{4}-\d\d-\d\dT\S+ (.*)/.exec(line)?.[1]?.trim());
  return lines.findLast((line) => line !== undefined && line !== '');
}
