import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadPlugins } from './load-plugins.ts';

let root: string;
const put = async (path: string, text: string) => {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
};
const manifest = (name: string, more: object) =>
  put(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.2.3', ...more }));
const provider = (name: string) =>
  `{contractVersion: 1, name: '${name}', title: 'T', capabilities: {}, limits: {}, settings: {'~standard': {}}, configured() {}, open() {}}`;
const load = (...specs: string[]) =>
  loadPlugins(specs, {
    folders: [join(root, 'settings'), root],
    taken: { providers: ['gcp'], engines: ['vllm'], hosts: ['ssh'], schedulers: ['slurm'] },
    importMs: 500,
  });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-plugins-'));
});

describe('a plugin', () => {
  it('is a package of ES modules, of CommonJS, or a path beside the settings', async () => {
    await manifest('esm', { type: 'module', exports: { '.': { types: './x.d.ts', import: './main.js' } } });
    await put('node_modules/esm/main.js', `export default {contractVersion: 1, name: 'esm', providers: [${provider('one')}]}`);
    await manifest('@me/cjs', { main: 'lib' });
    await put(
      'node_modules/@me/cjs/lib/index.js',
      `module.exports = {__esModule: true, default: {contractVersion: 1, name: 'cjs', providers: [${provider('two')}]}}`,
    );
    await put('settings/mine.mjs', `export const plugin = {contractVersion: 1, name: 'mine', hosts: {lab: () => null}}`);
    const { loaded, faults } = await load('esm', '@me/cjs', './mine.mjs');
    expect(faults).toEqual([]);
    expect(loaded.map((p) => [p.name, p.version, p.providers.map((f) => f.name), Object.keys(p.hosts)])).toEqual([
      ['esm', '1.2.3', ['one'], []],
      ['cjs', '1.2.3', ['two'], []],
      ['mine', null, [], ['lab']],
    ]);
  });

  it('brings schedulers, which have all their functions and a name of their own', async () => {
    const scheduler = (name: string, more = 'launchLine: () => []') => `{name: '${name}', detect() {}, job() {}, nodes() {}, ${more}}`;
    await put(
      'settings/queues.mjs',
      `export default {contractVersion: 1, name: 'queues', schedulers: [${scheduler('lsf')}, ${scheduler('slurm')}, ${scheduler('half', '')}]}`,
    );
    const { loaded, faults } = await load('./queues.mjs');
    expect(loaded[0]?.schedulers.map(({ name }) => name)).toEqual(['lsf']);
    expect(faults.map((f) => `${f.what}: ${f.message}`)).toEqual([
      'scheduler "slurm": bench itself has one of that name',
      'scheduler "half": it has no launchLine',
    ]);
  });

  it('that is broken is told of, each in its way, and the others are used', async () => {
    await put('settings/old.mjs', 'export default {contractVersion: 0, name: "old"}');
    await put('settings/throws.mjs', 'throw new Error("no luck")');
    await put('settings/waits.mjs', 'await new Promise((done) => setTimeout(done, 1e6).unref?.())');
    await put('settings/nothing.mjs', 'export const x = 1');
    await manifest('unbuilt', { exports: './dist/index.js' });
    await put('settings/good.mjs', `export default {contractVersion: 1, name: 'good', providers: [${provider('good')}]}`);
    const { loaded, faults } = await load('./old.mjs', './throws.mjs', './waits.mjs', './nothing.mjs', 'missing', 'unbuilt', './good.mjs');
    expect(loaded.map((p) => p.name)).toEqual(['good']);
    expect(faults.map((f) => f.spec)).toEqual(['./old.mjs', './throws.mjs', './waits.mjs', './nothing.mjs', 'missing', 'unbuilt']);
    const said = faults.map((f) => f.message);
    expect(said[0]).toContain('made for version 0 of the contract');
    expect(said[1]).toContain('no luck');
    expect(said[2]).toContain('did not load within 0.5 s');
    expect(said[3]).toContain('has no plugin as its default export');
    expect(said[4]).toContain('no package "missing"');
    expect(faults[4]?.hint).toBe('npm install missing');
    expect(said[5]).toContain('is it built?');
  });

  it('loses a part whose name is taken, or that is not what it should be, and keeps the rest', async () => {
    await put(
      'settings/a.mjs',
      `export default {contractVersion: 1, name: 'a', providers: [${provider('gcp')}, ${provider('mine')}, {contractVersion: 2, name: 'next'}], engines: [{name: 'Big'}], hosts: {ssh: () => null}}`,
    );
    await put('settings/b.mjs', `export default {contractVersion: 1, name: 'b', providers: [${provider('mine')}]}`);
    const { loaded, faults } = await load('./a.mjs', './b.mjs');
    expect(loaded.map((p) => p.providers.map((f) => f.name))).toEqual([['mine'], []]);
    expect(faults.map((f) => `${f.spec} ${f.what}: ${f.message}`)).toEqual([
      './a.mjs provider "gcp": bench itself has one of that name',
      './a.mjs provider "next": it is made for version 2 of the contract of providers, and this bench has version 1',
      './a.mjs engine "Big": its name is not of lower-case letters, digits and dashes',
      './a.mjs host "ssh": bench itself has one of that name',
      './b.mjs provider "mine": plugin "a" has one of that name',
    ]);
  });
});
