import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sseReader, type SseEvent } from './index.ts';

function read(chunks: Uint8Array[]): SseEvent[] {
  const events: SseEvent[] = [];
  const reader = sseReader((event) => events.push(event));
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return events;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const data = (...list: string[]) => list.map((d) => ({ event: '', data: d }));

describe('sseReader', () => {
  it('reads LF, CRLF and CR line ends alike', () => {
    for (const end of ['\n', '\r\n', '\r']) {
      expect(read([bytes(`data: a${end}${end}data: b${end}data: c${end}${end}`)])).toEqual(data('a', 'b\nc'));
    }
  });

  it('follows the standard in the small print', () => {
    expect(read([bytes(': a comment\n\ndata:x\n\ndata:  two\n\ndata\n\nid: 7\nretry: 9\nunknown: y\n\n')])).toEqual(data('x', ' two', ''));
    expect(read([bytes('\uFEFFdata: marked\n\n')])).toEqual(data('marked'));
    expect(read([bytes('event: error\ndata: {"a": 1}\n\ndata: after\n\n')])).toEqual([
      { event: 'error', data: '{"a": 1}' },
      ...data('after'),
    ]);
  });

  it('hands over an event that the end of the stream leaves open', () => {
    expect(read([bytes('data: a\n\ndata: [DONE]\n')])).toEqual(data('a', '[DONE]'));
    expect(read([bytes('data: a\n\ndata: [DONE]')])).toEqual(data('a', '[DONE]'));
  });

  it('gives the same events for any split of the bytes', () => {
    const line = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }).map((s) => `data: ${s.replaceAll(/[\r\n]/g, '')}`),
      fc.constantFrom(
        'data: {"choices":[{"delta":{"content":"tök€n 🙂"}}]}',
        'data: [DONE]',
        ': ping',
        'event: error',
        'data',
        'dat',
        'data:',
        '',
      ),
    );
    const stream = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\n\r\n')), { maxLength: 30 });
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 40 }), (lines, cuts) => {
        const all = bytes(lines.map(([text, end]) => text + end).join(''));
        const places = [0, ...cuts.map((c) => c % (all.length + 1)).sort((a, b) => a - b), all.length];
        const split = places.slice(1).map((to, i) => all.slice(places[i], to));
        const whole = read([all]);
        expect(read(split)).toEqual(whole);
        expect(read([...all].map((b) => Uint8Array.of(b)))).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });
});
