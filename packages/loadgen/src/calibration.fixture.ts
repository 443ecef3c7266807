import type { Calibration } from './calibration.ts';

/** Of a server that tells no tokenizer and takes every field. */
export const calibration: Calibration = {
  tokenizer: 'none',
  tokenize: null,
  leads: [],
  words: [],
  ids: null,
  templateTokens: 9,
  additive: true,
  features: { streamUsage: true, ignoreEos: true },
};
