import { BenchError, didYouMean, EXIT } from '@bench/core';

export interface TemplateName {
  name: string;
  /** Where `$name` begins, from 0. */
  offset: number;
}

type Piece = { kind: 'text'; text: string } | { kind: 'name'; name: string; offset: number };

/** `$name` is ours, `$$` is a dollar; `$(…)`, `${…}`, `$1`, `$?` and a dollar at the end belong to the shell. */
function piecesOf(template: string): Piece[] {
  const pieces: Piece[] = [];
  const pattern = /\$(?:\$|([A-Za-z_][A-Za-z0-9_]*))/g;
  let last = 0;
  for (const match of template.matchAll(pattern)) {
    pieces.push({ kind: 'text', text: template.slice(last, match.index) });
    if (match[1] === undefined) pieces.push({ kind: 'text', text: '$' });
    else pieces.push({ kind: 'name', name: match[1], offset: match.index });
    last = match.index + match[0].length;
  }
  pieces.push({ kind: 'text', text: template.slice(last) });
  return pieces;
}

/** Every `$name` of a template. */
export function templateNames(template: string): TemplateName[] {
  return piecesOf(template).flatMap((p) => (p.kind === 'name' ? [{ name: p.name, offset: p.offset }] : []));
}

/**
 * A command's shell script with its names filled in. A value is data: it is quoted for the place it stands in. Outside quotes it
 * splits into words at blanks, as a shell's variable does; in `"…"` and `'…'` it stays one. Nothing in it is ever run or expanded.
 * @throws BenchError `BENCH_TEMPLATE` for a name that has no value.
 */
export function renderCommandTemplate(template: string, values: Readonly<Record<string, string | number | boolean | null>>): string {
  const scanner = quoteScanner();
  let out = '';
  for (const piece of piecesOf(template)) {
    if (piece.kind === 'text') {
      scanner.read(piece.text);
      out += piece.text;
      continue;
    }
    if (!Object.hasOwn(values, piece.name)) {
      const near = didYouMean(piece.name, Object.keys(values));
      throw new BenchError({
        code: 'BENCH_TEMPLATE',
        message: `unknown name "$${piece.name}" in the command${near ? `; ${near}` : ''}`,
        hint: `write "$$${piece.name}" for a variable of the shell`,
        exitCode: EXIT.usage,
        details: { name: piece.name, offset: piece.offset },
      });
    }
    const quoted = quoteFor(scanner.state(), String(values[piece.name] ?? ''));
    scanner.read(quoted);
    out += quoted;
  }
  return out;
}

type Quote = 'none' | 'single' | 'double';

/** Follows which quotes are open. Comments and here-documents with unpaired quotes are beyond it: values without odd characters are written alike in all states. */
function quoteScanner() {
  let quote: Quote = 'none';
  let escaped = false;
  let comment = false;
  let previous = '\n';
  return {
    state: (): Quote => quote,
    read(text: string) {
      for (const c of text) {
        if (escaped) escaped = false;
        else if (comment) comment = c !== '\n';
        else if (c === '\\' && quote !== 'single') escaped = true;
        else if (c === "'" && quote !== 'double') quote = quote === 'single' ? 'none' : 'single';
        else if (c === '"' && quote !== 'single') quote = quote === 'double' ? 'none' : 'double';
        else if (c === '#' && quote === 'none' && /[\s;&|(]/.test(previous)) comment = true;
        previous = c;
      }
    },
  };
}

const HARMLESS = /^[A-Za-z0-9_./:=@%+,-]+$/;

function quoteFor(state: Quote, value: string): string {
  if (HARMLESS.test(value)) return value;
  if (state === 'single') return value.replaceAll("'", `'\\''`);
  if (state === 'double') return value.replace(/[\\"$`]/g, '\\$&');
  return value
    .split(/[ \t\n]+/)
    .filter((word) => word !== '')
    .map((word) => (HARMLESS.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
