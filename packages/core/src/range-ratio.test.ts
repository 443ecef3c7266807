import { expect, it } from 'vitest';
import { lengthsByRatio } from './index.ts';

it.each([
  // vLLM's own default is 0: exactly the length.
  ['vllm', 1024, 0, { min: 1024, max: 1024 }],
  ['vllm', 1000, 0.25, { min: 750, max: 1250 }],
  ['vllm', 1025, 0.5, { min: 512, max: 1538 }],
  // 100 × (1 − 0.9) is a hair below 10 in floating point, there as here.
  ['vllm', 100, 0.9, { min: 9, max: 190 }],
  ['vllm', 1024, 1, null],
  ['vllm', 1024, -0.1, null],
  // SGLang's default is 0 too, and means anything up to the length.
  ['sglang', 1024, 0, { min: 1, max: 1024 }],
  ['sglang', 1024, 0.5, { min: 512, max: 1024 }],
  ['sglang', 1025, 0.8, { min: 820, max: 1025 }],
  ['sglang', 1024, 1, { min: 1024, max: 1024 }],
  ['sglang', 1024, 1.5, null],
] as const)('%s means by %d and %d: %j', (meaning, length, ratio, lengths) => {
  expect(lengthsByRatio(meaning, length, ratio)).toEqual(lengths);
});
