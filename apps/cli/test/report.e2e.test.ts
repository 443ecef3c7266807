import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bench, folder, show } from './cli.ts';
import { writtenRun } from './written-runs.ts';

let root: string;
let runs: string[];

const row = (label: string, value: string) => `${`${label}:`.padEnd(40)} ${value.padEnd(10)}`;
/** What `vllm bench serve` prints, in a file as deplodock writes it. */
const TEXT = [
  '============ Serving Benchmark Result ============',
  row('Successful requests', '512'),
  row('Failed requests', '0'),
  row('Maximum request concurrency', '256'),
  row('Benchmark duration (s)', '846.70'),
  row('Output token throughput (tok/s)', '4837.62'),
  row('Total token throughput (tok/s)', '9675.24'),
  '==================================================',
  '',
  '============ Docker Compose Configuration ============',
  'services:',
  '  vllm_0:',
  '    image: vllm/vllm-openai:v0.11.2',
  '    environment: [HF_TOKEN=hf_neverShown]',
  '    command: --tensor-parallel-size 8 --model /models/org/some-model --enable-expert-parallel',
  '==================================================',
  '',
  '============ Benchmark Command ============',
  'vllm bench serve --model org/some-model --random-input-len 8000 --random-output-len 1000 --max-concurrency 256',
  '==================================================',
  '',
].join('\n');
const AIPERF = {
  aiperf_version: '0.10.0',
  request_throughput: { unit: 'requests/sec', avg: 2.5 },
  request_latency: { unit: 'ms', avg: 6700, p50: 6500 },
  time_to_first_token: { unit: 'ms', avg: 230, p50: 178, p99: 688 },
  output_token_throughput: { unit: 'tokens/sec', avg: 1172.5 },
  request_count: { unit: 'requests', avg: 96 },
  input_config: { models: { items: [{ name: 'org/qwen' }] }, phases: [{ name: 'profiling', concurrency: 16 }] },
  error_summary: [],
  end_time: '2026-07-03T05:22:20.808822',
};

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

const report = (...args: string[]) => bench(['report', ...args], { cwd: root });
interface Row {
  source: { kind: string };
  runId: string;
  recipe: string;
  variant: string;
  figures: Record<string, { value?: number }>;
}
const rowsOf = (stdout: string) => (JSON.parse(stdout) as { rows: Row[] }).rows;

beforeAll(async () => {
  root = await folder();
  const at = Date.UTC(2026, 5, 1);
  runs = [
    await writtenRun(join(root, 'runs'), { at, figures: { 4: [100, 104], 8: [180, 178] } }),
    await writtenRun(join(root, 'runs'), { at: at + 1000, figures: { 8: [90] }, recipe: 'other' }),
  ];
  await put('theirs/b200_x_8_org_some-model_vllm_benchmark.txt', TEXT);
  await put('theirs/some-model.csv', 'Hardware,Throughput\nB200,9675.24\n');
  await put('theirs/c16/profile_export_aiperf.json', JSON.stringify(AIPERF));
});

