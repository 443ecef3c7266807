import { expect, it } from 'vitest';
import { maskLine } from './mask-line.ts';

it.each([
  ["args: Namespace(host='0.0.0.0', api_key=['k-1234567890'], port=8000)", "args: Namespace(host='0.0.0.0', api_key=['***'], port=8000)"],
  ['vllm serve m --api-key abcd1234 --port 1', 'vllm serve m --api-key *** --port 1'],
  ['{"password": "hunter22", "user": "me"}', '{"password": "***", "user": "me"}'],
  ['HF_TOKEN=hf_abcdefghijklmnopqrst', 'HF_TOKEN=***'],
  ['Authorization: Bearer abc.def.ghi', 'Authorization: Bearer ***'],
  ['password authentication failed', 'password authentication failed'],
  ['api_key=None, eos_token=</s>, max_tokens: 4096', 'api_key=None, eos_token=</s>, max_tokens: 4096'],
])('masks what looks like a secret: %s', (line, masked) => expect(maskLine(line)).toBe(masked));
