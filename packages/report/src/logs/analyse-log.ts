import { oneLine } from '../text.ts';
import { categoryOf, LOG_CATEGORIES, type LogCategory } from './log-categories.ts';

/** A kind of trouble that a log tells of. */
export interface LogIssue {
  category: LogCategory;
  /** `Out of GPU memory`. */
  title: string;
  /** What to do; null: that depends on the line. */
  hint: string | null;
  /** Lines of it. */
  count: number;
  /** Different ones, the first of each; at most three. Lines count from 1. */
  examples: { line: number; text: string }[];
}

const MAX_EXAMPLES = 3;
/** Longer lines are dumps of settings: only their beginning is looked at. */
const MAX_CHARS = 4000;

const ORDER = Object.keys(LOG_CATEGORIES) as LogCategory[];

/**
 * What went wrong by the words of a log: its lines of trouble by category, with examples. In the order of how much they explain, so that a cause stands
 * before the hundred refused requests that followed from it. Empty: no line tells of trouble.
 */
export function analyseLog(lines: Iterable<string>): LogIssue[] {
  const reader = new LogReader();
  for (const line of lines) reader.line(line);
  return reader.issues();
}

/** The same, line by line, for logs that are not held as a whole. */
export class LogReader {
  readonly #issues = new Map<LogCategory, LogIssue>();
  /** Examples without their numbers: the same words again are no other example. */
  readonly #seen = new Set<string>();
  #lines = 0;

  line(whole: string): void {
    this.#lines++;
    const line = whole.slice(0, MAX_CHARS).replaceAll(/\u001B\[[0-9;]*m/g, '');
    const category = categoryOf(line);
    if (category === null) return;
    const issue = this.#issues.get(category) ?? { category, ...LOG_CATEGORIES[category], count: 0, examples: [] };
    this.#issues.set(category, issue);
    issue.count++;
    if (issue.examples.length === MAX_EXAMPLES) return;
    const kind = `${category} ${line.replaceAll(/[0-9a-f]*\d[0-9a-f]*/gi, '#').slice(0, 200)}`;
    if (this.#seen.has(kind)) return;
    this.#seen.add(kind);
    issue.examples.push({ line: this.#lines, text: oneLine(line) });
  }

  issues(): LogIssue[] {
    return ORDER.flatMap((category) => this.#issues.get(category) ?? []);
  }
}
