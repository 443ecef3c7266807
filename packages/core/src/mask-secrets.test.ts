import { describe, expect, it } from 'vitest';
import { maskSecrets, maskSettings } from './mask-secrets.ts';

const AKIA = ['AKIA', 'IOSFODNN7EXAMPLE'].join('');

describe('a text', () => {
  it.each([
    ["args: Namespace(host='0.0.0.0', api_key=['k-1234567890'], port=8000)", "args: Namespace(host='0.0.0.0', api_key=['***'], port=8000)"],
    ['vllm serve m --api-key abcd1234 --port 1', 'vllm serve m --api-key *** --port 1'],
    ["['--api-key', 'abcd1234', '--port', '1']", "['--api-key', '***', '--port', '1']"],
    ['--hf-token=abcd1234', '--hf-token=***'],
    ['{"password": "hunter 22", "user": "me"}', '{"password": "***", "user": "me"}'],
    [String.raw`{\"password\": \"hunter22\", \"user\": 1}`, String.raw`{\"password\": \"***\", \"user\": 1}`],
    ['HF_TOKEN=hf_abcdefghijklmnopqrst', 'HF_TOKEN=***'],
    ['AWS_SECRET_ACCESS_KEY=abc/def+ghi', 'AWS_SECRET_ACCESS_KEY=***'],
    ['export GITHUB_TOKEN=abcdefgh', 'export GITHUB_TOKEN=***'],
    ['HUGGING_FACE_HUB_TOKEN: abcdefgh', 'HUGGING_FACE_HUB_TOKEN: ***'],
    ['GET /v1?token=abcdefgh HTTP', 'GET /v1?token=*** HTTP'],
    ['passwd=abcdefgh', 'passwd=***'],
    ['clientSecret: abcdefgh, x: 1', 'clientSecret: ***, x: 1'],
    ['pull https://user:pw@registry.example/x', 'pull https://user:***@registry.example/x'],
    [`id ${AKIA} end`, 'id *** end'],
    ['Authorization: Bearer abc.def.ghi', 'Authorization: Bearer ***'],
    ['DB_PASSWORD=123456', 'DB_PASSWORD=***'],
  ])('loses what looks like a secret: %s', (text, masked) => {
    expect(maskSecrets(text)).toBe(masked);
    expect(maskSecrets(masked)).toBe(masked);
  });

  it.each([
    'password authentication failed',
    'api_key=None, eos_token=</s>, max_tokens: 4096',
    'max_tokens=128 tokens: 12345 key_size=2048 total_tokens: 4096',
    'ms per token: 12.53, time_per_output_token: 0.0123',
    'Unexpected key: model.layers.0.weight',
    'KeyError: model monkey: banana sort_key=name keyboard: german',
    'HF_TOKEN: {from_env: HF_TOKEN}',
    'HF_TOKEN=$HF_TOKEN api_key=EMPTY',
    'http://localhost:8000/v1 git@host:path ssh://user@host',
    'at std::token::parse',
  ])('that only sounds like one stays: %s', (text) => expect(maskSecrets(text)).toBe(text));

  it('takes linear time over a megabyte of near misses', () => {
    const text = `${'token'.repeat(100_000)} ${'key '.repeat(50_000)}${'https://a:'.repeat(30_000)}`;
    expect(maskSecrets(text)).toBe(text);
  });
});

it('settings lose what stands under the name of a secret, wherever it is', () => {
  const settings = {
    env: { HF_TOKEN: 'abcd', key: 'x y', DB_PASSWORD: 123456, HF_HOME: '/models', API_KEY: { from_env: 'API_KEY' } },
    list: [{ name: 'GITHUB_TOKEN', value: 'abcd' }, { name: 'A', value: 'b' }, 'OPENAI_API_KEY=abcdefgh'],
    secrets: { deep: ['abcd'] },
    extra_args: '--api-key abcdefgh --port 1',
    max_tokens: 128,
    eos_token: '</s>',
    use_token: true,
  };
  expect(maskSettings(settings)).toEqual({
    env: { HF_TOKEN: '***', key: '***', DB_PASSWORD: '***', HF_HOME: '/models', API_KEY: { from_env: 'API_KEY' } },
    list: [{ name: 'GITHUB_TOKEN', value: '***' }, { name: 'A', value: 'b' }, 'OPENAI_API_KEY=***'],
    secrets: { deep: ['***'] },
    extra_args: '--api-key *** --port 1',
    max_tokens: 128,
    eos_token: '</s>',
    use_token: true,
  });
});
