import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalLine } from '@bench/results';
import { beforeEach, describe, expect, it } from 'vitest';
import { bench, enginesOf, folder, show, start, tinyRecipe, untilNone } from './cli.ts';

let root: string;
let runs: string;
beforeEach(async () => {
  root = await folder();
  runs = join(root, 'runs');
});

const journal = async (dir: string) =>
  (await readFile(join(dir, 'journal.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JournalLine);
const onlyRun = async () => join(runs, (await readdir(runs))[0] as string);
/** Supervisors carry the run's log path in their command line; the engine is named by the journal. */
const supervisors = () => enginesOf(runs);
async function enginePids(dir: string): Promise<number[]> {
  return (await journal(dir)).flatMap((e) => (e.type === 'deployment_started' ? [(e.record as { pid: number }).pid] : []));
}
function groupMembers(pgid: number): boolean {
  try {
    process.kill(-pgid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('bench run', () => {
  it('measures a recipe and leaves a table, a report and a workbook', async () => {
    const { code, stdout, stderr } = await bench(['run', await tinyRecipe(root), '--out', runs]);
    expect(stderr).toMatch(/c=1 .*\n.*c=2 /);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('random-tiny');
    expect(`${stdout}${stderr}`).not.toContain('\u001B[');
    const dir = await onlyRun();
    expect((await stat(join(dir, 'report.html'))).size).toBeGreaterThan(10_000);
    expect((await readFile(join(dir, 'report.xlsx'))).subarray(0, 2).toString()).toBe('PK');
    expect(await untilNone(supervisors)).toEqual([]);

    const listed = await bench(['list', '--out', runs, '--json']);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ status: 'done', site: 'local', recipes: ['tiny'], measured: 2, points: 2 }]);
    const status = await bench(['status', 'latest', '--out', runs, '--json']);
    expect(JSON.parse(status.stdout)).toMatchObject({
      status: 'done',
      exitCode: 0,
      tasks: [{ recipe: 'tiny', status: 'done' }],
      problems: [],
    });
    const html = join(root, 'again.html');
    const charts = join(root, 'charts');
    const csv = join(root, 'rows.csv');
    const report = await bench(['report', 'latest', '--out', runs, '--html', html, '--charts', charts, '--csv', csv, '--json']);
    expect(report.code, show(report)).toBe(0);
    const { reports, rows } = JSON.parse(report.stdout) as { reports: string[]; rows: unknown[] };
    expect(reports).toEqual(expect.arrayContaining([html, csv, join(charts, 'curve-ttft_ms.svg')]));
    expect(rows).toMatchObject([{ figures: { ttft_ms: { unit: 'ms', source: 'bench', p99: expect.any(Number) as number } } }, {}]);
    expect((await readFile(csv, 'utf8')).split('\r\n')).toHaveLength(4);
    expect((await bench(['report', 'latest', '--out', runs, '--markdown', '-'])).stdout).toMatch(
      /^\*\*random-tiny on embedded\*\*\n\n\| load \|/,
    );
    expect((await readFile(join(charts, 'curve-ttft_ms.png'))).subarray(1, 4).toString()).toBe('PNG');
    expect(await readFile(html, 'utf8')).toContain('<!doctype html>');
  });

  it('prints one JSON value with --json', async () => {
    const { code, stdout, stderr } = await bench(['run', await tinyRecipe(root, { points: [1] }), '--out', runs, '--json', '--no-report']);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'done', exitCode: 0, reports: [], rows: [{}] });
  });

  it('does nothing with --dry-run, and says the same each time', async () => {
    const recipe = await tinyRecipe(root);
    const [first, second] = [
      await bench(['run', recipe, '--out', runs, '--dry-run']),
      await bench(['run', recipe, '--out', runs, '--dry-run']),
    ];
    expect(first.code, show(first)).toBe(0);
    expect(first.stdout).toContain('--model-random tiny');
    expect(first.stdout).toBe(second.stdout);
    await expect(readdir(runs)).rejects.toThrow(/ENOENT/);
  });

  it('runs twice at once', async () => {
    const recipe = await tinyRecipe(root, { points: [1] });
    const both = await Promise.all([
      bench(['run', recipe, '--out', runs, '--no-report']),
      bench(['run', recipe, '--out', runs, '--no-report']),
    ]);
    expect(both.map((b) => b.code)).toEqual([0, 0]);
    expect(await readdir(runs)).toHaveLength(2);
  });
});

describe('a run that is stopped', () => {
  const long = { points: [1, 2, 3], requests: 24, outputLen: 300 };

  it('by kill -9 leaves nothing running, and resumes with what is missing only', async () => {
    const recipe = await tinyRecipe(root, long);
    const running = start(['run', recipe, '--out', runs]);
    await running.saw(/c=1 .*tok\/s/);
    running.child.kill('SIGKILL');
    expect((await running.finished).signal).toBe('SIGKILL');
    const dir = await onlyRun();
    const pids = await enginePids(dir);
    expect(pids).toHaveLength(1);
    expect(await untilNone(async () => pids.filter(groupMembers))).toEqual([]);

    const before = (await journal(dir)).filter((e) => e.type === 'point_finished').length;
    expect(before).toBeGreaterThanOrEqual(1);
    expect(before).toBeLessThan(3);
    const status = await bench(['status', 'latest', '--out', runs]);
    expect(status.stdout).toContain('interrupted');
    expect(status.stdout).toContain('bench run --resume');

    const resumed = await bench(['run', '--resume', 'latest', '--out', runs]);
    expect(resumed.stderr).toContain(`${before} already done`);
    expect(resumed.code, show(resumed)).toBe(0);
    const points = (await journal(dir)).flatMap((e) => (e.type === 'point_finished' ? [e.point] : []));
    expect(points).toEqual([0, 1, 2]);
    expect(await untilNone(async () => (await enginePids(dir)).filter(groupMembers))).toEqual([]);
    expect((await readdir(runs)).length).toBe(1);
  });

  it('by Ctrl-C keeps what is done, takes the engine down and ends with 130', async () => {
    const running = start(['run', await tinyRecipe(root, long), '--out', runs]);
    await running.saw(/c=1 .*tok\/s/);
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.finished;
    expect(code, stderr).toBe(130);
    expect(stderr).toContain('stopping');
    expect(stderr).toContain('--resume');
    expect(stdout).toContain('random-tiny');
    const dir = await onlyRun();
    expect((await journal(dir)).at(-1)).toMatchObject({ type: 'run_finished', status: 'interrupted', exitCode: 130 });
    expect(await untilNone(async () => (await enginePids(dir)).filter(groupMembers))).toEqual([]);
  });

  it('by a reader that goes away takes the engine down too', async () => {
    const running = start(['run', await tinyRecipe(root, long), '--out', runs]);
    await running.saw(/c=1 .*tok\/s/);
    running.child.stderr?.destroy();
    running.child.stdout?.destroy();
    expect((await running.finished).code).toBe(130);
    const dir = await onlyRun();
    expect((await journal(dir)).at(-1)).toMatchObject({ type: 'run_finished', status: 'interrupted', exitCode: 130 });
    expect(await untilNone(async () => (await enginePids(dir)).filter(groupMembers))).toEqual([]);
  });

  it('by a second Ctrl-C ends at once, and the engine with it', async () => {
    const running = start(['run', await tinyRecipe(root, { points: [1], requests: 200, outputLen: 400 }), '--out', runs]);
    await running.saw('is up and answers');
    running.child.kill('SIGINT');
    running.child.kill('SIGTERM');
    expect((await running.finished).code).toBe(130);
    const dir = await onlyRun();
    expect(await untilNone(async () => (await enginePids(dir)).filter(groupMembers))).toEqual([]);
  });

  it('is not resumed with another recipe, nor while it runs', async () => {
    const recipe = await tinyRecipe(root, { points: [1], requests: 200, outputLen: 400 });
    const running = start(['run', recipe, '--out', runs]);
    await running.saw('is up and answers');
    const busy = await bench(['run', '--resume', 'latest', '--out', runs]);
    expect(busy.code).not.toBe(0);
    expect(busy.stderr).toContain('is writing this run');
    running.child.kill('SIGINT');
    await running.finished;
    await writeFile(
      join(recipe, 'recipe.yaml'),
      (await readFile(join(recipe, 'recipe.yaml'), 'utf8')).replace('num_prompts: 200', 'num_prompts: 201'),
    );
    const changed = await bench(['run', '--resume', 'latest', '--out', runs]);
    expect([changed.code, changed.stderr]).toEqual([2, expect.stringContaining('not the one this run began with')]);
  });
});
