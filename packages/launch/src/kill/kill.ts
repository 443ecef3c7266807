import { BenchError, EXIT, type Host } from '@bench/core';
import { onNodes, type OnNodesOptions } from '../stage/on-nodes.ts';
import { FIND_SCRIPT } from './find-script.ts';

/** The variable by which processes of a launch are found again. */
export const LAUNCH_MARK = 'BENCH_LAUNCH_ID';

export interface KillRequest {
  /** Id of the launch; null: of any launch of this user. */
  launchId: string | null;
  nodes: readonly string[];
  /** Only processes whose command line has all of these in it, each by itself and as it stands. */
  matching?: readonly string[];
  /** Sent alone. Default: TERM, then KILL to what is left after `graceMs`. */
  signal?: KillSignal | undefined;
  /** Default 5 s. */
  graceMs?: number;
  /** Only look. */
  dryRun?: boolean;
}

export const KILL_SIGNALS = ['TERM', 'INT', 'KILL', 'HUP', 'USR1', 'USR2', 'STOP', 'CONT'] as const;
export type KillSignal = (typeof KILL_SIGNALS)[number];

export interface FoundProcess {
  pid: number;
  command: string;
}

export interface KillResult {
  /** Found and signalled; on a dry run only found. */
  nodes: { node: string; processes: FoundProcess[]; left: FoundProcess[] }[];
  /** Nodes of which nothing is known. */
  failed: { node: string; error: string }[];
}

/** A launch's id: what bench makes them of, and nothing that could be an option or a pattern. */
const ID = /^[a-z0-9][a-z0-9-]{0,63}$/i;

/**
 * Ends what a launch left, on all nodes at once, by the mark in its processes' environment: nobody else's program is met, whatever its name.
 * @throws BenchError `BENCH_LAUNCH_ID` for what cannot be an id
 */
export async function killLaunch(
  request: KillRequest,
  options: Omit<OnNodesOptions, 'timeoutMs'> & { timeoutMs?: number },
): Promise<KillResult> {
  const { launchId, nodes, matching = [] } = request;
  if (launchId !== null && !ID.test(launchId))
    throw new BenchError({
      code: 'BENCH_LAUNCH_ID',
      message: `"${launchId.slice(0, 80)}" cannot be the id of a launch`,
      hint: 'bench launch prints it when it starts; --any means all launches of yours',
      exitCode: EXIT.usage,
    });
  const words = [`${LAUNCH_MARK}=${launchId ?? ''}`, ...matching];
  const results = await onNodes(nodes, (host, { signal }) => killOn(host, words, request, signal), { timeoutMs: 60_000, ...options });
  return {
    nodes: results.flatMap((result) => (result.ok ? [{ node: result.node, ...result.value }] : [])),
    failed: results.flatMap((result) => (result.ok ? [] : [{ node: result.node, error: result.error }])),
  };
}

async function killOn(host: Host, words: readonly string[], request: KillRequest, signal: AbortSignal) {
  const { dryRun = false, graceMs = 5000 } = request;
  const [mark = '', ...matching] = words;
  const send = async (name: string) => {
    const { code, stdout, stderr } = await host.exec(
      { argv: ['sh', '-c', FIND_SCRIPT, 'sh', mark, name, ...matching] },
      { signal, maxOutputBytes: 16 << 20 },
    );
    if (code !== 0 && code !== 1) throw new Error(stderr.trim() || `looking for processes ended with ${code ?? 'a signal'}`);
    return parse(stdout);
  };
  if (dryRun) return { processes: await send('-'), left: [] };
  const processes = await send(request.signal ?? 'TERM');
  if (request.signal !== undefined || processes.length === 0) return { processes, left: [] };
  let left = await send('-');
  for (let waited = 0; left.length > 0 && waited < graceMs; waited += 250) {
    await host.exec({ argv: ['sleep', '0.25'] }, { signal });
    left = await send('-');
  }
  if (left.length === 0) return { processes, left };
  await send('KILL');
  for (let n = 0; left.length > 0 && n < 8; n += 1) {
    if (n > 0) await host.exec({ argv: ['sleep', '0.1'] }, { signal });
    left = await send('-');
  }
  return { processes, left };
}

function parse(stdout: string): FoundProcess[] {
  return stdout.split('\n').flatMap((line) => {
    const [, pid, command] = /^(\d+) (.*)$/.exec(line) ?? [];
    return pid === undefined || command === undefined ? [] : [{ pid: Number(pid), command: command.trim() }];
  });
}