describe('bench report', () => {
  it('takes runs and what other tools measured together, by folder', async () => {
    const finished = await report('runs', 'theirs', '--json');
    expect(finished.code, show(finished)).toBe(0);
    expect(rowsOf(finished.stdout).map((r) => [r.source.kind, r.recipe, r.variant, r.figures['output_throughput']?.value])).toEqual([
      ['run', 'tiny', 'default', 102],
      ['run', 'tiny', 'default', 179],
      ['run', 'other', 'default', 90],
      ['deplodock', 'some-model', 'b200x8', 4837.62],
      ['aiperf', 'qwen', 'c16', 1172.5],
    ]);
    expect(finished.stderr).toBe('no file was written: name one with --html or --xlsx\n');
  });

  it('warns of prices that are of nothing here, also in its JSON', async () => {
    const config = join(root, 'prices.yaml');
    await writeFile(config, 'pricing: {date: 2026-11-01, gpus: {H200: 3.60}}\n');
    const finished = await report('theirs', '--json', '--config', config, '--price', '4xb200=9');
    expect(finished.code, show(finished)).toBe(0);
    const asked = 'it is the price of nothing here; a price would fit by B200, 8xB200; did you mean "8xB200"?';
    const missing = 'something here has no price; it would have one by gpus.B200, machines.8xB200';
    expect(finished.stderr).toContain(`warning: --price 4xb200=9: ${asked}\nwarning: pricing: ${missing}\n`);
    expect((JSON.parse(finished.stdout) as { problems: unknown }).problems).toEqual([
      { path: '--price 4xb200=9', message: asked },
      { path: 'pricing', message: missing },
    ]);
  });

  it('of foreign files alone needs no run, and writes the files that are named', async () => {
    const html = join(root, 'out.html');
    const finished = await report(
      'theirs/b200_x_8_org_some-model_vllm_benchmark.txt',
      'theirs/c16',
      '--html',
      html,
      '--xlsx',
      join(root, 'out.xlsx'),
    );
    expect(finished.code, show(finished)).toBe(0);
    expect(finished.stderr).toBe('');
    expect(finished.stdout).toContain('4,838');
    expect(finished.stdout).toContain(html);
    const page = await readFile(html, 'utf8');
    expect(page).toContain('some-model');
    expect(page).toContain('8xB200');
    expect(page).not.toContain('hf_neverShown');
  });

  it('tells what it left out and why, and reports the rest', async () => {
    const damaged = join(root, 'damaged');
    const id = await writtenRun(damaged, { at: Date.UTC(2026, 5, 2), figures: { 8: [70] } });
    const gone = await writtenRun(damaged, { at: Date.UTC(2026, 5, 3), figures: { 8: [60] } });
    await rm(join(damaged, gone, 'run.json'));
    await put('damaged/rnewer0000/run.json', '{"schemaVersion": 99}');
    await put('damaged/rdamaged00/run.json', '{"schemaVersion": 1,');
    await put('damaged/rempty0000/.keep', '');
    await put(
      'damaged/sweep/tasks.json',
      JSON.stringify([{ variant: 'v', result_file: 'v_vllm_benchmark.txt', gpu_name: 'B200', gpu_count: 8 }]),
    );
    await put('damaged/cut/benchmarks.json', JSON.stringify({ benchmarks: [{ metrics: {} }] }).slice(0, 30));
    await put('notes.txt', 'buy milk');
    const finished = await report('damaged', 'theirs', 'notes.txt', 'nowhere', '--json');
    expect(finished.code, show(finished)).toBe(0);
    expect(rowsOf(finished.stdout).map((r) => r.figures['output_throughput']?.value)).toEqual([70, 4837.62, 1172.5]);
    expect(rowsOf(finished.stdout)[0]?.runId).toBe(id);
    const told = finished.stderr.split('\n').filter((line) => line.startsWith('left out: '));
    expect(new Set(told.map((line) => line.slice('left out: '.length).split(': ')[0]))).toEqual(
      new Set([
        `damaged/${gone}`,
        'damaged/rnewer0000',
        'damaged/rdamaged00',
        'damaged/rempty0000',
        'damaged/sweep/v_vllm_benchmark.txt',
        'damaged/cut/benchmarks.json',
        'notes.txt',
        'nowhere',
      ]),
    );
    expect(told.join('\n')).toContain('was written by a newer bench');
    expect(told.join('\n')).toContain('a run directory without its run.json');
    expect(told.join('\n')).toContain('the file may be cut');
  });

  it('fails when nothing at all is left', async () => {
    await put('none/readme.txt', 'nothing here');
    const finished = await report('none', 'nowhere');
    expect(finished.code, show(finished)).toBe(2);
    expect(finished.stderr).toContain('nothing can be read of none, nowhere');
    expect(finished.stderr).toContain('nowhere: no run "nowhere"');
  });

  it('of one run writes its files into its folder, also when it is named twice', async () => {
    const id = runs[1] as string;
    const finished = await report(id, join('runs', id));
    expect(finished.code, show(finished)).toBe(0);
    expect(finished.stdout).toContain(join('runs', id, 'report.html'));
    expect(await readFile(join(root, 'runs', id, 'report.html'), 'utf8')).toContain('other');
  });

  it('tells of requests that are cut', async () => {
    const id = await writtenRun(join(root, 'cut'), { at: Date.UTC(2026, 5, 4), figures: { 8: [90] } });
    const point = (await readdir(join(root, 'cut', id), { recursive: true })).find((path) => path.endsWith('requests.jsonl.gz')) ?? '';
    const file = join(root, 'cut', id, point);
    await writeFile(file, (await readFile(file)).subarray(0, -4));
    const finished = await report(join('cut', id), '--csv', '-');
    expect(finished.code, show(finished)).toBe(0);
    expect(finished.stderr).toContain(
      `left out: ${join('cut', id, dirname(point))}: requests.jsonl.gz is cut: 0 requests are left of it\n`,
    );
    expect(finished.stdout).toContain('requests.jsonl.gz is cut');
  });

  it('of what would be stands in no run’s folder, and where a flag says', async () => {
    const id = await writtenRun(join(root, 'whatif'), { at: Date.UTC(2026, 5, 4), figures: { 8: [90] }, gpu: { name: 'H200', count: 2 } });
    const own = join(root, 'whatif', id);
    const before = (await readdir(own)).sort();
    const shown = await report(own, '--price', 'h200=123.25');
    expect(shown.code, show(shown)).toBe(0);
    expect(shown.stderr).toBe(
      'no file was written: a run’s own report keeps its prices and its SLO; name one with --html or --xlsx for those of --price\n',
    );
    expect((await readdir(own)).sort()).toEqual(before);
    const named = await report(own, '--price', 'h200=123.25', '--html', 'whatif.html');
    expect(named.code, show(named)).toBe(0);
    expect(await readFile(join(root, 'whatif.html'), 'utf8')).toContain('$246.50');
    expect((await readdir(own)).sort()).toEqual(before);
  });

  it('judges by limits that are asked for, says so, and leaves the run’s own report as it is', async () => {
    const id = runs[0] as string;
    const own = join(root, 'runs', id, 'report.html');
    await writeFile(own, 'its own');
    const finished = await report(id, 'theirs', '--slo', 'ttft_ms=200', '--slo', 'tpot_ms=1e3');
    expect(finished.code, show(finished)).toBe(2);
    expect(finished.stderr).toContain('--slo tpot_ms=1e3: it is no limit');
    const asked = await report(id, '--slo', 'ttft_ms=200');
    expect(asked.code, show(asked)).toBe(0);
    expect(asked.stdout.replaceAll(/\s+/g, ' ')).toContain('SLO asked for at report time: TTFT ≤ 200 ms.');
    expect(asked.stderr).toContain(
      'no file was written: a run’s own report keeps its prices and its SLO; name one with --html or --xlsx for those of --slo\n',
    );
    expect(await readFile(own, 'utf8')).toBe('its own');
  });
});
