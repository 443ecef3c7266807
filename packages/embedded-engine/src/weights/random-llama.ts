import { prng, seedOf, type Prng } from '@bench/core';

import { encodeGguf, type GgufTensor } from './gguf.ts';
import { makeVocabulary, type Vocabulary } from './vocabulary.ts';

/** Sizes of generated models: `tiny` answers at once, `small` has enough arithmetic to show saturation. */
export type RandomSize = 'tiny' | 'small';

interface Shape {
  layers: number;
  width: number;
  heads: number;
  keyValueHeads: number;
  feedForward: number;
  context: number;
}

const SHAPES: Record<RandomSize, Shape> = {
  tiny: { layers: 2, width: 64, heads: 4, keyValueHeads: 2, feedForward: 128, context: 4096 },
  small: { layers: 4, width: 256, heads: 8, keyValueHeads: 4, feedForward: 768, context: 8192 },
};

/** Changes whenever equal arguments give other bytes, so that a cache never serves an old recipe's weights. */
export const RANDOM_WEIGHTS_VERSION = 1;

/** How strongly channel 0 marks every hidden state; see {@link randomLlama}. */
const MARK = 4;
/** With the mark, the logit of a token that must not be said ends near -40: below e^-40 of the others' probability. */
const REFUSAL = -16;

/**
 * GGUF bytes of a llama-architecture model with random weights: real kernels and a real KV cache, noise as text.
 * Equal arguments give equal bytes.
 *
 * Channel 0 of the residual stream is a constant that no layer writes to; the output rows of control tokens, bytes and
 * word fragments weigh it negatively. So end-of-sequence practically never comes by chance, and all text is valid UTF-8.
 */
export function randomLlama(size: RandomSize, seed: number): Uint8Array {
  const shape = SHAPES[size];
  const vocabulary = makeVocabulary();
  return encodeGguf(
    {
      'general.architecture': { type: 'string', value: 'llama' },
      'general.name': { type: 'string', value: `random-${size}` },
      'general.file_type': { type: 'u32', value: 7 },
      'llama.context_length': { type: 'u32', value: shape.context },
      'llama.embedding_length': { type: 'u32', value: shape.width },
      'llama.block_count': { type: 'u32', value: shape.layers },
      'llama.feed_forward_length': { type: 'u32', value: shape.feedForward },
      'llama.attention.head_count': { type: 'u32', value: shape.heads },
      'llama.attention.head_count_kv': { type: 'u32', value: shape.keyValueHeads },
      'llama.attention.layer_norm_rms_epsilon': { type: 'f32', value: 1e-5 },
      'llama.rope.dimension_count': { type: 'u32', value: shape.width / shape.heads },
      'llama.rope.freq_base': { type: 'f32', value: 10_000 },
      'llama.vocab_size': { type: 'u32', value: vocabulary.tokens.length },
      'tokenizer.ggml.model': { type: 'string', value: 'llama' },
      'tokenizer.ggml.tokens': { type: 'strings', value: vocabulary.tokens },
      'tokenizer.ggml.scores': { type: 'f32s', value: vocabulary.scores },
      'tokenizer.ggml.token_type': { type: 'i32s', value: vocabulary.types },
      'tokenizer.ggml.bos_token_id': { type: 'u32', value: 1 },
      'tokenizer.ggml.eos_token_id': { type: 'u32', value: 2 },
      'tokenizer.ggml.unknown_token_id': { type: 'u32', value: 0 },
      'tokenizer.ggml.add_bos_token': { type: 'bool', value: true },
      'tokenizer.ggml.add_eos_token': { type: 'bool', value: false },
      'tokenizer.chat_template': { type: 'string', value: CHAT_TEMPLATE },
    },
    tensorsOf(shape, vocabulary, (name) => prng(seedOf('random-llama', RANDOM_WEIGHTS_VERSION, size, seed, name))),
  );
}

/** What `renderChat` does, for other programs that open the file. */
const CHAT_TEMPLATE =
  "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}";

function tensorsOf(shape: Shape, vocabulary: Vocabulary, randomFor: (name: string) => Prng): GgufTensor[] {
  const { width, feedForward, layers } = shape;
  const keyWidth = (width / shape.heads) * shape.keyValueHeads;
  const count = vocabulary.tokens.length;

  const ones = (name: string): GgufTensor => ({ name, shape: [width], format: 'f32', at: () => 1 });
  const random = (name: string, dims: [input: number, output: number], std: number): GgufTensor => {
    const source = randomFor(name);
    const spread = Math.sqrt(12) * std; // a uniform distribution of this width has that standard deviation
    return { name, shape: dims, format: 'q8_0', at: () => (source.next() - 0.5) * spread };
  };
  /** A matrix that adds to the residual stream: its row for channel 0 is zero. */
  const additive = (name: string, dims: [input: number, output: number], std: number): GgufTensor => {
    const tensor = random(name, dims, std);
    return {
      ...tensor,
      at: (i) => {
        const value = tensor.at(i);
        return i < dims[0] ? 0 : value;
      },
    };
  };
  /** A matrix with a row for each token, whose channel 0 is set. */
  const perToken = (name: string, std: number, channel0: (token: number) => number): GgufTensor => {
    const tensor = random(name, [width, count], std);
    return {
      ...tensor,
      at: (i) => {
        const value = tensor.at(i);
        return i % width === 0 ? channel0(i / width) : value;
      },
    };
  };

  const inner = 1 / Math.sqrt(width);
  const blocks = Array.from({ length: layers }, (_, layer) => {
    const at = (name: string) => `blk.${layer}.${name}.weight`;
    return [
      ones(at('attn_norm')),
      random(at('attn_q'), [width, width], inner),
      random(at('attn_k'), [width, keyWidth], inner),
      random(at('attn_v'), [width, keyWidth], inner),
      additive(at('attn_output'), [width, width], inner),
      ones(at('ffn_norm')),
      random(at('ffn_gate'), [width, feedForward], inner),
      random(at('ffn_up'), [width, feedForward], inner),
      additive(at('ffn_down'), [feedForward, width], 1 / Math.sqrt(feedForward)),
    ];
  });
  return [
    perToken('token_embd.weight', 1, () => MARK),
    ...blocks.flat(),
    ones('output_norm.weight'),
    perToken('output.weight', inner, (token) => (vocabulary.sayable[token] ? 0 : REFUSAL)),
  ];
}
