import { BenchError } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { parseDeplodockText } from '../index.ts';
import { VLLM_OLD } from './testing/blocks.ts';

const RULE = `${'='.repeat(50)}\n`;
const title = (name: string) => `============ ${name} ============\n`;

const FILE = [
  title('Benchmark Task'),
  'recipe_dir: recipes/x\nvariant: mi350xx8\ngpu_name: AMD Instinct MI350X\ngpu_count: 8\nrecipe:\n  model:\n    huggingface: org/name\n',
  RULE,
  '\n',
  VLLM_OLD,
  '\n',
  title('Docker Compose Configuration'),
  'services:\n  vllm_0:\n    image: vllm/vllm-openai-rocm:latest\n',
  RULE,
  '\n',
  title('System Information'),
  '=== HOSTNAME ===\nnode-1\n\n=== MEMORY ===\n       total  used\nMem:   62Gi   1Gi\n\n=== CPU COUNT ===\nmany\n\n=== GPU INFORMATION ===\nnvidia-smi: not found\n',
  RULE,
].join('');

describe('parseDeplodockText', () => {
  it('reads what is there and leaves out what the machine did not tell', () => {
    const file = parseDeplodockText(FILE);
    expect(file.task).toEqual({
      recipeDir: 'recipes/x',
      variant: 'mi350xx8',
      gpuName: 'AMD Instinct MI350X',
      gpuCount: 8,
      recipe: 'model:\n  huggingface: org/name\n',
    });
    expect(file.compose).toBe('services:\n  vllm_0:\n    image: vllm/vllm-openai-rocm:latest\n');
    expect(file.command).toBeNull();
    expect(file.system).toEqual({ hostname: 'node-1', memoryBytes: 62 * 2 ** 30 });
    expect(file.results).toMatchObject([{ model: 'org/name', counts: { ok: 200 } }]);
    expect(file.problems).toEqual([]);
  });

  it('reads a file with CRLF the same', () => {
    expect(parseDeplodockText(FILE.replaceAll('\n', '\r\n'))).toEqual(parseDeplodockText(FILE));
  });

  it('takes the model from the command line before the recipe', () => {
    const command = `${title('Benchmark Command')}vllm bench serve     --model org/served     --num-prompts 4\n${RULE}`;
    expect(parseDeplodockText(FILE + command)).toMatchObject({
      command: 'vllm bench serve     --model org/served     --num-prompts 4',
      results: [{ model: 'org/served' }],
    });
  });

  it('says when the result is missing or cut', () => {
    const without = FILE.replace(VLLM_OLD, '');
    expect(parseDeplodockText(without)).toMatchObject({ results: [], problems: ['the file has no benchmark result'] });
    expect(parseDeplodockText(FILE.slice(0, FILE.indexOf('Mean TPOT')))).toMatchObject({
      compose: null,
      system: null,
      results: [{ problems: ['the result block has no end: the text may be cut'] }],
    });
  });

  it('refuses what has none of its sections', () => {
    for (const text of ['', 'hello', RULE]) {
      try {
        parseDeplodockText(text);
        expect.unreachable();
      } catch (error) {
        expect(BenchError.is(error) && error.code).toBe('BENCH_NO_RESULT');
      }
    }
  });

  it('takes linear time over a hostile file', () => {
    expect(parseDeplodockText(`${title('System Information')}${'=== A ===\n'.repeat(500_000)}${'Mem: 1'.repeat(500_000)}`).results).toEqual(
      [],
    );
    expect(parseDeplodockText(title('Benchmark Task').repeat(100_000)).task).toEqual({});
  });
});
