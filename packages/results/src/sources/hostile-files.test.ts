import { BenchError } from '@bench/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compose, oldText, text, twin } from '../testing/deplodock-files.ts';
import { commandWords } from './command-words.ts';
import { readForeignText } from './foreign-file.ts';
import { measurements } from './measurement.ts';
import { joinTwins } from './twins.ts';

const FILES = { text: text(), oldText: oldText({ compose: compose({ instances: 3 }) }), twin: twin() };

/** What a file says, joined with its whole twin; or null, when it says that it holds no result. */
function understood(content: string) {
  try {
    const file = readForeignText(content);
    const whole = readForeignText(FILES.twin);
    const joined = file.parts && whole.parts ? joinTwins(whole.parts, file.parts).parts : null;
    return [
      ...measurements({ path: 'a/b200x2_mc8_vllm_benchmark.txt', below: null, results: file.results, parts: file.parts }),
      ...measurements({ path: 'a', below: 'a', results: joined?.results ?? [], parts: joined }),
    ];
  } catch (error) {
    expect(BenchError.is(error) && error.code).toBe('BENCH_NO_RESULT');
    return null;
  }
}

describe.each(Object.keys(FILES) as (keyof typeof FILES)[])('a deplodock file (%s)', (name) => {
  const whole = FILES[name];

  it('that is damaged is read as far as it goes, or holds no result', () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom('\n', '{', "'", '"', ': ', '- ', '&a *a', '!!js', '\u0000', '__proto__'),
    );
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(400), piece, (at, cut, put) => {
        for (const { gpu, params } of understood(whole.slice(0, at) + put + whole.slice(at + cut)) ?? []) {
          expect(Number.isInteger(gpu.count) && gpu.count >= 0).toBe(true);
          expect(Object.values(params).filter((value) => typeof value === 'object' && value !== null)).toEqual([]);
        }
      }),
      { numRuns: 200, seed: 20, endOnFailure: true },
    );
  });

  it('says no secret', () => {
    expect(JSON.stringify(understood(whole))).not.toContain('hf_secret');
  });
});

describe('a file that is no file of results', () => {
  it.each([
    ['one line of rules', '='.repeat(4_000_000)],
    ['lines of rules', `${'='.repeat(60)}\n`.repeat(60_000)],
    ['titles without content', '============ Benchmark Task ============\n'.repeat(60_000)],
    ['brackets', '['.repeat(2_000_000)],
  ])('is told to be none, %s', (_, content) => {
    expect(understood(content)).toBeNull();
  });
});

describe('the words of a command', () => {
  it.each([
    [`vllm serve --a 'x y' --b="{\\"k\\": 1}"`, ['vllm', 'serve', '--a', 'x y', '--b={"k": 1}']],
    ['a \\\n  b\\ c "" d', ['a', 'b c', '', 'd']],
    [`it's never closed`, ['its never closed']],
    ['', []],
  ])('%s', (command, words) => {
    expect(commandWords(command)).toEqual(words);
  });
});
