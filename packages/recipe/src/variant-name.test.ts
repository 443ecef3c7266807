import { describe, expect, it } from 'vitest';
import { parseRecipe } from './index.ts';

const names = (matrices: string, head = 'command: {run: x}\n') =>
  parseRecipe(`${head}matrices: ${matrices}\n`, { file: 'r' }).tasks.map((task) => task.variant);

describe('names of variants', () => {
  it('show the machine and what varies', () => {
    expect(
      names(
        '{cross: {deploy.gpu: ["NVIDIA H200 141GB"], deploy.gpu_count: 8, benchmark.max_concurrency: [1, 16], engine.llm.gpu_memory_utilization: [0.85]}}',
        'model: {huggingface: a/b}\n',
      ),
    ).toEqual(['h200x8-mc1-gmu0p85', 'h200x8-mc16-gmu0p85']);
    expect(names('[{a: 1}]')).toEqual(['a1']);
    expect(parseRecipe('command: {run: x}\n', { file: 'r' }).tasks[0]?.variant).toBe('default');
  });

  it('lengthen abbreviations that collide', () => {
    expect(names('[{size: 1, strategy: fast}]')).toEqual(['siz1-str-fast']);
    expect(names('[{engine.llm.vllm.image: a}, {engine.llm.sglang.image: b}]', 'model: {huggingface: a/b}\n')).toEqual(['vi-a', 'si-b']);
  });

  it('do not change when a sweep grows', () => {
    const small = names('{cross: {size: [1, 2], strategy: [fast], note: x}}');
    const large = names('{cross: {size: [0, 1, 2, 16], strategy: [FAST, "fast ", fast, f-ast], note: y}}');
    expect(large).toEqual(expect.arrayContaining(small));
    const entries = '{size: 1}, {size: 2, strategy: a}';
    expect(names(`[${entries}, {size: 3}, {size: [4, 5]}]`)).toEqual(expect.arrayContaining(names(`[${entries}]`)));
  });

  it('are unique, and safe as file and host names, whatever the values', () => {
    const values = [
      'a',
      'A',
      'a ',
      ' a',
      'ä',
      'a/b',
      'b',
      '..',
      '.',
      '',
      '-',
      '1',
      1,
      1.5,
      '1.5',
      '1p5',
      true,
      'true',
      null,
      'null',
      -1,
      1e30,
      'con',
      'x'.repeat(500),
      `${'x'.repeat(500)}y`,
      'a\nb',
      '日本',
      '$(rm -rf /)',
    ];
    const all = names(`{cross: {value: ${JSON.stringify(values)}, other: ${JSON.stringify(values)}}}`);
    expect(new Set(all).size).toBe(values.length ** 2);
    for (const name of all) expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
  });

  it('stay within 63 characters, and unique', () => {
    const keys = Array.from({ length: 12 }, (_, i) => `long_key_number_${i}: [some-value-${i}, other-value-${i}]`).join(', ');
    const all = names(`{zip: {${keys}}}`);
    expect(new Set(all).size).toBe(2);
    for (const name of all) expect(name).toMatch(/^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/);
  });
});
