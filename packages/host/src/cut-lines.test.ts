import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { cutLines } from './cut-lines.ts';
import { localHost } from './index.ts';

const cut = (max: number, ...chunks: Buffer[]) => text(Readable.from(chunks).pipe(cutLines(max)));

describe('lines that are too long', () => {
  it('are cut, also when they come in pieces; others are as they were', async () => {
    expect(await cut(4, Buffer.from('ab'), Buffer.from('cdef'), Buffer.from('ghi\nxyzw\r\n\n1'))).toBe('abcd\nefgh\ni\nxyzw\r\n\n1');
  });

  it('are not cut within a character', async () => {
    const bytes = Buffer.from('aaa€€');
    expect(await cut(4, ...[...bytes].map((byte) => Buffer.from([byte])))).toBe('aaa€\n€');
  });

  it('come from a command in pieces of 1 MiB', async () => {
    const execution = localHost().stream({ script: 'head -c 3000000 /dev/zero | tr "\\0" x; echo; echo next' });
    const lines: string[] = [];
    for await (const line of execution.lines()) lines.push(line.text);
    expect(lines.map((line) => line.length)).toEqual([1 << 20, 1 << 20, 3_000_000 - (2 << 20), 4]);
    expect(await execution.exit).toMatchObject({ code: 0 });
  });
});
