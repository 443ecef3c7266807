import { describe, expect, it } from 'vitest';
import { conversationsOf, type ConversationFlags } from './load-conversations.ts';

const read = (flags: Partial<ConversationFlags>, made = true) =>
  conversationsOf({ api: 'chat', ...flags }, made, (text) => ({ min: Number(text), max: Number(text) }));

describe('--turns', () => {
  it.each<[Partial<ConversationFlags>, unknown]>([
    [{}, undefined],
    [{ turns: '4' }, { turns: { min: 4, max: 4 } }],
    [
      { turns: '2-6', api: 'messages', history: 'synthetic' },
      { turns: { min: 2, max: 6 }, history: 'synthetic' },
    ],
    [
      { turns: '2', thinkTime: '5s', turnInputLen: '50' },
      { turns: { min: 2, max: 2 }, inputTokens: { min: 50, max: 50 }, thinkTime: { meanMs: 5000, distribution: 'constant' } },
    ],
    [
      { turns: '2', thinkTime: '1.5s:exponential' },
      { turns: { min: 2, max: 2 }, thinkTime: { meanMs: 1500, distribution: 'exponential' } },
    ],
    [
      { turns: '2', thinkTime: '00:01:30' },
      { turns: { min: 2, max: 2 }, thinkTime: { meanMs: 90_000, distribution: 'constant' } },
    ],
  ])('%j', (flags, expected) => {
    expect(read(flags)).toEqual(expected);
  });

  it.each<[Partial<ConversationFlags>, boolean]>([
    [{ turns: '0' }, true],
    [{ turns: '6-2' }, true],
    [{ turns: 'many' }, true],
    [{ turns: '2', thinkTime: 'long' }, true],
    [{ turns: '2', api: 'completions' }, true],
    [{ turns: '2' }, false],
    [{ thinkTime: '5s' }, true],
    [{ history: 'answers' }, true],
    [{ turnInputLen: '5' }, true],
  ])('refuses %j', (flags, made) => {
    expect(() => read(flags, made)).toThrow(expect.objectContaining({ code: 'BENCH_USAGE' }));
  });
});
