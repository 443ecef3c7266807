import { describe, expect, it } from 'vitest';
import { packedProblems } from './lib/packed-problems.mjs';

const files = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'];
const manifest = {
  name: '@bench/one',
  description: 'one',
  license: 'Apache-2.0',
  type: 'module',
  engines: { node: '>=20.19' },
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  dependencies: { zod: '^4.0.0' },
};

describe('packedProblems', () => {
  it('finds nothing in a good package', () => {
    expect(packedProblems(files, manifest)).toEqual([]);
  });

  it.each([
    ['a missing licence', files.filter((file) => file !== 'LICENSE'), manifest, 'ships no LICENSE'],
    [
      'a package that was not built',
      files.slice(0, 3),
      { ...manifest, exports: {} },
      'ships no dist/: it is not built, or "files" leaves it out',
    ],
    ['shipped sources', [...files, 'src/index.ts'], manifest, 'ships src/index.ts, which nobody can use'],
    ['a shipped test', [...files, 'dist/a.test.js'], manifest, 'ships dist/a.test.js, which nobody can use'],
    [
      'an export without its file',
      files,
      { ...manifest, bin: { one: './dist/bin.js' } },
      'its package.json names dist/bin.js, which is not in it',
    ],
    [
      'a workspace range',
      files,
      { ...manifest, dependencies: { '@bench/core': 'workspace:^' } },
      'its dependency @bench/core is published as "workspace:^"',
    ],
    ['no description', files, { ...manifest, description: undefined }, 'its package.json has no "description"'],
  ])('names %s', (_, list, packed, problem) => {
    expect(packedProblems(list, packed)).toEqual([problem]);
  });

  it('names an export that points at the sources', () => {
    const exports = { '.': { '@bench/source': './src/index.ts', default: './dist/index.js' } };
    expect(packedProblems(files, { ...manifest, exports })).toContain(
      'its exports still have the @bench/source condition; override them in publishConfig',
    );
  });
});
