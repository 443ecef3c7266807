// Measures the page of a large report: how long it takes to write, what it weighs, and how soon Chromium has it open.
//   node bench/page.mjs [variants] [requests a variant] [times] [file]
// The requests of one variant are written once and read again for each: what is measured reads as many as a real report would.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { part } from '../../../scripts/parts.mjs';

const [variants = '200', requests = '10000', times = '5', kept] = process.argv.slice(2);
const dir = await mkdtemp(join(tmpdir(), 'bench-page-'));
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
// Where it finds what it imports.
const bundle = here('../node_modules/.bench-page.mjs');

// The generators of the tests are TypeScript, and no part of what is published.
await build({
  stdin: {
    contents: `export * from './src/index.ts'; export { manyRun } from './src/testing/many-run.ts'; export * from '@bench/results';`,
    resolveDir: here('..'),
  },
  conditions: ['@bench/source'],
  bundle: true,
  format: 'esm',
  platform: 'node',
  external: ['exceljs', '@resvg/resvg-js'],
  banner: { js: `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);` },
  outfile: bundle,
});
const { buildReport, writeHtml, manyRun, encodeRecords, decodeRecords, encodeGaps, decodeGaps } = await import(pathToFileURL(bundle).href);
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const run = manyRun({ variants: Number(variants), loads: [32], requests: 40, outputTokens: 16 });
const [whole] = manyRun({ variants: 1, loads: [32], requests: Number(requests), outputTokens: 16 }).tasks[0].points;
const series = await whole.series();
const files = { requests: join(dir, 'requests.jsonl.gz'), gaps: join(dir, 'gaps.bin.gz') };
await writeFile(files.requests, encodeRecords(await whole.requests()));
await writeFile(files.gaps, encodeGaps(await whole.gaps()));
for (const task of run.tasks)
  for (const point of task.points) {
    point.requests = async () => decodeRecords(await readFile(files.requests)).records;
    point.gaps = async () => decodeGaps(await readFile(files.gaps)).lists;
    point.series = async () => series;
  }

const file = kept ?? join(dir, 'report.html');
let peak = 0;
const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 50);
const start = performance.now();
await writeHtml(buildReport({ runs: [run] }), file, { now: Date.now() });
const writing = performance.now() - start;
clearInterval(watch);
const { size } = await stat(file);
console.log(`${variants} variants × ${requests} requests, ${series.length} seconds each`);
console.log(`written in ${(writing / 1000).toFixed(1)} s with at most ${Math.round(peak / 1e6)} MB; ${(size / 1e6).toFixed(2)} MB`);

const { path } = part('chromium');
const browser = await chromium.launch({ executablePath: path, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
const opened = [];
const filtered = [];
for (let i = 0; i < Number(times); i++) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
  // Two frames after the load event the page has been painted, and its script has run.
  opened.push(
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))),
  );
  filtered.push(
    await page.evaluate(async () => {
      const from = performance.now();
      const field = document.querySelector('#filter-text');
      field.value = 'sglang';
      field.dispatchEvent(new Event('input'));
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      return performance.now() - from;
    }),
  );
  await page.close();
}
await browser.close();
await rm(dir, { recursive: true, force: true });
await rm(bundle);
console.log(`open in ${Math.round(median(opened))} ms (${opened.map(Math.round).join(', ')}): loaded, painted, and its script has run`);
console.log(`filtered by a word in ${Math.round(median(filtered))} ms (${filtered.map(Math.round).join(', ')})`);
