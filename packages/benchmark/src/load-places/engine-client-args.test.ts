import { loadSpecSchema, type LoadSpecInput } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { type EngineClient, engineClientArgs, engineClientProblems } from './engine-client-args.ts';

const exactly = (n: number) => ({ min: n, max: n });
const random = (over: Record<string, unknown> = {}) => ({
  kind: 'random' as const,
  inputTokens: exactly(1024),
  outputTokens: exactly(128),
  ...over,
});
const loadOf = (over: Partial<LoadSpecInput> = {}) =>
  loadSpecSchema.parse({ data: random(), maxConcurrency: 16, numPrompts: 160, seed: 7, ...over });
const args = (client: EngineClient, over: Partial<LoadSpecInput> = {}) =>
  engineClientArgs({
    client,
    load: loadOf(over),
    baseUrl: 'http://127.0.0.1:8000',
    model: 'served',
    tokenizer: 'org/model',
    folder: '/run/x',
    dataPath: over.data && over.data.kind !== 'random' ? '/cache/data/abc.json' : null,
  });
/** The value after a flag. */
const value = (list: string[], flag: string) => (list.includes(flag) ? list[list.indexOf(flag) + 1] : undefined);

describe('arguments of an engine’s own client', () => {
  it('are those of vllm bench serve', () => {
    expect(args('vllm', { warmupRequests: 8, slo: { ttftMs: 500, e2elMs: 9000 }, temperature: 0.5, extraBody: { top_k: 1 } })).toEqual([
      ...'bench serve --backend openai-chat --base-url http://127.0.0.1:8000 --endpoint /v1/chat/completions'.split(' '),
      ...'--model org/model --tokenizer org/model --served-model-name served'.split(' '),
      ...'--random-input-len 1024 --random-output-len 128 --random-range-ratio 0 --dataset-name random'.split(' '),
      ...'--num-prompts 160 --seed 7 --request-rate inf --max-concurrency 16 --num-warmups 8 --ignore-eos --temperature 0.5'.split(' '),
      ...'--extra-body {"top_k":1} --goodput ttft:500 e2el:9000'.split(' '),
      ...'--percentile-metrics ttft,tpot,itl,e2el --metric-percentiles 50,75,90,95,99,99.9'.split(' '),
      ...'--save-result --save-detailed --result-dir /run/x --result-filename result.json'.split(' '),
    ]);
  });

  it('are those of sglang.bench_serving', () => {
    expect(
      args('sglang', { api: 'completions', ignoreEos: false, arrival: { kind: 'poisson', ratePerS: 2.5 }, maxConcurrency: null }),
    ).toEqual([
      ...'-m sglang.bench_serving --backend sglang-oai --base-url http://127.0.0.1:8000 --model served --tokenizer org/model'.split(' '),
      ...'--dataset-name random-ids --random-input-len 1024 --random-output-len 128 --random-range-ratio 1'.split(' '),
      ...'--num-prompts 160 --seed 7 --request-rate 2.5 --warmup-requests 0 --disable-ignore-eos'.split(' '),
      ...'--extra-request-body {"temperature":0} --output-file /run/x/result.jsonl --output-details'.split(' '),
    ]);
  });

  it('say rates, burstiness, a shared prefix and prompt files', () => {
    const bursty = args('vllm', { api: 'completions', arrival: { kind: 'gamma', ratePerS: 4, burstiness: 0.3 }, maxConcurrency: null });
    expect([value(bursty, '--request-rate'), value(bursty, '--burstiness'), value(bursty, '--max-concurrency')]).toEqual([
      '4',
      '0.3',
      undefined,
    ]);
    expect(value(bursty, '--endpoint')).toBe('/v1/completions');
    // Ours holds the prefix, theirs is put in front.
    const prefixed = args('vllm', { data: random({ sharedPrefixTokens: 1000 }) });
    expect([value(prefixed, '--random-input-len'), value(prefixed, '--random-prefix-len')]).toEqual(['24', '1000']);
    const file = { kind: 'sharegpt' as const, path: '/here/s.json', outputTokens: exactly(64) };
    for (const client of ['vllm', 'sglang'] as const) {
      const list = args(client, { data: file });
      expect([value(list, '--dataset-name'), value(list, '--dataset-path'), value(list, '--sharegpt-output-len')]).toEqual([
        'sharegpt',
        '/cache/data/abc.json',
        '64',
      ]);
    }
  });

  it('spread lengths as each client means it', () => {
    const data = random({ inputTokens: { min: 900, max: 1100 }, outputTokens: { min: 90, max: 110 } });
    expect(engineClientProblems(loadOf({ data }), 'vllm')).toEqual([]);
    const vllm = args('vllm', { data });
    const [length, ratio] = [Number(value(vllm, '--random-input-len')), Number(value(vllm, '--random-range-ratio'))];
    expect([Math.floor(length * (1 - ratio)), Math.ceil(length * (1 + ratio))]).toEqual([900, 1100]);
    const half = random({ inputTokens: { min: 512, max: 1024 }, outputTokens: { min: 64, max: 128 } });
    expect(engineClientProblems(loadOf({ data: half }), 'sglang')).toEqual([]);
    const sglang = args('sglang', { data: half });
    expect(['--random-input-len', '--random-output-len', '--random-range-ratio'].map((f) => Number(value(sglang, f)))).toEqual([
      1024, 128, 0.5,
    ]);
    for (const client of ['vllm', 'sglang'] as const) {
      const uneven = loadOf({ data: random({ inputTokens: { min: 1, max: 1024 } }) });
      expect(engineClientProblems(uneven, client).join()).toMatch(/spreads input and output lengths by one ratio/);
    }
  });

  it.each<[EngineClient, Partial<LoadSpecInput>, RegExp]>([
    ['vllm', { durationMs: 5000 }, /not after a duration/],
    ['sglang', { numPrompts: undefined, durationMs: 5000 }, /needs a number of requests/],
    ['vllm', { arrival: { kind: 'constant', ratePerS: 3 } }, /no constant rate/],
    ['vllm', { data: random({ sharedPrefixTokens: 10, prefixGroups: { count: 3 } }) }, /no groups of shared prefixes/],
    ['vllm', { cancel: { ratio: 0.1 } }, /gives no requests up/],
    ['vllm', { conversations: { turns: { min: 2, max: 3 } } }, /holds no conversations/],
    ['vllm', { classes: [{ name: 'a', weight: 1 }] }, /knows no classes of requests/],
    ['vllm', { arrival: { kind: 'stages', stages: [{ durationMs: 1000, ratePerS: 3 }] } }, /no stages of its rate/],
    ['vllm', { arrival: { kind: 'trace' }, data: { kind: 'trace', path: 't', format: 'azure' } }, /replays no traces/],
    ['sglang', { arrival: { kind: 'bursts', size: 3, everyMs: 1000 } }, /sends no bursts/],
    ['sglang', { arrival: { kind: 'gamma', ratePerS: 3, burstiness: 0.5 } }, /no burstiness/],
    ['sglang', { slo: { ttftMs: 100 } }, /no goodput limits/],
    ['vllm', { data: random({ text: 'sonnet' }) }, /makes no lines/],
    ['vllm', { ignoreEos: false }, /always ignores the end of sequence/],
    ['vllm', { stream: false }, /always streams/],
    ['sglang', { data: random({ sharedPrefixTokens: 10 }) }, /no shared prefix/],
    ['vllm', { data: { kind: 'hf', path: 'data' } }, /reads no data set/],
    ['vllm', { data: { kind: 'jsonl', path: 'p.jsonl' } }, /reads no prompt file of this kind/],
    ['vllm', { data: { kind: 'sharegpt', path: 'p.json', outputTokens: { min: 1, max: 9 } } }, /no range of output lengths/],
    ['vllm', { warmupMs: 1000 }, /not for a time/],
    ['sglang', { api: 'embeddings' }, /not used for embeddings/],
    ['vllm', { api: 'messages' }, /not used for the API "messages"/],
  ])('refuse what %s cannot do: %j', (client, over, why) => {
    expect(engineClientProblems(loadOf(over), client).join('\n')).toMatch(why);
  });

  it('refuse nothing of a plain load', () => {
    for (const client of ['vllm', 'sglang'] as const) expect(engineClientProblems(loadOf(), client)).toEqual([]);
  });
});
