// How long `bench list` takes over many runs, against reading each of them whole.
//   node packages/results/bench/list-runs.mjs [runs=1000] [points=20]
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRuns, listRuns, readRun, RunWriter } from '../dist/index.js';

const [runs = 1000, points = 20] = process.argv.slice(2).map(Number);
const root = mkdtempSync(join(tmpdir(), 'bench-list-runs-'));
const io = { now: () => Date.UTC(2026, 0, 1), monotonic: () => 0, random: Math.random };

const summary = { count: 100, mean: 5, std: 1, min: 1, p50: 5, p75: 6, p90: 7, p95: 8, p99: 9, p999: 9, max: 9 };
const names = ['ttfb_ms', 'ttft_ms', 'ttfo_ms', 'tpot_ms', 'itl_ms', 'icl_ms', 'e2el_ms', 'queue_ms'];
const point = {
  schemaVersion: 1,
  repeat: 0,
  load: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  durationS: 10,
  counts: { sent: 100, ok: 100, failed: 0, cancelled: 0, warmup: 0 },
  errors: {},
  scalars: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`figure_${i}`, i])),
  distributions: Object.fromEntries(names.map((name) => [name, summary])),
  vllm: {},
  tokenSources: null,
  client: null,
  flags: [],
};

async function oneRun() {
  const task = { recipe: 'tiny', variant: 'default', key: 'k' };
  const asked = { recipes: ['/r'], site: 'local', filter: [], seed: 0 };
  const planned = { ...task, group: 0, deploymentKey: 'd', points, repeats: 1 };
  const writer = await RunWriter.create({ root, asked, tasks: [planned], tools: {} }, io);
  const entries = [];
  for (let i = 0; i < points; i++) {
    const path = await writer.point({ ...task, attempt: 1, result: { ...point, point: i }, records: [], gaps: [], series: [] });
    entries.push({ attempt: 1, point: i, repeat: 0, path, status: 'ok', error: null });
    await writer.event({ type: 'point_finished', ...task, attempt: 1, point: i, repeat: 0, path });
  }
  const shape = { schemaVersion: 1, kind: 'inference', params: {}, gpu: { name: null, count: 0 }, status: 'done', error: null };
  await writer.task({ ...task, ...shape, deployment: null, machine: null, points: entries });
  await writer.finish('done', 0, io.now());
  await writer.close();
  return writer.dir;
}

async function timed(name, work) {
  const start = performance.now();
  const count = await work();
  const ms = performance.now() - start;
  console.log(`${name.padEnd(32)} ${ms.toFixed(0).padStart(6)} ms  ${(ms / runs).toFixed(2)} ms a run  (${count} runs)`);
  return ms;
}

try {
  const first = await oneRun();
  for (let i = 1; i < runs; i++) {
    const id = `r${String(i).padStart(9, '0')}`;
    cpSync(first, join(root, id), { recursive: true });
    const file = join(root, id, 'run.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"id": "\w+"/, `"id": "${id}"`));
  }
  const whole = await timed('reading each whole', async () => {
    const dirs = await findRuns(root);
    for (const dir of dirs) await readRun(dir);
    return dirs.length;
  });
  const listed = await timed('bench list', async () => (await listRuns(root)).length);
  await timed('bench list --limit 20', async () => (await listRuns(root, { limit: 20 })).length);
  await timed('bench list --recipe nothing', async () => (await listRuns(root, { filter: { recipe: 'nothing' } })).length);
  console.log(`bench list takes ${((listed / whole) * 100).toFixed(0)} % of reading each whole`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
