import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bench, folder, show } from './cli.ts';
import { writtenRun } from './written-runs.ts';

const AT = Date.UTC(2026, 4, 1);
let root: string;
let base: string;
let slower: string;
let again: string;

beforeAll(async () => {
  root = await folder();
  const runs = join(root, 'runs');
  const recipeText = (seqs: number) => `engine: {llm: {vllm: {max_num_seqs: ${seqs}}}}\n`;
  base = await writtenRun(runs, { at: AT, figures: { 1: [100, 101, 99], 8: [400, 404, 396] }, recipeText: recipeText(64) });
  slower = await writtenRun(runs, {
    at: AT + 1000,
    figures: { 1: [100, 99, 101], 8: [350, 354, 346] },
    key: 'k2',
    recipeText: recipeText(32),
    engine: { version: '0.12.0' },
  });
  again = await writtenRun(runs, { at: AT + 2000, figures: { 1: [101, 100, 99], 8: [401, 398, 402] } });
});

const inRoot = (...args: string[]) => bench(['compare', ...args], { cwd: root });

describe('bench compare', () => {
  it('says what changed, how sure that is, and what differs', async () => {
    const finished = await inRoot(base, slower);
    expect(finished.code, show(finished)).toBe(0);
    expect(finished.stdout).toMatch(/^\d+ figures worse, .* same/);
    expect(finished.stdout).toMatch(/Output tokens, tok\/s +400 +350 +-12\.5 % +-14\.6 to -10\.3 +worse/);
    expect(finished.stdout).toContain('matched by recipe, variant and load');
    expect(finished.stdout).toMatch(/engine\.llm\.vllm\.max_num_seqs +64 (→|>) 32/);
    expect(finished.stdout).toMatch(/Engine +vllm 0\.11\.0 (→|>) vllm 0\.12\.0/);
  });

  it.each([
    ['output_throughput>-5%', 7],
    ['output_throughput>-20%', 0],
  ])('with --gate %s ends with %i', async (gate, code) => {
    const finished = await inRoot(base, slower, '--gate', gate);
    expect(finished.code, show(finished)).toBe(code);
  });

  it('takes several runs as one side, and gates from the settings file', async () => {
    await writeFile(join(root, 'bench.config.yaml'), 'gates: {default: ["output_throughput>-5%"], recipes: {tin*: ["ttft_p99_ms<+3%"]}}\n');
    const finished = await inRoot(`${base},${again}`, slower, '--json', '--gate');
    expect(finished.code, show(finished)).toBe(7);
    const said = JSON.parse(finished.stdout) as { schemaVersion: number; exitCode: number; gates: object; pairs: { base: object }[] };
    expect(said).toMatchObject({ schemaVersion: 1, exitCode: 7, gates: { failed: 2, passed: 2, undecided: 0 } });
    expect(said.pairs[0]?.base).toMatchObject({ runs: [base, again], repeats: 6 });
    expect((await inRoot(base, again, '--gate')).code).toBe(0);
  });

  it('writes a comment for a pull request', async () => {
    const file = join(root, 'comment.md');
    const finished = await inRoot(base, slower, '--gate=output_throughput>-5%', '--markdown', file);
    expect(finished.code, show(finished)).toBe(7);
    const written = await readFile(file, 'utf8');
    expect(written).toMatch(/^<!-- bench compare -->\n\n\*\*1 gate failed, 1 passed; /);
    expect(await inRoot(base, slower, '--gate=output_throughput>-5%', '--markdown', '-')).toMatchObject({ code: 7, stdout: written });
  });

  it('with --strict wants every gate decided and every point there', async () => {
    expect((await inRoot(base, again, '--gate', 'output_throughput>-0.1%')).code).toBe(0);
    expect((await inRoot(base, again, '--gate', 'output_throughput>-0.1%', '--strict')).code).toBe(8);
  });

  it.each([
    [['--gate', 'ttft_p99_ms<5%'], 'gate "ttft_p99_ms<5%", column 13'],
    [['--gate', 'tpot_p99_ms<+5%'], 'nothing that is compared has tpot_p99_ms'],
    [['--figure', 'ttft_p9_ms'], 'no figure is called "ttft_p9_ms"'],
    [['--tolerance', 'five'], 'expected a per cent'],
  ])('refuses %j', async (flags, message) => {
    const finished = await inRoot(base, slower, ...flags);
    expect(finished.code, show(finished)).toBe(2);
    expect(finished.stderr).toContain(message);
  });

  it('refuses a run against itself, and one that is not there', async () => {
    expect(await inRoot(base, base)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${base} stands on both sides`) as string,
    });
    expect((await inRoot(base, 'r000000000')).code).toBe(2);
  });
});
