import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { group, passwd, writeTree } from './files.ts';

const lines = (text: string) => text.trimEnd().split('\n');

describe('passwd and group of a machine', () => {
  it('put the user in the place of whoever has its name or its number', () => {
    const base = 'root:x:0:0::/root:/bin/sh\nbench:x:5:5::/x:/bin/sh\nsomebody:x:1000:1000::/home/somebody:/bin/sh\n';
    expect(lines(passwd(base, '/usr/bin/fish'))).toEqual([
      'root:x:0:0::/root:/bin/sh',
      'bench:x:1000:1000:test user:/home/bench:/usr/bin/fish',
    ]);
  });

  it('have one group docker, with a free number, with the user only where asked', () => {
    const base = 'root:x:0:\ntaken:x:990:\ndocker:x:112:somebody\nsomebody:x:1000:\n';
    expect(lines(group(base, true))).toEqual(['root:x:0:', 'taken:x:990:', 'bench:x:1000:', 'docker:x:989:bench']);
    expect(lines(group(base, false)).at(-1)).toBe('docker:x:989:');
  });
});

describe('writeTree', () => {
  it('gives files and folders their modes whatever the umask', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-machines-'));
    const before = process.umask(0o077);
    try {
      writeTree(join(folder, 'files'), [{ path: 'etc/ssh/key', content: 'x', mode: 0o644 }]);
      expect(
        ['files', 'files/etc/ssh', 'files/etc/ssh/key'].map((path) => (statSync(join(folder, path)).mode & 0o777).toString(8)),
      ).toEqual(['755', '755', '644']);
    } finally {
      process.umask(before);
      rmSync(folder, { recursive: true });
    }
  });
});
