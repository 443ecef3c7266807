import { describe, expect, it } from 'vitest';
import { parsePrometheus } from './prometheus.ts';

const one = (line: string) => parsePrometheus(line)[0];

describe('a text in the exposition format', () => {
  it.each([
    ['requests_total 1027', { name: 'requests_total', labels: {}, value: 1027 }],
    ['requests_total 1027 1395066363000', { name: 'requests_total', labels: {}, value: 1027 }],
    ['a:b{} 1', { name: 'a:b', labels: {}, value: 1 }],
    ['m{method="post",code="200"} 3', { name: 'm', labels: { method: 'post', code: '200' }, value: 3 }],
    ['m{method="post",} 3', { name: 'm', labels: { method: 'post' }, value: 3 }],
    ['m { method = "post" , code = "2" }\t-4.5e-2', { name: 'm', labels: { method: 'post', code: '2' }, value: -0.045 }],
    ['m{a="x"}7', { name: 'm', labels: { a: 'x' }, value: 7 }],
    [
      String.raw`m{path="C:\\DIR\\F.TXT",error="no \"F\"\nat all"} 1`,
      { name: 'm', labels: { path: 'C:\\DIR\\F.TXT', error: 'no "F"\nat all' }, value: 1 },
    ],
    [String.raw`m{a="\q"} 1`, { name: 'm', labels: { a: '\\q' }, value: 1 }],
    ['m{a="} 2,"} 1', { name: 'm', labels: { a: '} 2,' }, value: 1 }],
    ['m{a="# ü"} 1', { name: 'm', labels: { a: '# ü' }, value: 1 }],
    ['m{} 1 # {trace_id="x"} 0.5', { name: 'm', labels: {}, value: 1 }],
    ['  m .5  ', { name: 'm', labels: {}, value: 0.5 }],
    ['m +Inf', { name: 'm', labels: {}, value: Infinity }],
    ['m -Inf', { name: 'm', labels: {}, value: -Infinity }],
    ['m NaN', { name: 'm', labels: {}, value: NaN }],
    ['m 1.2e+06\r', { name: 'm', labels: {}, value: 1_200_000 }],
  ])('%s', (line, sample) => expect(one(line)).toEqual(sample));

  it.each([
    '',
    '# HELP m a "comment" 1',
    '# TYPE m counter',
    'm',
    'm one',
    'm 0x1F',
    'm 1_000',
    'm-n 1',
    '1m 1',
    'm{a="x" 1',
    'm{a="x} 1',
    'm{a=x} 1',
    'm{a} 1',
    'm{a="x"b="y"} 1',
    'm{a="x\\',
    '{"error":"not found"}',
    '<html><body>502</body></html>',
  ])('is told from what is none of it: %s', (line) => expect(parsePrometheus(line)).toEqual([]));

  it('of many lines gives each sample, a histogram’s too, and passes over what it cannot read', () => {
    const text = `# HELP t Time.
# TYPE t histogram
t_bucket{le="0.05"} 24054
t_bucket{le="+Inf"} 144320
t_sum 53423.2
broken{ 5
t_count 144320`;
    expect(parsePrometheus(text).map(({ name, labels, value }) => [name, labels.le, value])).toEqual([
      ['t_bucket', '0.05', 24_054],
      ['t_bucket', '+Inf', 144_320],
      ['t_sum', undefined, 53_423.2],
      ['t_count', undefined, 144_320],
    ]);
  });

  it('keeps only what is wanted, and never more than there is room for', () => {
    expect(parsePrometheus('a 1\nb 2\nc 3', (name) => name === 'b')).toEqual([{ name: 'b', labels: {}, value: 2 }]);
    expect(parsePrometheus('a 1\n'.repeat(50_000))).toHaveLength(20_000);
    expect(parsePrometheus(`a{x="${'y'.repeat(20_000)}"} 1\nb 2`)).toEqual([{ name: 'b', labels: {}, value: 2 }]);
  });

  it('may be cut anywhere', () => {
    const text = String.raw`vllm:a{model_name="org/\"m\"",engine="0"} 1.5e3 1395066363000`;
    for (let end = 0; end < text.length; end++) for (const { name } of parsePrometheus(text.slice(0, end))) expect(name).toBe('vllm:a');
  });
});
