import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkWorkspace } from './lib/check-workspace.mjs';
import { DIRECTIONS, PURITY_EXCEPTIONS } from './lib/rules.mjs';
import { ROOT } from './lib/workspace.mjs';
import { existsSync } from 'node:fs';

const folders = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A workspace of the given files; `packages` maps a folder to the rest of its manifest. */
function workspace(packages, files = {}) {
  const root = mkdtempSync(join(tmpdir(), 'check-dependencies-'));
  folders.push(root);
  const put = (path, text) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put('package.json', JSON.stringify({ devDependencies: { vitest: '1' } }));
  for (const [folder, manifest] of Object.entries(packages)) {
    const name = `@bench/${folder.split('/')[1]}`;
    put(
      `${folder}/package.json`,
      JSON.stringify({ name, exports: { '.': './src/index.ts', './package.json': './package.json' }, ...manifest }, undefined, 2),
    );
    put(`${folder}/src/index.ts`, 'export const one = 1;\n');
  }
  for (const [path, text] of Object.entries(files)) put(path, text);
  return checkWorkspace(root).problems.map(({ where, message }) => `${where} ${message}`);
}

const plannerAndCore = { 'packages/core': {}, 'packages/planner': { dependencies: { '@bench/core': 'workspace:^' } } };

describe('directions', () => {
  it('lets a package import what its row allows', () => {
    expect(
      workspace(plannerAndCore, { 'packages/planner/src/a.ts': "import { one } from '@bench/core';\nexport const two = one;\n" }),
    ).toEqual([]);
  });

  it.each([
    ['a static import', "import { one } from '@bench/planner';"],
    ['a type import', "import type { One } from '@bench/planner';"],
    ['a re-export', "export { one } from '@bench/planner';"],
    ['a dynamic import', "\n\nconst planner = await import('@bench/planner');".trimStart()],
    ['an import type', "export type One = import('@bench/planner').One;"],
  ])('names file and line of %s against the direction', (_, line) => {
    const problems = workspace(
      { ...plannerAndCore, 'packages/core': { dependencies: {} } },
      { 'packages/core/src/a.ts': `// one\n${line}\n` },
    );
    expect(problems).toContain('packages/core/src/a.ts:2 @bench/core must not import @bench/planner; it may import none of ours');
  });

  it('refuses a dependency on a private package, also of the CLI, and lets tests use it', () => {
    const manifests = (kind) => ({
      'apps/cli': { [kind]: { '@bench/test-machines': 'workspace:^' } },
      'packages/test-machines': { private: true },
    });
    const test = { 'apps/cli/src/a.test.ts': "import { one } from '@bench/test-machines';\nexport const two = one;\n" };
    expect(workspace(manifests('dependencies'), test)).toEqual([
      expect.stringMatching(/^apps\/cli\/package\.json:\d+ @bench\/test-machines is private and never published; make it a devDependency$/),
    ]);
    expect(workspace(manifests('devDependencies'), test)).toEqual([]);
  });

  it('refuses a dependency that is declared and never imported', () => {
    const [problem] = workspace({ 'packages/core': { dependencies: { '@bench/planner': 'workspace:^' } }, 'packages/planner': {} });
    expect(problem).toMatch(/^packages\/core\/package\.json:\d+ @bench\/core must not depend on @bench\/planner/);
  });

  it('lets types through where the design says types only, and no code', () => {
    const packages = { 'packages/provisioning': {}, 'packages/planner': { dependencies: { '@bench/provisioning': 'workspace:^' } } };
    expect(
      workspace(packages, { 'packages/planner/src/a.ts': "import type { Offer } from '@bench/provisioning';\nexport type A = Offer;\n" }),
    ).toEqual([]);
    expect(workspace(packages, { 'packages/planner/src/a.ts': "export { one } from '@bench/provisioning';\n" })).toHaveLength(1);
  });

  it('wants a row for a new package', () => {
    expect(workspace({ 'packages/new-one': {} })).toEqual([
      'packages/new-one/package.json:2 @bench/new-one is not in the table of directions; give it a row',
    ]);
  });

  it('has no cycle in its table', () => {
    const visiting = new Set();
    const visit = (name) => {
      expect([...visiting]).not.toContain(name);
      visiting.add(name);
      const { code, typesOnly = [] } = DIRECTIONS[name];
      for (const other of code === 'everything' ? [] : [...code, ...typesOnly]) visit(other);
      visiting.delete(name);
    };
    for (const name of Object.keys(DIRECTIONS)) visit(name);
  });
});

