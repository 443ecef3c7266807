import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bench, folder, show } from './cli.ts';
import { writtenRun } from './written-runs.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 4, 1);
/** The engine was upgraded before the seventh. */
const FIGURES = [212, 208, 215, 210, 209, 213, 188, 191, 187, 190];
let root: string;
let ids: string[];

beforeAll(async () => {
  root = await folder();
  ids = [];
  for (const [day, value] of FIGURES.entries()) {
    const upgraded = day >= 6;
    ids.push(
      await writtenRun(join(root, 'runs'), {
        at: START + day * DAY,
        figures: { 8: [value - 1, value + 1], 16: [value * 2, value * 2] },
        engine: { version: upgraded ? '0.12.0' : '0.11.0' },
        key: upgraded ? 'k2' : 'k1',
        recipeText: `engine:\n  llm:\n    max_num_seqs: ${upgraded ? 128 : 256}\n`,
      }),
    );
  }
  await writtenRun(join(root, 'runs'), { at: START, figures: { 8: [50] }, recipe: 'other' });
});

const history = (...args: string[]) => bench(['history', ...args], { cwd: root, env: { LANG: 'C.UTF-8' } });

describe('bench history', () => {
  it('shows a recipe run after run, where its level changed, and what differed there', async () => {
    const { code, stdout, stderr } = await history('tiny', '--load', '8');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('tiny, 8 concurrent\nTest CPU, 8 threads · random prompts, 128 tokens in, 64 out\n');
    const at = stdout.split('\n').findIndex((line) => line.includes(ids[6] as string));
    const [row, ...below] = stdout.split('\n').slice(at, at + 3);
    expect(row).toMatch(/^2026-05-07 00:00 {2}r\w{9} {2}vllm 0\.12\.0 +188 +\S+ to \S+ {2}▼ -10\.5 % \(-1\d\.\d to -\d\.\d %\), worse$/);
    expect(below).toEqual(['    engine.llm.max_num_seqs: 256 → 128', '    Engine: vllm 0.11.0 → vllm 0.12.0']);
    expect(stdout.match(/▲|▼/g)).toHaveLength(1);
  });

  it('knows what tokens cost, by the prices of the settings and by those that are asked for', async () => {
    const gpu = { name: 'H200', count: 2 };
    for (const day of [0, 1]) await writtenRun(join(root, 'runs'), { at: START + day * DAY, figures: { 8: [200] }, recipe: 'priced', gpu });
    const config = join(root, 'bench.yaml');
    await writeFile(config, 'pricing:\n  date: 2026-11-01\n  gpus: { h200: 3.60 }\n');
    const costs = async (...flags: string[]) => {
      const finished = await history('priced', '--json', '--figure', 'cost_per_mtok_output', ...flags);
      expect(finished.code, show(finished)).toBe(0);
      const { series } = JSON.parse(finished.stdout) as { series: { entries: { value: number }[] }[] };
      return series.flatMap(({ entries }) => entries.map(({ value }) => value));
    };
    // 2 GPUs at 3.60 an hour, 200 tokens a second: 7.2 / (200 * 3600) * 1e6
    for (const cost of await costs('--config', config)) expect(cost).toBeCloseTo(10, 9);
    expect(await costs('--config', config, '--price', 'h200=1.80')).toEqual([expect.closeTo(5, 9), expect.closeTo(5, 9)]);
    const { stderr } = await history('priced', '--price', 'h100=2');
    expect(stderr).toBe(
      'warning: --price h100=2: it is the price of nothing here; a price would fit by H200, 2xH200, machine:local; did you mean "H200"?\n',
    );
  });

  it('is JSON for scripts, of the figures, runs and loads that are named', async () => {
    const finished = await history('ti*', '--json', '--figure', 'ttft_p99_ms', '--load', '16 concurrent', '--limit', '8');
    expect(finished.code, show(finished)).toBe(0);
    const { schemaVersion, series } = JSON.parse(finished.stdout) as { schemaVersion: number; series: Record<string, unknown>[] };
    expect([schemaVersion, series.length]).toEqual([1, 1]);
    expect(series[0]).toMatchObject({
      recipe: 'tiny',
      load: '16 concurrent',
      figure: { name: 'ttft_p99_ms', better: 'lower', unit: 'ms' },
    });
    const entries = series[0]?.['entries'] as { runId: string; value: number; measuredAt: string }[];
    expect(entries.map(({ runId }) => runId)).toEqual(ids.slice(2));
    expect(entries[0]?.value).toBeCloseTo(9000 / 430, 9);
    expect(series[0]?.['changes']).toMatchObject([{ runId: ids[6], verdict: 'worse' }]);
  });

  it('finds a recipe by its folder, and keeps apart what differs where that is wanted', async () => {
    await mkdir(join(root, 'recipes', 'tiny'), { recursive: true });
    await writeFile(join(root, 'recipes', 'tiny', 'recipe.yaml'), 'anything: at all\n');
    const { stdout, stderr } = await history('recipes/tiny', '--exact', '--load', '8', '--json');
    const { series } = JSON.parse(stdout || `{"error": ${JSON.stringify(stderr)}}`) as { series: { entries: unknown[] }[] };
    expect(series.map(({ entries }) => entries.length)).toEqual([6, 4]);
  });

  it('writes Markdown', async () => {
    const finished = await history('tiny', '--markdown', 'history.md');
    expect(finished.code, show(finished)).toBe(0);
    const text = await readFile(join(root, 'history.md'), 'utf8');
    expect(text.match(/^### tiny, (8|16) concurrent$/gm)).toHaveLength(2);
    expect(text).toContain('🔴 -10.5 %');
  });

  it.each([
    [['tin'], 2, 'no run in runs is of recipe "tin"', 'did you mean "tiny"?'],
    [['nothing', '--out', 'nowhere'], 2, 'no run in nowhere is of recipe "nothing"', 'bench list shows runs'],
    [['tiny', '--figure', 'ttft_p98_ms'], 2, 'no figure is called "ttft_p98_ms"', 'did you mean'],
    [['tiny', '--load', '3'], 5, 'no run of tiny has figures of --load 3', 'shows what there is'],
  ])('%j is refused with what there is', async (args, code, message, hint) => {
    const finished = await history(...args);
    expect([finished.code, finished.stderr]).toEqual([code, expect.stringContaining(message)]);
    expect(finished.stderr).toContain(hint);
  });
});
