import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { report } from './commands/report.ts';
import { checkFiles } from './report-files.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bench-files-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('files of a report', () => {
  it('are refused before any run is read when they cannot be written', async () => {
    await mkdir(join(dir, 'folder'));
    await writeFile(join(dir, 'file'), '');
    const refused = (flags: Parameters<typeof checkFiles>[0]) => report(['there-is-no-such-run'], { out: dir, ...flags });
    await expect(refused({ html: join(dir, 'folder') })).rejects.toMatchObject({
      code: 'BENCH_UNWRITABLE',
      exitCode: 2,
      message: `--html ${join(dir, 'folder')} cannot be written: it is a folder`,
    });
    await expect(refused({ xlsx: join(dir, 'file', 'a.xlsx') })).rejects.toThrow(/--xlsx .* cannot be written: .*file/);
    await expect(refused({ charts: join(dir, 'file') })).rejects.toThrow(/--charts .* cannot be written: it is a file/);
  });

  it('are refused when two of them want the standard output', async () => {
    await expect(checkFiles({ csv: '-', markdown: '-' })).rejects.toMatchObject({ code: 'BENCH_USAGE', exitCode: 2 });
    await expect(checkFiles({ junit: '-', json: true })).rejects.toThrow('--junit - and --json would print two things into one');
    await checkFiles({ csv: '-', markdown: join(dir, 'table.md') });
    await expect(checkFiles({ split: 'model' })).rejects.toThrow('--split model splits a workbook, and none is asked for');
  });

  it('are refused where a pipe is, which a file would take the place of', async () => {
    const pipe = join(dir, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    await symlink(pipe, join(dir, 'link'));
    for (const flag of ['html', 'xlsx', 'csv', 'jsonFile'] as const)
      for (const path of [pipe, join(dir, 'link')])
        await expect(checkFiles({ [flag]: path })).rejects.toMatchObject({ code: 'BENCH_NOT_A_FILE', exitCode: 2 });
    expect((await lstat(pipe)).isFIFO()).toBe(true);
  });

  it('are refused when they are no text and are to be printed', async () => {
    for (const flag of ['html', 'xlsx', 'jsonFile', 'charts'] as const)
      await expect(checkFiles({ [flag]: '-' })).rejects.toMatchObject({ code: 'BENCH_USAGE', exitCode: 2 });
    await expect(checkFiles({ html: '-' })).rejects.toThrow(
      '--html cannot go to the standard output: only --csv, --markdown, --junit take -',
    );
  });

  it('are refused when two have one name, by way of a link as well', async () => {
    const same = join(dir, 'same');
    await expect(checkFiles({ html: same, csv: `${dir}/./same` })).rejects.toMatchObject({
      code: 'BENCH_USAGE',
      exitCode: 2,
      message: `--html and --csv name the same file: ${dir}/./same`,
    });
    await symlink(same, join(dir, 'link'));
    await expect(checkFiles({ xlsx: same, markdown: join(dir, 'link') })).rejects.toThrow('--xlsx and --markdown name the same file');
    await expect(checkFiles({ html: same, charts: same })).rejects.toThrow('--html and --charts name the same');
  });

  it('may be in folders that are still to be made, or replace others', async () => {
    await writeFile(join(dir, 'old.html'), 'old');
    await checkFiles({ html: join(dir, 'old.html'), xlsx: join(dir, 'a', 'b', 'new.xlsx'), charts: join(dir, 'c', 'd') });
    expect(await readdir(dir)).toEqual(['old.html']);
  });
});