describe('doors', () => {
  it('refuses to reach into another package', () => {
    expect(workspace(plannerAndCore, { 'packages/planner/src/a.ts': "export { one } from '@bench/core/src/index.ts';\n" })).toEqual([
      'packages/planner/src/a.ts:1 "@bench/core/src/index.ts" reaches into @bench/core; its public doors are . ./package.json',
    ]);
    expect(workspace(plannerAndCore, { 'packages/planner/src/a.ts': "export { one } from '../../core/src/index.ts';\n" })).toEqual([
      'packages/planner/src/a.ts:1 "../../core/src/index.ts" leaves the package; import the other package by its name',
    ]);
  });

  it('refuses an external package that is not declared, but for tests those of the root', () => {
    expect(workspace({ 'packages/core': {} }, { 'packages/core/src/a.ts': "import { z } from 'zod/v4';\nexport const a = z;\n" })).toEqual([
      'packages/core/src/a.ts:1 "zod" is not declared in packages/core/package.json',
    ]);
    expect(
      workspace({ 'packages/core': {} }, { 'packages/core/src/a.test.ts': "import { it } from 'vitest';\nit('', () => {});\n" }),
    ).toEqual([]);
    expect(
      workspace(
        { 'packages/core': {} },
        { 'packages/core/src/a.ts': "import fs from 'node:fs';\nimport path from 'path';\nexport default [fs, path];\n" },
      ),
    ).toEqual([]);
  });

  it('wants heavy packages imported dynamically', () => {
    const packages = { 'packages/report': { dependencies: { exceljs: '4' } } };
    expect(workspace(packages, { 'packages/report/src/a.ts': "import Excel from 'exceljs';\nexport default Excel;\n" })).toHaveLength(1);
    expect(
      workspace(packages, {
        'packages/report/src/a.ts': "import type Excel from 'exceljs';\nexport const a = (): Promise<typeof Excel> => import('exceljs');\n",
      }),
    ).toEqual([]);
  });
});

describe('purity', () => {
  it.each(['process.env.HOME', 'process.exit(1)', "console.log('')", 'Date.now()', 'new Date()', 'Math.random()'])(
    'refuses %s in a library',
    (expression) => {
      const [problem] = workspace(
        { 'packages/core': {} },
        { 'packages/core/src/a.ts': `export const a = () => {\n  return ${expression};\n};\n` },
      );
      expect(problem).toMatch(/^packages\/core\/src\/a\.ts:2 .* outside the files that may/);
    },
  );

  it('does not mind them in comments, strings, tests, the CLI, or with an argument', () => {
    const files = {
      'packages/core/src/a.ts': "// console.log()\nexport const a = 'Date.now()';\nexport const b = new Date(0);\n",
      'packages/core/src/a.test.ts': 'console.log(process.env.HOME);\n',
      'apps/cli/src/a.ts': "console.log(process.env['HOME']);\n",
    };
    expect(workspace({ 'packages/core': {}, 'apps/cli': {} }, files)).toEqual([]);
  });

  it.each([
    ['at once', 'const both = AbortSignal.any([signal, AbortSignal.timeout(9)]);'],
    ['one after the other', 'const both = AbortSignal.any([signal, late]); const late = AbortSignal.timeout(9);'],
  ])('refuses a time-out that is lost among united signals, %s', (_, line) => {
    expect(workspace({ 'packages/core': {} }, { 'packages/core/src/a.ts': `// one\n${line}\n` })).toEqual([
      expect.stringMatching(/^packages\/core\/src\/a\.ts:2 AbortSignal\.any with AbortSignal\.timeout .* withinTime/),
    ]);
  });

  it('lets either of them be, and both in tests and in words', () => {
    const both = 'export const a = AbortSignal.any([AbortSignal.timeout(9)]);\n';
    const files = {
      'packages/core/src/a.ts': 'export const a = AbortSignal.any([]);\n',
      'packages/core/src/b.ts': '// AbortSignal.any([])\nexport const a = AbortSignal.timeout(9);\n',
      'packages/core/src/a.test.ts': both,
    };
    expect(workspace({ 'packages/core': {} }, files)).toEqual([]);
  });

  it('has no exception for a file that is gone', () => {
    expect(PURITY_EXCEPTIONS.filter(({ path }) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
