import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { bench, folder, show, start, tinyRecipe } from './cli.ts';

let root: string;
let runs: string;
beforeEach(async () => {
  root = await folder();
  runs = join(root, 'runs');
});

describe('bench logs', () => {
  it('prints what the engine of a run wrote, of one variant too, and knows which there are', async () => {
    await bench(['run', await tinyRecipe(root, { points: [1] }), '--out', runs, '--no-report']);
    const dir = join(runs, (await readdir(runs))[0] as string);
    const [id] = await readdir(join(dir, 'deployments'));
    const written = await readFile(join(dir, 'deployments', id as string, 'engine.log'), 'utf8');
    expect(written).toContain('listening');
    for (const more of [[], ['default'], ['tiny/default']]) {
      const { code, stdout } = await bench(['logs', 'latest', ...more, '--out', runs]);
      expect([code, stdout]).toEqual([0, written]);
    }
    const unknown = await bench(['logs', 'latest', 'nope', '--out', runs]);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('it has: default')]);
    const over = await bench(['logs', 'latest', '-f', '--out', runs]);
    expect([over.code, over.stdout]).toEqual([0, written]);
  });

  it('follows a run that goes on, and ends with it', async () => {
    const running = start(['run', await tinyRecipe(root, { points: [1], requests: 24, outputLen: 200 }), '--out', runs, '--no-report']);
    await running.saw('run r');
    const following = start(['logs', 'latest', '-f', '--out', runs]);
    expect((await running.finished).code).toBe(0);
    const { code, stdout, stderr } = await following.finished;
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^d1-\w+ +\| .*listening/m);
    expect(stdout).toMatch(/draining/);
  });
});

describe('a reader that goes away', () => {
  it('is no error: neither of what only shows, nor of a run whose results nobody reads', async () => {
    const running = start(['run', await tinyRecipe(root, { points: [1] }), '--out', runs, '--no-report']);
    running.child.stdout?.destroy();
    const ran = await running.finished;
    expect(ran.code, show(ran)).toBe(0);
    expect(ran.stderr).not.toMatch(/EPIPE|stopping/);
    for (const words of [['logs', 'latest'], ['status', 'latest'], ['list']]) {
      const shown = start([...words, '--out', runs]);
      shown.child.stdout?.destroy();
      const { code, stderr } = await shown.finished;
      expect([words, code, stderr]).toEqual([words, 0, '']);
    }
  });

  it('does not make good what a command found wrong', async () => {
    const bad = join(root, 'bad.yaml');
    await writeFile(bad, 'nmae: x\n');
    const checked = start(['recipe', 'validate', bad, '--json']);
    checked.child.stdout?.destroy();
    expect((await checked.finished).code).toBe(2);
  });
});

describe('bench rerun', () => {
  it('asks a new run for what the old one was asked', async () => {
    const recipe = await tinyRecipe(root, { points: [1, 2] });
    await bench(['run', recipe, '--out', runs, '--no-report', '--filter', 'variant=def*', '--seed', '7']);
    const [old] = await readdir(runs);
    const planned = await bench(['rerun', old as string, '--out', runs, '--dry-run'], { cwd: root });
    expect([planned.code, planned.stdout]).toEqual([0, expect.stringContaining('measure tiny/default')]);
    expect(await readdir(runs)).toHaveLength(1);
    const again = await bench(['rerun', old as string, '--out', runs, '--json', '--no-report']);
    expect(again.code, show(again)).toBe(0);
    const { id, rows } = JSON.parse(again.stdout) as { id: string; rows: unknown[] };
    expect(id).not.toBe(old);
    expect(rows).toHaveLength(2);
    const asked = async (run: string) => (JSON.parse(await readFile(join(runs, run, 'run.json'), 'utf8')) as { asked: object }).asked;
    expect(await asked(id)).toEqual(await asked(old as string));
    expect(await asked(id)).toMatchObject({ filter: ['variant=def*'], seed: 7, site: 'local' });
  });
});

describe('bench teardown', () => {
  it('of a run that left nothing up says so, as often as it is asked', async () => {
    await bench(['run', await tinyRecipe(root, { points: [1] }), '--out', runs, '--no-report']);
    for (const command of ['teardown', 'cancel']) {
      const { code, stdout } = await bench([command, 'latest', '--out', runs]);
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^nothing of r[a-z0-9]{9} was up\n$/)]);
    }
  });

  it('waits for nobody: a run that goes on is ended by who began it', async () => {
    const running = start(['run', await tinyRecipe(root, { points: [1], requests: 200, outputLen: 400 }), '--out', runs]);
    await running.saw('is up and answers');
    const { code, stderr } = await bench(['teardown', 'latest', '--out', runs]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('is writing this run')]);
    running.child.kill('SIGINT');
    expect((await running.finished).code).toBe(130);
  });
});
