import { BenchError, EXIT, messageOf } from '@bench/core';

/** Lines that need not be shown. The raw log has them all the same. */
export interface OutputFilter {
  /** Under which hidden lines are counted. */
  name: string;
  /** A JavaScript regular expression of the whole line, from its beginning to its end. */
  pattern: string;
}

/** Filters that can be asked for by name: chatter of launchers that says nothing of the program. None is on by itself. */
export const KNOWN_FILTERS: readonly OutputFilter[] = [
  {
    name: 'srun-verbose',
    pattern: String.raw`srun: (?:(?:end of )?defined options|[- ]+|[a-z-]+ +: .*|jobid \d+: nodes\(\d+\):.*|launching StepId=.*|.*: task \d+: Completed)`,
  },
  {
    name: 'openmpi-components',
    pattern: String.raw`\[[^\]]+\] mca_base_component_repository_open: unable to open \S+: .* \(ignored\)`,
  },
];

/** No filter hides a line with one of these in it: what went wrong is never noise. */
const NEVER_HIDDEN =
  /error|exception|traceback|fatal|panic|abort|fail|kill|signal|segmentation|out of memory|\boom\b|assert|denied|refused|\bnan\b/i;

export interface FilterSet {
  /** Is this line left out? Counts it if so. */
  hides(line: string): boolean;
  /** Lines hidden so far, by filter; only those that hid any. */
  counts(): Record<string, number>;
}

/** Filters at work. @throws BenchError `BENCH_LAUNCH_FILTER` for a pattern that is no regular expression. */
export function filterSet(filters: readonly OutputFilter[]): FilterSet {
  const compiled = filters.map(({ name, pattern }) => ({ name, whole: compile(pattern) }));
  const counts: Record<string, number> = {};
  return {
    hides: (line) => {
      const hit = compiled.find(({ whole }) => whole.test(line));
      if (hit === undefined || NEVER_HIDDEN.test(line)) return false;
      counts[hit.name] = (counts[hit.name] ?? 0) + 1;
      return true;
    },
    counts: () => ({ ...counts }),
  };
}

/** A filter as it is written in a flag: a known filter's name, or a pattern. */
export function filterOf(text: string): OutputFilter {
  const filter = KNOWN_FILTERS.find(({ name }) => name === text) ?? { name: text, pattern: text };
  compile(filter.pattern);
  return filter;
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch (cause) {
    throw new BenchError({
      code: 'BENCH_LAUNCH_FILTER',
      message: `"${pattern}" is no regular expression: ${messageOf(cause)}`,
      hint: `a filter is a pattern of a whole line, or one of ${KNOWN_FILTERS.map(({ name }) => name).join(', ')}`,
      exitCode: EXIT.usage,
      cause,
    });
  }
}
