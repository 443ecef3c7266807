import { BenchError, EXIT, printable } from '@bench/core';

/** One thing that is wrong with a recipe. Lines and columns count from 1; null: it is about the file as a whole, or there is none. */
export interface Problem {
  file: string;
  line: number | null;
  column: number | null;
  /** What is wrong, without the position. */
  message: string;
  /** What to do, or null when the message says it all. */
  hint: string | null;
}

const MAX_SHOWN = 50;

/** `recipe.yaml:12:5 unknown key "max_concurency"; did you mean "max_concurrency"?`, or without a place `recipe.yaml: …`. */
export function formatProblem(problem: Problem): string {
  const place = problem.line === null || problem.column === null ? ':' : `:${problem.line}:${problem.column}`;
  const text = `${problem.file}${place} ${problem.message}`;
  // Control characters of a file must reach no terminal, and one problem stays one line.
  return printable(problem.hint === null ? text : `${text}; ${problem.hint}`);
}

/** One error for all problems of a file, sorted by position, each named once. */
export function recipeError(problems: readonly Problem[]): BenchError {
  const unique = new Map(problems.map((p) => [formatProblem(p), p]));
  const sorted = [...unique.entries()].sort(([, a], [, b]) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  const lines = sorted.slice(0, MAX_SHOWN).map(([text]) => text);
  if (sorted.length > MAX_SHOWN) lines.push(`… and ${sorted.length - MAX_SHOWN} more`);
  return new BenchError({
    code: 'BENCH_RECIPE_INVALID',
    message: lines.join('\n'),
    exitCode: EXIT.usage,
    details: { problems: sorted.map(([, p]) => p) },
  });
}
