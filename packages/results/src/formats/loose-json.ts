import { messageOf } from '@bench/core';

export interface LooseJson {
  values: unknown[];
  /** Each value is on a line of its own, as JSONL has it. */
  lines: boolean;
  /** What could not be read, in words. */
  problems: string[];
}

const LITERALS = ['NaN', 'Infinity', '-Infinity'];

/**
 * JSON as Python tools write it: one value, one a line, or several end to end; `NaN`, `Infinity` and `-Infinity` become strings of that
 * name. Linear in the text's length. Never throws.
 */
export function parseLooseJson(text: string): LooseJson {
  const result: LooseJson = { values: [], lines: true, problems: [] };
  const { spans, cuts } = topLevelSpans(text);
  for (const { from, to, literals } of spans) {
    try {
      const value: unknown = JSON.parse(quoteLiterals(text, from, to, literals));
      result.values.push(value);
    } catch (error) {
      if (result.problems.length < 20) result.problems.push(`JSON value at character ${from}: ${messageOf(error)}`);
    }
    if (text.slice(from, Math.min(to, from + 100_000)).includes('\n')) result.lines = false;
  }
  for (const cut of cuts) result.problems.push(`JSON value at character ${cut} has no end: the file may be cut`);
  return result;
}

interface Span {
  from: number;
  to: number;
  literals: [from: number, to: number][];
}

/** How often reading is taken up again behind a value without an end; each time costs one pass at most. */
const RETRIES = 5;

/** Objects and arrays at the top level. Text between them is passed over; behind a value without an end, reading goes on at the next line that begins one. */
function topLevelSpans(text: string): { spans: Span[]; cuts: number[] } {
  const spans: Span[] = [];
  const cuts: number[] = [];
  for (let at = 0; cuts.length < RETRIES;) {
    const cut = scan(text, at, spans);
    if (cut === null) break;
    cuts.push(cut);
    at = text.indexOf('\n{', cut) + 1;
    if (at === 0) break;
  }
  return { spans, cuts };
}

/** Adds the spans from `start` on; gives the beginning of a value without an end. */
function scan(text: string, start: number, spans: Span[]): number | null {
  let depth = 0;
  let from = 0;
  let literals: Span['literals'] = [];
  for (let i = start; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22 && depth > 0) {
      i = endOfString(text, i);
    } else if (c === 0x7b || c === 0x5b) {
      if (depth++ === 0) [from, literals] = [i, []];
    } else if (c === 0x7d || c === 0x5d) {
      if (depth > 0 && --depth === 0) spans.push({ from, to: i + 1, literals });
    } else if (depth > 0 && (c === 0x4e || c === 0x49 || c === 0x2d)) {
      const literal = LITERALS.find((l) => text.startsWith(l, i));
      if (literal) {
        literals.push([i, i + literal.length]);
        i += literal.length - 1;
      }
    }
  }
  return depth > 0 ? from : null;
}

/** Index of the quote that ends the string which begins at `start`; the text's end when none does. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5c) i++;
    else if (c === 0x22) return i;
  }
  return text.length;
}

function quoteLiterals(text: string, from: number, to: number, literals: Span['literals']): string {
  if (literals.length === 0) return text.slice(from, to);
  const parts: string[] = [];
  let at = from;
  for (const [start, end] of literals) {
    parts.push(text.slice(at, start), '"', text.slice(start, end), '"');
    at = end;
  }
  parts.push(text.slice(at, to));
  return parts.join('');
}

/** A plain object, or null. */
export function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}

/** A finite number, also one in a string (`"1234.50"`), as some versions write it; undefined: neither. */
export function asNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
