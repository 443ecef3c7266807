import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

  it('may be in folders that are still to be made, or replace others', async () => {
    await writeFile(join(dir, 'old.html'), 'old');
    await checkFiles({ html: join(dir, 'old.html'), xlsx: join(dir, 'a', 'b', 'new.xlsx'), charts: join(dir, 'c', 'd') });
    expect(await readdir(dir)).toEqual(['old.html']);
  });
});
