import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ndjsonReader } from './ndjson.ts';

function read(chunks: Uint8Array[]): string[] {
  const lines: string[] = [];
  const reader = ndjsonReader((line) => lines.push(line));
  for (const chunk of chunks) {
    reader.push(chunk);
    // Whoever reads a socket may use the same memory again.
    chunk.fill(0x21);
  }
  reader.end();
  return lines;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const reference = (all: Uint8Array) =>
  new TextDecoder('utf-8', { ignoreBOM: true })
    .decode(all)
    .split('\n')
    .filter((line) => line.trim() !== '');

describe('ndjsonReader', () => {
  it('hands over the last line without its end, and no blank ones', () => {
    expect(read([bytes('{"a":1}\r\n\n  \n{"b":"€"}')])).toEqual(['{"a":1}\r', '{"b":"€"}']);
    expect(JSON.parse(read([bytes('{"a":1}\r\n')])[0] as string)).toEqual({ a: 1 });
    expect(read([bytes('')])).toEqual([]);
  });

  it('gives the same lines for any stream and any split of its bytes', () => {
    const line = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }).map(bytes),
      fc.constantFrom('{"message":{"content":"tök€n 🙂"},"done":false}', '{"done":true}', '', ' ', '\r').map(bytes),
      fc.uint8Array({ maxLength: 6 }),
    );
    const end = fc.constantFrom('\n', '\r\n', '\n\n', '').map(bytes);
    fc.assert(
      fc.property(fc.array(fc.tuple(line, end), { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 30 }), (lines, cuts) => {
        const all = Uint8Array.from(lines.flatMap(([text, last]) => [...text, ...last]));
        const places = [0, ...cuts.map((c) => c % (all.length + 1)).sort((a, b) => a - b), all.length];
        const expected = reference(all);
        expect(read([all.slice()])).toEqual(expected);
        expect(read(places.slice(1).map((to, i) => all.slice(places[i], to)))).toEqual(expected);
        expect(read([...all].map((b) => Uint8Array.of(b)))).toEqual(expected);
      }),
      { numRuns: 500, seed: 20, endOnFailure: true },
    );
  });
});
