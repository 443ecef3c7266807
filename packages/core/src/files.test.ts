import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder, plainTarget, syncFolder, writeAtomic, writeSynced } from './files.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-core-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('plainTarget', () => {
  it('follows links to what is there and to what is not', async () => {
    const real = await realpath(folder);
    await writeFile(join(folder, 'file'), 'old');
    await symlink('file', join(folder, 'link'));
    await symlink('link', join(folder, 'link-of-link'));
    await symlink('new/file', join(folder, 'ahead'));
    expect(await plainTarget(join(folder, 'file'))).toBe(join(real, 'file'));
    expect(await plainTarget(join(folder, 'link-of-link'))).toBe(join(real, 'file'));
    expect(await plainTarget(join(folder, 'ahead'))).toBe(join(real, 'new/file'));
    expect(await plainTarget(join(folder, 'none'))).toBe(join(real, 'none'));
  });

  it('refuses pipes, folders and links in a ring', async () => {
    await promisify(execFile)('mkfifo', [join(folder, 'pipe')]);
    await symlink('b', join(folder, 'a'));
    await symlink('a', join(folder, 'b'));
    await expect(plainTarget(join(folder, 'pipe'))).rejects.toMatchObject({ code: 'BENCH_NOT_A_FILE', exitCode: 2 });
    await expect(plainTarget(folder)).rejects.toMatchObject({ code: 'BENCH_NOT_A_FILE' });
    await expect(plainTarget(join(folder, 'a'))).rejects.toMatchObject({ code: 'ELOOP' });
  });
});

describe('writeAtomic', () => {
  it('writes text and bytes, makes folders, and leaves nothing but the file', async () => {
    await writeAtomic(join(folder, 'a/b/c.txt'), 'grüße');
    await writeAtomic(join(folder, 'a/b/d.bin'), Uint8Array.of(0, 255, 10));
    expect(await readFile(join(folder, 'a/b/c.txt'), 'utf8')).toBe('grüße');
    expect([...(await readFile(join(folder, 'a/b/d.bin')))]).toEqual([0, 255, 10]);
    expect(await readdir(join(folder, 'a/b'))).toEqual(['c.txt', 'd.bin']);
  });

  it('replaces what was there, with the mode it was given', async () => {
    const path = join(folder, 'secret');
    await writeFile(path, 'old and longer than the new one', { mode: 0o644 });
    await writeAtomic(path, 'new', 0o600);
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('leaves the old content and no temporary file when it cannot finish', async () => {
    await mkdir(join(folder, 'taken/inside'), { recursive: true });
    await expect(writeAtomic(join(folder, 'taken'), 'text')).rejects.toMatchObject({
      code: expect.stringMatching(/EISDIR|ENOTEMPTY|EEXIST|EPERM/),
    });
    expect(await readdir(folder)).toEqual(['taken']);
    expect(await readdir(join(folder, 'taken'))).toEqual(['inside']);

    await writeFile(join(folder, 'file'), 'old');
    const broken = { toString: () => 'x' } as unknown as string;
    await expect(writeAtomic(join(folder, 'file'), broken)).rejects.toThrow();
    expect((await readdir(folder)).sort()).toEqual(['file', 'taken']);
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe('old');
  });

  it('never shows a reader half a file, nor two writers’ mixture', async () => {
    const path = join(folder, 'shared');
    const texts = ['a', 'b', 'c', 'd'].map((c) => c.repeat(200_000));
    await writeAtomic(path, texts[0] as string);
    const reads: string[] = [];
    const writers = texts.map((text) => writeAtomic(path, text));
    for (let i = 0; i < 20; i++) reads.push(await readFile(path, 'utf8'));
    await Promise.all(writers);
    reads.push(await readFile(path, 'utf8'));
    expect(reads.filter((r) => !texts.includes(r))).toEqual([]);
    expect(await readdir(folder)).toEqual(['shared']);
  });

  it('takes names of the longest length that the file system takes', async () => {
    const name = `${'n'.repeat(250)}.json`;
    await writeAtomic(join(folder, name), '{}');
    expect(await readdir(folder)).toEqual([name]);
  });
});

it('syncFolder takes a folder that is not there', async () => {
  await expect(syncFolder(join(folder, 'nowhere'))).resolves.toBeUndefined();
});

describe('makeFolder', () => {
  it('makes the same folders many times at once', async () => {
    for (let round = 0; round < 20; round++) {
      const paths = Array.from({ length: 12 }, (_, i) => join(folder, String(round), 'a/b/c', ...(i % 3 === 0 ? ['d'] : [])));
      await Promise.all(paths.map((path) => makeFolder(path)));
      expect((await stat(join(folder, String(round), 'a/b/c/d'))).isDirectory()).toBe(true);
    }
  });

  it('ends with an error where a folder that is there takes no children', async () => {
    await expect(makeFolder('/proc/no-such-folder')).rejects.toThrow(/ENOENT/);
    await expect(makeFolder('/proc/no-such-folder/below')).rejects.toThrow(/ENOENT/);
  });

  it('makes what is missing, and takes what is there', async () => {
    await makeFolder(join(folder, 'a/b/c'));
    await makeFolder(join(folder, 'a/b/c'));
    await makeFolder(join(folder, 'a/../a/d/'));
    expect(await readdir(join(folder, 'a'))).toEqual(['b', 'd']);
    expect(await readdir(join(folder, 'a/b'))).toEqual(['c']);
  });

  it('ends in the file system’s error where a file is in the way', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(makeFolder(join(folder, 'file/below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

it('writeSynced replaces a file, or refuses to', async () => {
  await writeSynced(join(folder, 'x'), 'longer');
  await writeSynced(join(folder, 'x'), 'new', { mode: 0o600 });
  expect(await readFile(join(folder, 'x'), 'utf8')).toBe('new');
  await expect(writeSynced(join(folder, 'x'), '', { flag: 'wx' })).rejects.toMatchObject({ code: 'EEXIST' });
});
