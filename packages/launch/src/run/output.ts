import type { OutputLine } from '@bench/core';
import type { FilterSet } from './filters.ts';
import { type LineSplitter, lineSplitter } from './line-splitter.ts';
import type { RawLog } from './raw-log.ts';

type Stream = OutputLine['stream'];

/** A line of one rank. */
export interface RankLine {
  rank: number;
  text: string;
}

export interface LaunchOutputOptions {
  /** Gets what a person shall see. Waited for, so that a slow reader slows the program down and not memory. */
  show: (stream: Stream, chunk: Uint8Array | string) => void | Promise<void>;
  /** Reads the label that the launcher put before a line; null when there is none. Absent: lines have no labels. */
  readLabel?: ((line: string) => RankLine | null) | undefined;
  /** Absent: nothing is hidden. */
  filters?: FilterSet | undefined;
  log: RawLog | null;
  /** Gets each line as the program wrote it, also a hidden one. */
  onLine?: ((line: OutputLine & { rank: number | null }) => void) | undefined;
}

export interface LaunchOutput {
  push(stream: Stream, chunk: Uint8Array): Promise<void>;
  /** What came without a line end. */
  end(): Promise<void>;
}

/**
 * What becomes of a launch's output. Bytes are shown as they come, so that progress bars live; where lines must be looked at (labels,
 * filters), whole lines are.
 */
export function launchOutput(options: LaunchOutputOptions): LaunchOutput {
  const { show, readLabel, filters, log, onLine } = options;
  const byLine = readLabel !== undefined || filters !== undefined;
  const splitters: Record<Stream, LineSplitter> = { stdout: lineSplitter(), stderr: lineSplitter() };

  const line = (stream: Stream, raw: string): string => {
    const labelled = readLabel?.(raw) ?? null;
    const text = labelled?.text ?? raw;
    onLine?.({ stream, text, rank: labelled?.rank ?? null });
    if (filters?.hides(text)) return '';
    return labelled === null ? `${raw}\n` : `[${labelled.rank}] ${text}\n`;
  };
  const lines = async (stream: Stream, raw: readonly string[]) => {
    const text = raw.map((one) => line(stream, one)).join('');
    if (byLine && text !== '') await show(stream, text);
  };
  return {
    push: async (stream, chunk) => {
      await log?.write(chunk);
      if (!byLine) await show(stream, chunk);
      if (byLine || onLine) await lines(stream, splitters[stream].push(chunk));
    },
    end: async () => {
      for (const stream of ['stdout', 'stderr'] as const) await lines(stream, splitters[stream].end());
    },
  };
}
