import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Head } from './head.ts';
import { responseReader } from './response-reader.ts';

interface Read {
  heads: Head[];
  body: string;
  /** What each answer's end said of its connection. */
  ends: boolean[];
  error: string | null;
}

/** What is read of bytes that come in pieces, in memory that is used again; `closed`: the peer ends the stream behind them. */
function read(pieces: Buffer[], closed = false): Read {
  const heads: Head[] = [];
  const ends: boolean[] = [];
  let body = '';
  let error: string | null = null;
  const reader = responseReader({
    onHead: (head) => heads.push(head),
    onData: (bytes) => (body += bytes.toString('latin1')),
    onEnd: (persistent) => ends.push(persistent),
  });
  try {
    for (const piece of pieces) {
      const own = Buffer.from(piece);
      reader.push(own);
      own.fill(0x21);
    }
    if (closed && !reader.close()) error = 'cut';
  } catch (thrown) {
    error = (thrown as { code: string }).code;
  }
  return { heads, body, ends, error };
}

const whole = (text: string, closed = false) => read([Buffer.from(text, 'latin1')], closed);
const answer = (lines: string[], body: string, status = 'HTTP/1.1 200 OK') => [status, ...lines, '', body].join('\r\n');
const chunked = (...chunks: string[]) => `${chunks.map((c) => `${c.length.toString(16)}\r\n${c}\r\n`).join('')}0\r\n\r\n`;

describe('responseReader', () => {
  it('reads bodies of a length, in chunks, and up to the end of the connection', () => {
    expect(whole(answer(['content-length: 5'], 'hello'))).toMatchObject({ body: 'hello', ends: [true], error: null });
    expect(whole(answer(['Transfer-Encoding: chunked'], chunked('hel', 'lo')))).toMatchObject({ body: 'hello', ends: [true] });
    expect(whole(answer([], 'hello'), true)).toMatchObject({ body: 'hello', ends: [false], error: null });
    expect(whole(answer(['content-length: 0'], ''))).toMatchObject({ body: '', ends: [true] });
    expect(whole(answer([], '', 'HTTP/1.1 204 No Content'))).toMatchObject({ body: '', ends: [true] });
  });

  it('takes extensions, trailers, upper-case sizes and bare line feeds', () => {
    const text = 'HTTP/1.1 200\nTransfer-Encoding: gzip, Chunked\n\nA;name="v"\n0123456789\r\n0a\r\nabcdefghij\r\n0\r\nx-after: 1\r\n\r\n';
    expect(whole(text)).toMatchObject({ body: '0123456789abcdefghij', ends: [true], error: null });
  });

  it('skips interim answers and empty lines before the status line', () => {
    const text = `\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${answer(['content-length: 2'], 'ok')}`;
    expect(whole(text)).toMatchObject({ heads: [{ status: 200 }], body: 'ok', ends: [true] });
  });

  it('keeps a connection as its answer says, and none behind whose answer more came', () => {
    const persistent = (version: string, ...lines: string[]) =>
      whole(answer(['content-length: 1', ...lines], 'x', `HTTP/1.${version} 200 OK`)).ends[0];
    expect([persistent('1'), persistent('1', 'connection: Keep-Alive'), persistent('0', 'connection: keep-alive')]).toEqual([
      true,
      true,
      true,
    ]);
    expect([persistent('0'), persistent('1', 'connection: close'), persistent('1', 'connection: keep-alive, Close')]).toEqual([
      false,
      false,
      false,
    ]);
    expect(whole(answer(['content-length: 1'], 'xHTTP/1.1 200 OK\r\n'))).toMatchObject({ body: 'x', ends: [false], error: null });
  });

  it('tells how long a server keeps an idle connection', () => {
    expect(whole(answer(['content-length: 0', 'Keep-Alive: timeout=5, max=100'], '')).heads[0]).toMatchObject({ keepMs: 5000 });
    expect(whole(answer(['content-length: 0'], '')).heads[0]).toMatchObject({ keepMs: null });
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['another version', 'HTTP/2 200\r\n\r\n'],
    ['a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nnothing\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nhello'],
    ['a chunk without its size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nhello\r\n'],
    ['a chunk size that is endless', `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'f'.repeat(20)}\r\n`],
    ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n'],
    ['a head without end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`],
    ['trailers without end', `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${'x: y\r\n'.repeat(20_000)}`],
  ])('refuses %s', (_what, text) => {
    expect(whole(text)).toMatchObject({ ends: [], error: 'HPE_ANSWER' });
  });

  it.each([
    ['the head', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['a body of a length', answer(['content-length: 6'], 'hello')],
    ['a chunk', answer(['transfer-encoding: chunked'], '6\r\nhello')],
    ['the chunks', answer(['transfer-encoding: chunked'], '5\r\nhello\r\n')],
    ['the last line', answer(['transfer-encoding: chunked'], '5\r\nhello\r\n0\r\n')],
  ])('knows that %s is not whole', (_what, text) => {
    expect(whole(text, true)).toMatchObject({ ends: [], error: 'cut' });
  });

  it('reads the same however the bytes are cut', () => {
    const line = fc.constantFrom('\r\n', '\n');
    const chunk = fc.tuple(fc.string({ minLength: 1, unit: 'binary-ascii', maxLength: 40 }), fc.constantFrom('', ';a=b'), line);
    const body = fc.oneof(
      fc.tuple(fc.array(chunk, { maxLength: 5 }), line).map(([chunks, end]) => ({
        lines: ['transfer-encoding: chunked'],
        bytes: `${chunks.map(([text, extension, e]) => `${text.length.toString(16)}${extension}${e}${text}${e}`).join('')}0${end}${end}`,
        text: chunks.map(([text]) => text).join(''),
      })),
      fc.string({ unit: 'binary-ascii', maxLength: 60 }).map((text) => ({ lines: [`content-length: ${text.length}`], bytes: text, text })),
      fc.string({ unit: 'binary-ascii', maxLength: 60 }).map((text) => ({ lines: [], bytes: text, text })),
    );
    fc.assert(
      fc.property(body, line, fc.array(fc.nat(400), { maxLength: 30 }), fc.boolean(), ({ lines, bytes, text }, end, cuts, interim) => {
        const before = interim ? `HTTP/1.1 100 Continue${end}${end}` : '';
        const all = Buffer.from(
          `${before}${['HTTP/1.1 200 OK', 'content-type: text/event-stream', ...lines, '', bytes].join(end)}`,
          'latin1',
        );
        const places = [...new Set(cuts)].filter((at) => at < all.length).sort((a, b) => a - b);
        const pieces = [...places, all.length].map((to, i) => all.subarray(places[i - 1] ?? 0, to));
        const cut = read(pieces, lines.length === 0);
        expect(cut).toEqual(read([all], lines.length === 0));
        expect(cut).toMatchObject({ body: text, error: null, heads: [{ status: 200, contentType: 'text/event-stream' }] });
        expect(cut.ends).toEqual([lines.length > 0]);
      }),
      { numRuns: 500 },
    );
  });
});
