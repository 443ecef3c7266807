import type { Token } from 'node-llama-cpp';
import { describe, expect, it } from 'vitest';

import { makeTextStream } from './text-stream.ts';

/** Every token is one byte, as in a model that falls back to bytes. */
const bytes = (text: string): Token[] => [...Buffer.from(text)] as Token[];
const open = (stop: string[] = []) => makeTextStream({ detokenize: (tokens) => Buffer.from(tokens).toString('utf8'), after: [], stop });
const pushAll = (stream: ReturnType<typeof open>, tokens: Token[]) => tokens.map((token) => stream.push(token));

describe('text from tokens', () => {
  it('holds the bytes of a character until it is whole', () => {
    const stream = open();
    expect(pushAll(stream, bytes('aé日\u{1F600}'))).toEqual(['a', '', 'é', '', '', '日', '', '', '', '\u{1F600}']);
    expect(stream.end()).toBe('');
  });

  it('lets bytes go that can be no character, and an unfinished one at the end', () => {
    const stream = open();
    const pieces = pushAll(stream, [0x80, 0x80, 0x80, 0x80, 0x61, 0xc3] as Token[]);
    expect(pieces.slice(0, 5)).toEqual(['', '', '', '\uFFFD'.repeat(4), 'a']);
    expect(stream.end()).toBe('\uFFFD');
  });

  it('holds what may begin a stop string, and lets it go when it was not one', () => {
    const stream = open(['END.']);
    expect(pushAll(stream, bytes('an ENEMY')).join('')).toBe('an ENEMY');
    expect(pushAll(stream, bytes(' EN')).join('')).toBe(' ');
    expect(stream.stopped).toBe(false);
    expect(stream.end()).toBe('EN');
  });

  it('ends before the first of several stop strings', () => {
    const stream = open(['later', 'abba', 'bb']);
    expect(pushAll(stream, bytes('xabbay later')).join('')).toBe('xa');
    expect(stream.stopped).toBe(true);
    expect(stream.end()).toBe('');
  });

  it('finds a stop string that overlaps its own beginning', () => {
    const stream = open(['aab']);
    expect(pushAll(stream, bytes('caaab')).join('')).toBe('ca');
    expect(stream.stopped).toBe(true);
  });

  it('finds a stop string of whole characters only', () => {
    const stream = open(['日本']);
    expect(pushAll(stream, bytes('a日日本b')).join('')).toBe('a日');
    expect(stream.stopped).toBe(true);
  });
});
