import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STEADY_STATE } from '@bench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildReport, writeHtml } from '../index.ts';
import { demoRun, hostileRun, mixedRun, ownRun, syntheticRun } from '../testing/synthetic-run.ts';
import { markup } from './markup.ts';
import type { RunView } from '@bench/results';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'report-html-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function page(...runs: RunView[]): Promise<string> {
  const file = join(dir, 'report.html');
  await writeHtml(buildReport({ runs }), file, { now: Date.UTC(2026, 4, 4, 13, 30) });
  return readFile(file, 'utf8');
}

const sections = (text: string): string[] => [...text.matchAll(/<section id="([a-z]+)"/g)].map((match) => match[1] as string);

describe('writeHtml', () => {
  it('says below the table what a search found', async () => {
    const run = demoRun();
    const [task] = run.tasks;
    if (!task) throw new Error('there is a task');
    task.file.search = { axis: 'rate', slo: { goodput: 0.9 }, passes: 3, fails: 4, confidence: 0.9, complete: true, probes: [] };
    expect(await page(run)).toContain('goodput at least 90 %: 3 req/s pass, 4 do not.');
  });

  it('has every part, and a link to each', async () => {
    const text = await page(demoRun());
    expect(sections(text)).toEqual(['summary', 'curve', 'limits', 'distributions', 'series', 'phases', 'environment', 'definitions']);
    for (const id of sections(text)) expect(text).toContain(`<a href="#${id}">`);
    expect(text).toContain('<h1><bdi>random-tiny on embedded</bdi></h1>');
    expect(text).toContain('Random weights');
    expect(text.match(/<svg class="chart"/g)).toHaveLength(2 + 2 + 5);
    expect(text).toContain('client, its busiest thread, %');
  });

  it('says first what is best for what, why, and how sure that is', async () => {
    const text = await page(mixedRun());
    const first = text.slice(0, text.indexOf('<nav'));
    expect(first).toMatch(/<h2>Fastest<\/h2>.*<bdi>sglang-tp8, 64 concurrent<\/bdi>.*than vllm-tp8 \([\d,]+ at 64 concurrent\)\./s);
    expect(first).toContain('Cannot tell it from vllm-tp8: their 95 % intervals overlap.');
    expect(first).toContain('Failed requests: 10 of 1152 requests failed.');
    expect(first).toContain('<code>slo: {ttft_ms: 500, tpot_ms: 50}</code>');
    const noted = demoRun();
    noted.notes = { tags: ['nightly'], remarks: [{ at: '2026-05-04T15:00:00Z', text: 'new <driver>' }] };
    expect(await page(noted)).toMatch(/<li><bdi>nightly<\/bdi><\/li>.*2026-05-04 15:00 UTC<\/span> <bdi>new &lt;driver&gt;/s);
  });

  it('has a line for each model where there are several, and folds notes past the first three', async () => {
    const flags = (['cache_warm', 'few_samples', 'rate_missed', 'tunnelled'] as const).map((code) => ({ code, message: code }));
    const run = syntheticRun({
      tasks: ['big', 'small'].map((model) => ({ variant: model, engine: { model }, points: [{ requests: 8, flags }] })),
    });
    const text = await page(run);
    expect(text).toMatch(/aria-label="What is best for what">.*<bdi>big<\/bdi><span>1 contender<\/span>.*<bdi>small<\/bdi>/s);
    expect(text).toContain('<summary>1 more note: few samples</summary>');
  });

  it('tells latencies in seconds where all of them are long', async () => {
    const of = async (tpotMs: number) => {
      const speed = { tpotMs, slope: 0, ttftMs: 50 };
      return page(
        syntheticRun({ tasks: [{ points: [4, 8].map((concurrency) => ({ concurrency, requests: 8, outputTokens: 32 })), speed }] }),
      );
    };
    expect(await of(900)).toMatch(/>TTFT, ms<.*>TPOT, ms<.*>E2EL, s</s);
    expect(await of(90)).toMatch(/>E2EL, ms</);
  });

  it('sets the best figures in colour among points of one model', async () => {
    const run = syntheticRun({
      tasks: ['big', 'small'].map((model) => ({
        variant: model,
        engine: { model },
        points: [4, 8].map((concurrency) => ({ concurrency })),
      })),
    });
    const text = await page(run);
    const lines = text.match(/<tr data-row="[^"]*" data-work="\d">.*?<\/tr>/gs) ?? [];
    const best = lines.filter((line) => /class="[^"]*\bbest\b/.test(line)).map((line) => /data-work="(\d)"/.exec(line)?.[1]);
    expect(lines).toHaveLength(4);
    expect(new Set(best)).toEqual(new Set(['0', '1']));
    expect(text).toContain('among points of the same model and data');
    expect(await page(demoRun())).not.toMatch(/data-work|same model and data/);
  });

  it('says how the concurrency of a closed loop changes, and that the point ends with it', async () => {
    const run = syntheticRun({ tasks: [{ points: [{ concurrency: 32, requests: 40 }] }] });
    for (const { result } of run.tasks[0]?.points ?? []) {
      if (!result?.load) throw new Error('there is a load');
      result.load.arrival = {
        kind: 'closed',
        stages: [
          { durationMs: 60_000, concurrency: 0, toConcurrency: 32 },
          { durationMs: 300_000, concurrency: 32 },
        ],
      };
      delete result.load.numPrompts;
    }
    const text = await page(run);
    expect(text).toContain('closed loop: a new request as soon as one ends; 0 to 32 in flight for 1m 00s, then 32 in flight for 5m 00s');
    expect(text).toContain('with its last stage');
  });

  it('has a table of the classes that requests are of', async () => {
    const run = syntheticRun({ tasks: [{ points: [{ concurrency: 4, requests: 40, repeats: 2 }] }] });
    const each = (ok: number, ttft: number) => {
      const distribution = {
        count: ok,
        mean: ttft,
        std: 0,
        min: ttft,
        max: ttft,
        p50: ttft,
        p75: ttft,
        p90: ttft,
        p95: ttft,
        p99: ttft,
        p999: ttft,
      };
      return { counts: { sent: ok, ok, failed: 0, cancelled: 0 }, scalars: { good_ratio: 0.5 }, distributions: { ttft_ms: distribution } };
    };
    for (const [i, { result }] of run.tasks[0]?.points.entries() ?? [])
      if (result) result.classes = { chat: each(30, 10 + 2 * i), '<batch>': each(10, 99) };
    const text = await page(run);
    expect(sections(text)).toContain('classes');
    expect(text).toMatch(/<bdi>chat<\/bdi><\/td><td>60<\/td><td>0<\/td><td>11[.0]*<\/td>/);
    expect(text).toContain('&lt;batch&gt;');
    expect(sections(await page(demoRun()))).not.toContain('classes');
  });

  it('has the steady state of a point beside its whole run, where every repeat has one, and says what it is', async () => {
    const run = syntheticRun({ tasks: [{ points: [{ concurrency: 4, requests: 40, repeats: 2 }] }] });
    const results = (run.tasks[0]?.points ?? []).flatMap(({ result }) => result ?? []);
    for (const [i, result] of results.entries())
      result.steady = {
        fromMs: 100 + 200 * i,
        toMs: 9000,
        counts: { sent: 31 + i, ok: 31 + i, failed: 0, cancelled: 0 },
        scalars: { request_throughput: 4, output_throughput: 1000 * (1 + i) },
        distributions: {},
      };
    const text = await page(run);
    expect(sections(text)).toContain('steady');
    expect(text).toMatch(/<bdi>whole run<\/bdi><\/td><td>80<\/td>/);
    expect(text).toMatch(
      /<bdi>steady, 0.2 to 9.0 s<\/bdi><\/td><td>63<\/td><td>0<\/td><td>4[.0]*<\/td><td>1[ ,\u202f\u00a0]?500[.0]*<\/td>/,
    );
    expect(text).toContain('The headline is the whole run');
    expect(text).toContain(`<dd>${STEADY_STATE}</dd>`);
    delete results[0]?.steady;
    const mixed = await page(run);
    expect(sections(mixed)).not.toContain('steady');
    expect(mixed).not.toContain(STEADY_STATE);
  });

  it('has a table of first and later turns, and says what was never sent', async () => {
    const run = syntheticRun({ tasks: [{ points: [{ concurrency: 4, requests: 40, repeats: 2 }] }] });
    const each = (ok: number, tokens: number) => ({
      counts: { sent: ok, ok, failed: 0, cancelled: 0 },
      scalars: { mean_input_tokens: tokens, cached_ratio: 0.25 },
      distributions: {},
    });
    for (const [i, { result }] of run.tasks[0]?.points.entries() ?? [])
      if (result)
        result.conversations = {
          asked: 10,
          finished: 8,
          broken: 2,
          cut: 0,
          turnsNotSent: { failed: 3, givenUp: 0, ended: 0 },
          turns: { first: each(10, 30), later: each(27, 100 + 10 * i) },
        };
    const text = await page(run);
    expect(sections(text)).toContain('conversations');
    expect(text).toMatch(/<bdi>later<\/bdi><\/td><td>54<\/td><td>0<\/td><td>105[.0]*<\/td><td>25[.0]*<\/td>/);
    expect(text).toContain('of 20 conversations 4 broke off and 0 were cut; turns that were never sent: 6 because an earlier one failed');
    expect(sections(await page(demoRun()))).not.toContain('conversations');
  });

  it('says below percentiles between which values they lie', async () => {
    const many = await page(syntheticRun({ tasks: [{ points: [{ concurrency: 4, requests: 400 }] }] }));
    expect(many).toMatch(/<td>[\d.]+<span class="within">[\d.]+ – [\d.]+<\/span><\/td>/);
    expect(await page(syntheticRun({ tasks: [{ points: [{ concurrency: 4, requests: 12 }] }] }))).not.toContain('class="within"');
  });

  it('draws what was sampled of engine and machine beside the seconds of a point', async () => {
    const telemetry = [0, 1, 2].map((s) => ({ kind: 'engine' as const, atMs: 1000 * s + 500, kvCacheUsage: 0.25 * s, waiting: s }));
    const text = await page(syntheticRun({ tasks: [{ points: [{ concurrency: 4, requests: 400, telemetry }] }] }));
    expect(text).toContain('KV cache in use, %');
    expect(text).toContain('requests in the engine’s queue');
    expect(text).not.toContain('GPU power, all, W');
  });

  it('says of each job of a queue what accounting says of it, and nothing of what that leaves out', async () => {
    const usage = { elapsedS: 61, maxRssBytes: 126_418_944, exitCode: 3, nodes: 'gpu0' };
    const job = { deployment: 'd1', name: 'a' };
    const jobs: RunView['jobs'] = [
      { ...job, job: '71', role: 'service', client: null, ended: { state: 'FAILED', reason: null, usage, costUsd: null } },
      { ...job, job: '72', role: 'client', client: 0, ended: { state: 'COMPLETED', reason: null, usage: null, costUsd: null } },
    ];
    const text = await page({ ...demoRun(), jobs });
    expect(text).toMatch(/<dt>Job 71, service<\/dt><dd>(<bdi>)?FAILED, 1 ?m[^,]*, 126 MB of memory at most, exit code 3</);
    expect(text).toMatch(/<dt>Job 72, client 0<\/dt><dd>(<bdi>)?COMPLETED</);
  });

  it('adds up the phases of a deployment without counting a part twice, and without the teardown', async () => {
    const text = await page(demoRun());
    expect(text).toContain('ready after 4.7 s');
    expect(text).toMatch(/model load<\/bdi><\/th>.*<tr class="part"><th class="l" scope="row"><bdi>weights load/);
  });

  it('shows what recipes report themselves, and nothing that they do not have', async () => {
    const text = await page(ownRun());
    expect(text).toMatch(/<h2><bdi>set_rps<\/bdi><\/h2><p class="big">153,242<small><bdi>req\/s<\/bdi><\/small>/);
    expect(text).toContain('<dt><bdi>redis-benchmark.set_rps</bdi><span><bdi>req/s</bdi></span></dt>');
    expect(text).toContain('Measured by</th>');
    expect(text).toMatch(/<h3>Service<\/h3>.*<dt>Service<\/dt><dd><bdi>redis 7\.2/s);
    expect(text.replace(/<style>.*<\/style>|<script>.*<\/script>/gs, '')).not.toMatch(
      /tok\/s|TTFT|Saturation|undefined|NaN|no load|Model<\/dt>/,
    );
  });

  it('takes names and units of own figures for text', async () => {
    const name = '<img src=x onerror="window.pwned=1">';
    const own = { [name]: { value: 1, unit: `</small>${name}`, better: 'higher' as const } };
    const text = await page(syntheticRun({ tasks: [{ kind: 'command', points: [{ own }] }] }));
    expect(text).not.toContain('<img');
    expect(text).toContain('&lt;img');
  });

  it('loads nothing from outside', async () => {
    const text = await page(demoRun());
    expect(text.includes(`Content-Security-Policy" content="default-src 'none';`)).toBe(true);
    expect(/ (src|href)="(?!#)/.exec(text)).toBeNull();
    expect(/url\(|@import|https?:\/\//.exec(text)).toBeNull();
  });

  it('lets a screen reader read tables and charts', async () => {
    const text = (await page(mixedRun())).replace(/<script>.*<\/script>/s, '');
    for (const [, attributes] of text.matchAll(/<th\b([^>]*)>/g)) expect(attributes).toContain('scope=');
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, labels] of text.matchAll(/aria-labelledby="([^"]+)"/g))
      for (const id of (labels ?? '').split(' ')) expect(ids).toContain(id);
    expect(text).toMatch(/<desc id="curve-ttft_ms-d">vllm-tp8 goes from 1 concurrent: .* to 64 concurrent: /);
    expect(text).toMatch(/<html lang="en">/);
  });

  it('shows what failed, what did not run, and what could not be read', async () => {
    const text = await page(mixedRun());
    expect(text).toContain('1 task of 4 failed:');
    expect(text).toContain('CUDA out of memory');
    expect(text).toContain('1 task did not run:');
    expect(sections(text)).toContain('problems');
    expect(text).toContain('unexpected end of file; 118 lines were read');
  });

  it('names a file that turns out unreadable while the charts are drawn, and draws the rest', async () => {
    const run = demoRun();
    const point = run.tasks[0]?.points[2];
    if (point) {
      point.requests = () => Promise.reject(new Error('unexpected end of file'));
      point.gaps = () => Promise.reject(new Error('not a gap file'));
      point.series = () => Promise.reject(new Error('ENOENT'));
    }
    const text = await page(run);
    expect(text).toContain('requests could not be read: unexpected end of file');
    expect(text).toContain('gaps could not be read: not a gap file');
    expect(text).toContain('drawn from stored percentiles');
    expect(text.match(/<svg class="chart"/g)).toHaveLength(2 + 2 + 4);
  });

  it('has no empty parts when there is nothing to show in them', async () => {
    const embeddings = await page(
      syntheticRun({
        tasks: [
          {
            points: [
              { embeddings: true, concurrency: 1 },
              { embeddings: true, concurrency: 4 },
            ],
          },
        ],
      }),
    );
    expect(sections(embeddings)).not.toContain('distributions');
    expect(embeddings).toContain('End-to-end latency');
    expect(embeddings).not.toContain('TTFT');
    expect(/NaN|undefined|Infinity|\[object/.exec(embeddings.slice(0, embeddings.indexOf('<script>')))).toBeNull();
    const nothing = await page(syntheticRun({ tasks: [] }));
    expect(nothing).toContain('The run has no tasks.');
    const failed = await page(syntheticRun({ tasks: [{ points: [], error: 'the engine ended' }] }));
    expect(failed).toContain('Nothing was measured.');
    expect(failed).toContain('the engine ended');
    expect(await page()).toContain('Nothing was planned');
  });

  it('shows several runs in one page, told apart by their ids', async () => {
    const text = await page(demoRun(), mixedRun());
    expect(text).toContain('rk3v9x0a2b / tiny-cpu / default');
    expect(text).toContain('2 runs');
  });

  it('makes hostile names inert', async () => {
    const text = await page(hostileRun());
    expect(text.match(/<script/gi)).toHaveLength(1);
    expect(/<img|<svg onload|<iframe/i.exec(text)).toBeNull();
    expect(text.includes('&lt;script&gt;window.pwned=1&lt;/script&gt;')).toBe(true);
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E]/);
    expect(text.length).toBeLessThan(500_000);
  });

  it('stays small however long the run was', async () => {
    const points = [1, 2, 4, 8].map((concurrency) => ({ concurrency, requests: 3000, outputTokens: 4 }));
    const text = await page(syntheticRun({ tasks: [{ points }] }));
    const small = await page(syntheticRun({ tasks: [{ points: points.map((point) => ({ ...point, requests: 300 })) }] }));
    expect(text.length).toBeLessThan(small.length * 1.5);
  });

  it('leaves nothing behind when it is aborted', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(writeHtml(buildReport({ runs: [demoRun()] }), join(dir, 'report.html'), { now: 0, signal })).rejects.toThrow('stop');
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('markup', () => {
  it('escapes what is interpolated, and nothing twice', () => {
    const inner = markup`<b>${'a & "b" <c>'}</b>`;
    expect(markup`<i title="${'x" onload="y'}">${[inner, null, false, 3]}</i>`.text).toBe(
      '<i title="x&quot; onload=&quot;y"><b>a &amp; &quot;b&quot; &lt;c&gt;</b>3</i>',
    );
  });
});
