import { join } from 'node:path';
import { EXIT, makeFolder, type OutputLine, writeAtomic } from '@bench/core';
import { type BadNode, badNodes } from './bad-nodes.ts';
import { type Attempt, classify, trueCode, type Verdict } from './classify.ts';
import { logReader } from './log-facts.ts';
import { BAD_NODE_RULES, type BadNodeRule } from './scrape-rules.ts';

export interface FailoverOptions {
  active: readonly string[];
  spare: readonly string[];
  /** Attempts after the first. */
  maxRetries: number;
  /** Gets `active.hostfile`, `bad_nodes.txt` and `attempt-N.log`. */
  folder: string;
  /** Starts the program on these nodes and waits for its end; every line goes to `onLine`, every byte to `logFile`. */
  attempt: (attempt: {
    n: number;
    nodes: readonly string[];
    logFile: string;
    onLine: (line: OutputLine) => void;
  }) => Promise<{ code: number }>;
  signal: AbortSignal;
  /** The name behind an address; see {@link badNodes}. */
  resolve?: (address: string) => string | null;
  rules?: readonly BadNodeRule[];
  /** What a line of progress looks like; null: the program tells of none. Default `step=N`. */
  progress?: RegExp | null;
  /** Told of each verdict, and of the nodes that come next. */
  onVerdict?: (verdict: { n: number; verdict: Verdict; out: readonly string[]; in: readonly string[] }) => void;
}

export interface FailoverResult {
  code: number;
  stop: StopReason;
  reason: string;
  attempts: { n: number; nodes: string[]; code: number; verdict: Verdict['kind']; reason: string }[];
  bad: { node: string; why: string; attempt: number }[];
}

/** Why there is no further attempt. `exhausted`: no spare node is left. `retries`: as often as was allowed. */
export type StopReason = 'success' | 'interrupted' | 'walltime' | 'stuck_pre_training' | 'exhausted' | 'retries';

/** Runs a program until it succeeds, replacing nodes that fail it by spare ones. */
export async function runFailover(options: FailoverOptions): Promise<FailoverResult> {
  const { folder, maxRetries, rules = BAD_NODE_RULES, progress, resolve, signal, onVerdict } = options;
  const result: FailoverResult = { code: 1, stop: 'retries', reason: '', attempts: [], bad: [] };
  let nodes = [...options.active];
  let spare = [...options.spare];
  let before: Attempt | null = null;
  let turn = 0;
  await makeFolder(folder);
  for (let n = 1; ; n += 1) {
    await writeAtomic(join(folder, 'active.hostfile'), `${nodes.join('\n')}\n`);
    const log = logReader({ rules, ...(progress === undefined ? {} : { progress }) });
    const { code } = await options.attempt({ n, nodes, logFile: join(folder, `attempt-${n}.log`), onLine: ({ text }) => log.push(text) });
    const facts = log.facts();
    const bad: BadNode[] = badNodes(facts.suspects, { nodes, rules, ...(resolve ? { resolve } : {}) });
    const attempt: Attempt = { code: signal.aborted ? EXIT.interrupted : code, facts, bad };
    const verdict = classify(attempt, before, progress !== null);
    before = attempt;
    result.code = trueCode(attempt);
    result.attempts.push({ n, nodes, code: result.code, verdict: verdict.kind, reason: verdict.reason });
    if (verdict.kind === 'known') await note(verdict.bad, n);
    const stop = stopOf(verdict, { spare: spare.length, left: maxRetries - n + 1 });
    if (stop !== null) return { ...result, ...stop };
    const out = verdict.kind === 'known' ? verdict.bad.map(({ node }) => node) : [nodes[turn % nodes.length] as string];
    const [fresh, rest] = [spare.slice(0, out.length), spare.slice(out.length)];
    onVerdict?.({ n, verdict, out, in: fresh });
    const replacement = new Map(out.map((node, i) => [node, fresh[i] as string]));
    nodes = nodes.map((node) => replacement.get(node) ?? node);
    // A node that nobody accused may be innocent: it waits behind the others, and another one has its turn.
    spare = verdict.kind === 'known' ? rest : [...rest, ...out];
    if (verdict.kind === 'blind') turn += 1;
  }

  async function note(bad: readonly BadNode[], attempt: number): Promise<void> {
    result.bad.push(...bad.map(({ node, why }) => ({ node, why, attempt })));
    await writeAtomic(join(folder, 'bad_nodes.txt'), result.bad.map((one) => `${one.node}\t${one.why}\tattempt ${one.attempt}\n`).join(''));
  }
}

function stopOf(verdict: Verdict, have: { spare: number; left: number }): { stop: StopReason; reason: string } | null {
  if (verdict.kind !== 'known' && verdict.kind !== 'blind') return { stop: verdict.kind, reason: verdict.reason };
  const needed = verdict.kind === 'known' ? verdict.bad.length : 1;
  if (have.spare < needed)
    return { stop: 'exhausted', reason: `${needed} to replace and ${have.spare} spare; the last attempt: ${verdict.reason}` };
  if (have.left <= 0) return { stop: 'retries', reason: `no more attempts are allowed; the last one: ${verdict.reason}` };
  return null;
}

/** The one line that says how it ended. */
export function stopLine({ stop, reason }: Pick<FailoverResult, 'stop' | 'reason'>): string {
  return `FAILOVER STOP: ${stop}: ${reason}`;
}
