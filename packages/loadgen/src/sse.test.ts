import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sseReader, type SseEvent } from './index.ts';

function read(chunks: Uint8Array[]): SseEvent[] {
  const events: SseEvent[] = [];
  const reader = sseReader((event) => events.push(event));
  for (const chunk of chunks) {
    reader.push(chunk);
    // Whoever reads a socket may use the same memory again.
    chunk.fill(0x21);
  }
  reader.end();
  return events;
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** The standard's steps over the whole text at once, and an event that is left open handed over. */
function reference(all: Uint8Array): SseEvent[] {
  const lines = new TextDecoder('utf-8').decode(all).split(/\r\n|\n|\r/);
  const events: SseEvent[] = [];
  let open: { event: string; lines: string[] } = { event: '', lines: [] };
  // What follows the last line end is a line if there is anything, and the end of the stream ends an event.
  for (const line of [...lines, '']) {
    if (line === '') {
      if (open.lines.length > 0) events.push({ event: open.event, data: open.lines.join('\n') });
      open = { event: '', lines: [] };
      continue;
    }
    const [, name, value = ''] = /^([^:]*)(?:: ?([^]*))?$/.exec(line) as unknown as [string, string, string | undefined];
    if (name === 'data') open.lines.push(value);
    else if (name === 'event') open.event = value;
  }
  return events;
}

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

  const EDGES = [
    'data: a\r\n\r\ndata: b\n\rdata: c\r\r\ndata: d',
    '\uFEFFdata: €\r\ndata: 🙂\n\n: ping\r\revent: error\ndata\r\n\r\n',
    '\uFEFF\uFEFFdata: kept as part of the name\n\ndata:\n\n\r\n\revent\ndata:x',
    'id: 1\r\nevent: one\r\n\r\ndata: no name any more\r\n\r\n',
  ];

  it.each(EDGES)('gives the same events for every two cuts of %j', (text) => {
    const all = bytes(text);
    const expected = reference(all);
    for (let i = 0; i <= all.length; i++) {
      for (let k = i; k <= all.length; k++) expect(read([all.slice(0, i), all.slice(i, k), all.slice(k)])).toEqual(expected);
    }
  });

  it('gives the events of the standard for any stream and any split of its bytes', () => {
    const value = fc.string({ unit: 'grapheme', maxLength: 12 }).map((s) => s.replaceAll(/[\r\n]/g, ''));
    const field = fc.constantFrom('data', 'data', 'data', 'event', 'id', 'retry', '', 'Data', ' data', 'dat', 'datas', '\uFEFFdata');
    const line = fc.oneof(
      fc.tuple(field, fc.constantFrom(': ', ':', ':  ', ''), value).map((parts) => bytes(parts.join(''))),
      fc.constantFrom('data: {"choices":[{"delta":{"content":"tök€n 🙂"}}]}', 'data: [DONE]', ': ping', 'event: error', '').map(bytes),
      // What is not UTF-8 at all is read alike too; a line has no line ends in it.
      fc.uint8Array({ maxLength: 8 }).map((raw) => raw.filter((byte) => byte !== 10 && byte !== 13)),
    );
    const end = fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\n\r\n', '\r\r', '\n\r\n', '').map(bytes);
    const stream = fc.tuple(fc.boolean(), fc.array(fc.tuple(line, end), { maxLength: 30 }));
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 40 }), ([mark, lines], cuts) => {
        const all = Uint8Array.from([...(mark ? bytes('\uFEFF') : []), ...lines.flatMap(([text, last]) => [...text, ...last])]);
        const places = [0, ...cuts.map((c) => c % (all.length + 1)).sort((a, b) => a - b), all.length];
        const split = places.slice(1).map((to, i) => all.slice(places[i], to));
        const expected = reference(all);
        expect(read([all.slice()])).toEqual(expected);
        expect(read(split)).toEqual(expected);
        expect(read([...all].map((b) => Uint8Array.of(b)))).toEqual(expected);
      }),
      { numRuns: 500, seed: 20, endOnFailure: true },
    );
  });
});
