import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readOwnResults } from './read-own-results.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-own-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const metrics = (text: string) => writeFile(join(folder, 'metrics.json'), text);
const requests = (text: string) => writeFile(join(folder, 'requests.jsonl'), text);

describe('metrics.json', () => {
  it('gives figures with unit and direction', async () => {
    await metrics('{"score":{"value":1.5,"unit":"points","better":"higher"},"size":{"value":3}}');
    expect(await readOwnResults(folder)).toEqual({
      metrics: { score: { value: 1.5, unit: 'points', better: 'higher' }, size: { value: 3, unit: '', better: null } },
      requests: null,
    });
  });

  it.each([
    ['set_requests_per_second', 'req/s', 'higher'],
    ['put_objects_per_second', 'objects/s', 'higher'],
    ['get_bytes_per_second', 'B/s', 'higher'],
    ['latency_p99_ms', 'ms', 'lower'],
    ['duration_s', 's', 'lower'],
    ['uptime_s', 's', null],
    ['failed_requests', '', 'lower'],
    ['ttft_ms', 'ms', 'lower'],
    ['error_ratio', 'ratio', 'lower'],
    ['requests', '', null],
  ])('reads a plain number by its name: %s', async (name, unit, better) => {
    await metrics(JSON.stringify({ [name]: 2 }));
    expect((await readOwnResults(folder)).metrics).toEqual({ [name]: { value: 2, unit, better } });
  });

  it.each([
    ['', 'metrics.json: is empty'],
    ['{\n "a": 1,\n "b": NaN\n}', 'metrics.json: line 3: NaN is no number in JSON; leave the figure out'],
    ['{"a":1', /^metrics\.json: line 1: not JSON/],
    ['[1]', 'metrics.json: expected an object {name: {value, unit, better}}'],
    ['{"a":"1"}', 'metrics.json: a: expected a number, or {value, unit, better}'],
    ['{"a":{"value":1,"units":"ms"}}', /metrics\.json: a: Unrecognized key: "units"/],
    ['{"a":{"value":1,"better":"up"}}', /metrics\.json: a\.better: /],
    ['{"__proto__":1}', /"__proto__" cannot name a figure/],
    ['{"a b":1}', /"a b" cannot name a figure/],
  ])('says what is wrong: %j', async (text, message) => {
    await metrics(text);
    await expect(readOwnResults(folder)).rejects.toThrow(message);
    await expect(readOwnResults(folder)).rejects.toMatchObject({ code: 'BENCH_OWN_RESULTS' });
  });

  it('is not followed when it is a link', async () => {
    await symlink('/etc/hostname', join(folder, 'metrics.json'));
    await expect(readOwnResults(folder)).rejects.toThrow('metrics.json: is a link, and must be a file');
  });

  it('has a limit', async () => {
    await metrics(`{"a":1}${' '.repeat(1 << 20)}`);
    await expect(readOwnResults(folder)).rejects.toThrow(/metrics\.json: 1048583 bytes; at most 1048576/);
  });
});

describe('requests.jsonl', () => {
  it('needs little, and knows the rest as unknown', async () => {
    await requests(
      '{"sentMs":1,"endMs":5}\n\n{"sentMs":2.5,"endMs":9,"error":{"class":"timeout","message":"late"},"httpStatus":504}\n{"sentMs":3,"endMs":9,"outputTokens":7,"outputTokenSource":"server_usage"}',
    );
    const { requests: rows } = await readOwnResults(folder);
    expect(rows).toMatchObject([
      { index: 0, phase: 'measured', status: 'ok', intendedMs: 1, sentMs: 1, endMs: 5, outputTokens: null },
      { index: 1, status: 'failed', intendedMs: 2.5, httpStatus: 504, error: { class: 'timeout', message: 'late' } },
      { index: 2, status: 'ok', outputTokens: 7, outputTokenSource: 'server_usage' },
    ]);
  });

  it.each([
    ['{"endMs":5}', 'requests.jsonl: line 1: "sentMs" is missing'],
    ['{"sentMs":1,"endMs":5}\nnope', /requests\.jsonl: line 2: not JSON/],
    ['{"sentMs":"1","endMs":5}', /requests\.jsonl: line 1: .*sentMs/i],
    ['{"sentMs":9,"endMs":5}', 'requests.jsonl: line 1: endMs 5 is before sentMs 9'],
    ['{"sentMs":1,"endMs":5,"latency":4}', /line 1: Unrecognized key: "latency"/],
    ['{"sentMs":1,"endMs":5,"status":"failed"}', /line 1: status is failed, and there is no error/],
    ['{"sentMs":1,"endMs":5,"promptTokens":4}', /line 1: promptTokens needs promptTokenSource/],
  ])('says what is wrong: %j', async (text, message) => {
    await requests(text);
    await expect(readOwnResults(folder)).rejects.toThrow(message);
  });

  it('tells all files’ problems at once', async () => {
    await metrics('{"a":"x"}');
    await requests('{}\n{}\n');
    await expect(readOwnResults(folder)).rejects.toThrow(/metrics\.json: a: .*\nrequests\.jsonl: line 1: .*\nrequests\.jsonl: line 2: /);
  });
});

it('finds nothing in an empty folder', async () => {
  expect(await readOwnResults(folder)).toEqual({ metrics: {}, requests: null });
});
