import type { BadNodeRule } from './scrape-rules.ts';

/** What a log says of how a launch went. */
export interface LogFacts {
  /** The exit code that the program said last, when it says so itself; launchers may answer 0 all the same. */
  reportedCode: number | null;
  /** Lines that speak of a crash; the first few. */
  crashes: string[];
  /** Does the scheduler say that the job's time is over? */
  timeOver: boolean;
  /** How many lines told of progress. */
  progress: number;
  /** Nodes that were named as the cause, as they were written. */
  suspects: Suspect[];
}

export interface Suspect {
  /** A name, a list of names, or an address. */
  node: string;
  rule: string;
  line: string;
}

export interface LogReader {
  push(line: string): void;
  facts(): LogFacts;
}

/** A program's own word: `Execution finished with 1`. */
const REPORTED = /\bexecution finished with (?:exit code |code )?(\d+)\b/i;
/** A rank that the launcher ended because of another one died innocently. */
const INNOCENT = /\brank \d+ died from signal (?:11|15)\b/gi;
const CRASHES = [
  /\bgloo\b.*(?:closed|reset|refused|timed? ?out)/i,
  /\bOutOfMemoryError\b|\bCUDA out of memory\b/,
  /\bUR_RESULT_ERROR_OUT_OF_RESOURCES\b/,
  /\bdied from signal \d+/i,
  /\brank \d+ exited with code [1-9]\d*/i,
  /\bEOFError\b/,
  // What the wrapper of each rank says; 139 and 143 are signals that the innocent die from.
  /\brank \d+ on \S+ ended with exit code (?!139\b|143\b)[1-9]\d*/,
  /\bNode failure on\b|\bDUE TO NODE FAILURE\b/,
  /: tasks? [\d,-]+: (?:Exited with exit code [1-9]\d*|Killed|Segmentation fault|Bus error|Aborted|Out Of Memory)/,
  /\bexited on signal (?!15\b)\d+/,
  /\bhas lost communication with a remote daemon\b/i,
  /\bBAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES\b/,
];
/** slurmstepd; PBS's MoM. */
const TIME_OVER = /\bDUE TO TIME LIMIT\b|\bPBS: job killed: walltime \d+ exceeded limit\b/;
/** Progress of a training program. */
export const STEP_LINE = /\bstep\s*[=:]\s*\d+/i;

const MOST_LINES = 20;
/** How far below the words that announce it a node's name may stand. */
const NEAR_LINES = 12;
// oxlint-disable-next-line no-control-regex -- escape sequences begin with one
const ANSI = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-Z\\^_])/g;

/** A text as it reads on a terminal, without what colours it. */
export function withoutColours(text: string): string {
  return text.replace(ANSI, '');
}

/** Reads a log as it is written. `progress` null: no line is progress. */
export function logReader(options: { rules: readonly BadNodeRule[]; progress?: RegExp | null }): LogReader {
  const { rules, progress = STEP_LINE } = options;
  const facts: LogFacts = { reportedCode: null, crashes: [], timeOver: false, progress: 0, suspects: [] };
  const announced = new Map<string, number>();
  let at = 0;
  return {
    push: (raw) => {
      const line = withoutColours(raw);
      at += 1;
      const reported = REPORTED.exec(line)?.[1];
      if (reported !== undefined) facts.reportedCode = Number(reported);
      if (TIME_OVER.test(line)) facts.timeOver = true;
      if (progress?.test(line)) facts.progress += 1;
      const rest = line.replace(INNOCENT, '');
      if (facts.crashes.length < MOST_LINES && CRASHES.some((crash) => crash.test(rest))) facts.crashes.push(line);
      for (const rule of rules) {
        if (rule.after?.test(line)) announced.set(rule.name, at);
        if (rule.after && at - (announced.get(rule.name) ?? Number.NEGATIVE_INFINITY) > NEAR_LINES) continue;
        const node = rule.pattern.exec(rest)?.groups?.['node'];
        if (node !== undefined && facts.suspects.length < MOST_LINES) facts.suspects.push({ node, rule: rule.name, line });
      }
    },
    facts: () => ({ ...facts, crashes: [...facts.crashes], suspects: [...facts.suspects] }),
  };
}
