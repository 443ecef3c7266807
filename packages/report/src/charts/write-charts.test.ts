import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildReport } from '../report.ts';
import { hostileRun, mixedRun, syntheticRun } from '../testing/synthetic-run.ts';
import { writeCharts } from './write-charts.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'report-charts-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const NOW = Date.UTC(2026, 4, 4, 13, 30);
const small = () => syntheticRun({ tasks: [{ points: [2, 8].map((concurrency) => ({ concurrency, requests: 24 })) }] });

describe('writeCharts', () => {
  it('writes each chart as SVG and as PNG, told apart by name', async () => {
    const files = await writeCharts(buildReport({ runs: [small()] }), join(dir, 'charts'), { now: NOW });
    const names = files.map((file) => basename(file));
    for (const id of ['curve-ttft_ms', 'curve-tpot_ms', 'ttft-tiny-cpu', 'itl-tiny-cpu', 'series-tiny-cpu-2-concurrent'])
      expect(names).toEqual(expect.arrayContaining([`${id}.svg`, `${id}.png`]));
    expect((await readdir(join(dir, 'charts'))).sort()).toEqual(names.sort());
  });

  it('draws PNG at twice the size, with words and curves in it', async () => {
    const [file] = await writeCharts(buildReport({ runs: [small()] }), dir, { now: NOW, formats: ['png'] });
    const png = await readFile(file as string);
    expect(png.subarray(0, 8).toString('latin1')).toBe('\u0089PNG\r\n\u001A\n');
    // IHDR: width and height, four bytes each.
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1120, expect.any(Number)]);
    expect(png.length).toBeGreaterThan(15_000);
  });

  it('writes SVG that needs nothing else: a title, plain colours, no variable, script or address but that of SVG', async () => {
    for (const dark of [false, true]) {
      const files = await writeCharts(buildReport({ runs: [mixedRun()] }), dir, { now: NOW, formats: ['svg'], dark });
      expect(files.map((file) => basename(file))).toContain('pareto-throughput-latency.svg');
      const svg = await readFile(join(dir, 'curve-ttft_ms.svg'), 'utf8');
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="560" height="\d+"/);
      expect(svg).toContain('<title>Time to first token against throughput</title>');
      expect(svg).toContain('>vllm-tp8</text>');
      expect(svg).toContain('Qwen/Qwen3-Coder-480B-A35B-Instruct on vllm and sglang · 8xH200, 4xH200 · 2026-05-04');
      expect(svg).not.toMatch(/var\(|<script|data-chart|@import|url\(/);
      expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toContain('http');
      expect(svg).toContain(`height="${/height="(\d+)"/.exec(svg)?.[1]}" fill="${dark ? '#1a1f23' : '#fff'}"/>`);
      expect(svg).toContain(dark ? '.chart .line.c0{stroke:#5cc3cc}' : '.chart .line.c0{stroke:#0b6e77}');
    }
  });

  it('says in a picture how many curves are not drawn in it', async () => {
    const points = [2, 8].map((concurrency) => ({ concurrency, requests: 8 }));
    const tasks = Array.from({ length: 11 }, (_, i) => ({ variant: `v${i}`, points }));
    await writeCharts(buildReport({ runs: [syntheticRun({ tasks })] }), dir, { now: NOW, formats: ['svg'] });
    const words = (await readFile(join(dir, 'curve-ttft_ms.svg'), 'utf8')).replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
    expect(words).toContain('; 3 more are not drawn');
  });

  it('keeps hostile names from being markup, and draws them', async () => {
    const files = await writeCharts(buildReport({ runs: [hostileRun()] }), dir, { now: NOW });
    expect(files.length).toBeGreaterThan(4);
    for (const file of files.filter((name) => name.endsWith('.svg'))) {
      const svg = await readFile(file, 'utf8');
      expect(svg).not.toMatch(/<script|<img|<b>|\u202E|\u001B/);
      expect(svg.length).toBeLessThan(40_000);
    }
  });

  it('writes nothing of a report without figures, and stops when told to', async () => {
    expect(await writeCharts(buildReport({ runs: [syntheticRun({ tasks: [] })] }), dir, { now: NOW })).toEqual([]);
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(writeCharts(buildReport({ runs: [small()] }), dir, { now: NOW, signal })).rejects.toThrow('stop');
    expect(await readdir(dir)).toEqual([]);
    await writeFile(join(dir, 'file'), '');
    await expect(writeCharts(buildReport({ runs: [small()] }), join(dir, 'file'), { now: NOW })).rejects.toThrow(/ENOTDIR|EEXIST/);
  });
});
