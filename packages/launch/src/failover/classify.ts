import { EXIT } from '@bench/core';
import type { BadNode } from './bad-nodes.ts';
import type { LogFacts } from './log-facts.ts';

/** Ended by TERM: what a queue sends when the job's time is over. */
const TERMINATED = 143;

/**
 * What an attempt says of its nodes. `known`: these nodes are bad. `blind`: something is, and nobody says what. `stuck_pre_training`: twice
 * no progress at all, so it is not the nodes. `walltime`: the job's time is over.
 */
export type Verdict =
  | { kind: 'success' | 'interrupted' | 'walltime' | 'stuck_pre_training'; reason: string }
  | { kind: 'blind'; reason: string }
  | { kind: 'known'; reason: string; bad: BadNode[] };

export interface Attempt {
  /** The launcher's exit code; 124 for silence, 130 for the user's stop. */
  code: number;
  facts: LogFacts;
  /** What {@link badNodes} made of the facts. */
  bad: readonly BadNode[];
}

/** The exit code that counts: a launcher's 0 is not believed against the program's own word. */
export function trueCode({ code, facts }: Pick<Attempt, 'code' | 'facts'>): number {
  return code === EXIT.ok && facts.reportedCode !== null ? facts.reportedCode : code;
}

/**
 * Judges an attempt.
 * @param before the attempt before; null for the first
 * @param progress whether the program tells of progress; without that nothing can be called stuck. Default true
 */
export function classify(attempt: Attempt, before: Attempt | null, progress = true): Verdict {
  const { facts, bad } = attempt;
  const code = trueCode(attempt);
  if (code === EXIT.ok) return { kind: 'success', reason: 'it ended with 0' };
  if (code === EXIT.interrupted) return { kind: 'interrupted', reason: 'it was interrupted' };
  if (facts.timeOver) return { kind: 'walltime', reason: 'the scheduler says that the job’s time is over' };
  if (code === TERMINATED && facts.crashes.length === 0)
    return {
      kind: 'walltime',
      reason: `it was ended from outside (exit code ${TERMINATED}) and nothing had crashed: the job's time is over`,
    };
  if (bad.length > 0) return { kind: 'known', reason: bad.map(({ node, why }) => `${node}: ${why}`).join('; '), bad: [...bad] };
  if (progress && before !== null && facts.progress === 0 && before.facts.progress === 0)
    return { kind: 'stuck_pre_training', reason: 'two attempts in a row made no step: other nodes will not help' };
  if (code === EXIT.watchdog) return { kind: 'blind', reason: 'it said nothing any more, and no node is named' };
  const crash = facts.crashes[0];
  return {
    kind: 'blind',
    reason: `exit code ${code}, and no node is named${crash === undefined ? '' : `: ${crash.trim().slice(0, 200)}`}`,
  };
}
