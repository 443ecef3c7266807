import { cleanLines, isRule, pythonNumber, titleIn } from './clean-lines.ts';
import { isKnownLabel } from './text-labels.ts';

export interface TextRow {
  /** Title of the section above it; empty in the head of the block. */
  section: string;
  /** Without its colon. */
  label: string;
  /** As printed, trimmed. */
  value: string;
}

/** One result block, taken apart but not yet understood. */
export interface TextBlock {
  rows: TextRow[];
  /** Its last rule was there. */
  closed: boolean;
  /** What the tool printed of its own arguments, when it did. */
  model: string | undefined;
}

const HEADER = ' Serving Benchmark Result ';
const STEADY = 'Steady-State Metrics';

/** Finds every serving result block in a text, whatever surrounds it. Linear in the text's length. */
export function findBlocks(text: string): TextBlock[] {
  const blocks: TextBlock[] = [];
  let open: { block: TextBlock; section: string; column: number } | null = null;
  /** Lines since the last block closed: its steady-state part may follow. */
  let since = Infinity;
  let model: string | undefined;
  for (const line of cleanLines(text)) {
    since++;
    const last = blocks.at(-1);
    if (line.includes('Namespace(')) model = /\bmodel='([^']{1,200})'/.exec(line)?.[1] ?? model;
    const header = line.includes(HEADER) ? titleIn(line, '=') : null;
    if (header?.title === HEADER.trim()) {
      const block: TextBlock = { rows: [], closed: false, model };
      blocks.push(block);
      open = { block, section: '', column: header.column };
      continue;
    }
    if (line.includes(STEADY) && last && (open || since <= 5)) {
      const steady = titleIn(line, '-') ?? titleIn(line, '=');
      if (steady) open = { block: last, section: STEADY, column: steady.column };
      continue;
    }
    if (!open) continue;
    if (isRule(line)) {
      open.block.closed = true;
      open = null;
      since = 0;
      continue;
    }
    if (titleIn(line, '=')) {
      // Something else begins: the block was cut.
      open = null;
      continue;
    }
    const section = titleIn(line, '-');
    if (section) open.section = section.title;
    else {
      const row = readRow(line, open.column);
      if (row) open.block.rows.push({ section: open.section, ...row });
    }
  }
  return blocks;
}

/** Values that are words. */
const WORDS = /^(not set|none|trace|[a-z0-9_./-]{1,60})$/i;

/**
 * `label: value`, where anything may stand before the label (`bench-1  | `, a time). Known labels are found by their end; an unknown one
 * must be laid out as the tools lay out theirs: value at column 35 or later.
 */
function readRow(line: string, column: number): { label: string; value: string } | null {
  const end = line.trimEnd();
  const colon = end.endsWith(':') ? end.length - 1 : end.lastIndexOf(': ');
  if (colon < 1) return null;
  const value = end.slice(colon + 1).trim();
  const before = end.slice(0, colon);
  for (const label of [before, before.slice(column), afterLast(before, '| '), afterLast(before, '] '), afterLast(before, ') ')]) {
    const trimmed = label.trim();
    if (isKnownLabel(trimmed)) return { label: trimmed, value };
  }
  const label = before.slice(column > 0 && column < colon ? column : 0).trim();
  const laidOut = end.length - value.length - (column < colon ? column : 0) >= 35;
  const isValue = pythonNumber(value) !== null || WORDS.test(value);
  return laidOut && isValue && label !== '' && label.length <= 80 ? { label, value } : null;
}

function afterLast(text: string, separator: string): string {
  const at = text.lastIndexOf(separator);
  return at === -1 ? '' : text.slice(at + separator.length);
}
