/** One sample of a text: `name{label="value"} 1.5`. A histogram's buckets, sum and count are samples of their own, with their suffixes. */
export interface PrometheusSample {
  name: string;
  labels: Readonly<Record<string, string>>;
  /** NaN and infinities as they are. */
  value: number;
}

/** Of a text that is longer, the rest is left out: an engine's whole page is some hundred kilobytes. */
const MAX_SAMPLES = 20_000;
const MAX_LINE = 16_384;

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y;
/** Value, and a time stamp that is not needed. OpenMetrics may have an exemplar behind a `#`. */
const REST = /^[ \t]*([^ \t#]+)(?:[ \t]+[^ \t#]+)?[ \t]*(?:#.*)?$/;

/**
 * The samples of a text in Prometheus' exposition format 0.0.4, which OpenMetrics' samples follow too. Comments, and lines that are none of it,
 * are left out; never throws. Source: "Exposition formats" of Prometheus' documentation.
 * @param wanted of other names, nothing is kept. Default: everything.
 */
export function parsePrometheus(text: string, wanted: (name: string) => boolean = () => true): PrometheusSample[] {
  const samples: PrometheusSample[] = [];
  for (let at = 0; at < text.length && samples.length < MAX_SAMPLES;) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const line = end - at > MAX_LINE ? '' : text.slice(at, end);
    at = end + 1;
    const sample = parseLine(line, wanted);
    if (sample !== null) samples.push(sample);
  }
  return samples;
}

function parseLine(raw: string, wanted: (name: string) => boolean): PrometheusSample | null {
  const line = raw.trim();
  const name = take(NAME, line, 0);
  if (name === null || !wanted(name)) return null;
  // A name ends where a blank or its labels begin.
  if (!' \t{'.includes(line[name.length] ?? '-')) return null;
  const labelled = readLabels(line, name.length);
  if (labelled === null) return null;
  const value = numberOf(REST.exec(line.slice(labelled.end))?.[1]);
  return value === null ? null : { name, labels: labelled.labels, value };
}

/** What stands in braces, if there are any; null: it is not whole. */
function readLabels(line: string, from: number): { labels: Record<string, string>; end: number } | null {
  const labels: Record<string, string> = {};
  let at = skipBlanks(line, from);
  if (line[at] !== '{') return { labels, end: from };
  at = skipBlanks(line, at + 1);
  while (line[at] !== '}') {
    const name = take(LABEL, line, at);
    if (name === null) return null;
    at = skipBlanks(line, at + name.length);
    if (line[at] !== '=') return null;
    const value = readQuoted(line, skipBlanks(line, at + 1));
    if (value === null) return null;
    labels[name] = value.text;
    at = skipBlanks(line, value.end);
    if (line[at] === ',') at = skipBlanks(line, at + 1);
    else if (line[at] !== '}') return null;
  }
  // The value may follow the brace at once.
  return { labels, end: at + 1 };
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

/** A value in quotes, in which `\\`, `\"` and `\n` are escapes. */
function readQuoted(line: string, from: number): { text: string; end: number } | null {
  if (line[from] !== '"') return null;
  let text = '';
  for (let at = from + 1; at < line.length; at++) {
    const char = line[at] as string;
    if (char === '"') return { text, end: at + 1 };
    if (char !== '\\') {
      text += char;
      continue;
    }
    at += 1;
    const next = line[at];
    if (next === undefined) return null;
    text += ESCAPED[next] ?? `\\${next}`;
  }
  return null;
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (line[at] === ' ' || line[at] === '\t') at++;
  return at;
}

function take(pattern: RegExp, line: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(line)?.[0] ?? null;
}

/** As Go's ParseFloat reads it, which the format refers to. */
function numberOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const word = /^([+-]?)(?:inf|infinity)$/i.exec(text);
  if (word) return word[1] === '-' ? -Infinity : Infinity;
  if (/^[+-]?nan$/i.test(text)) return NaN;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : null;
}
