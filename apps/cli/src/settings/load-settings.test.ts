import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ProviderFactory, secretRefSchema } from '@bench/provisioning';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { findSettings } from './find-settings.ts';
import { loadSettings } from './load-settings.ts';

let root: string;
const put = async (path: string, text: string) => {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
  return join(root, path);
};
const where = (cwd: string) => ({ cwd: join(root, cwd), home: join(root, 'home'), configHome: join(root, 'home/.config') });
const load = (cwd: string) => loadSettings({ ...where(cwd), builtin: () => Promise.resolve([acme]) });
const acme = {
  contractVersion: 1,
  name: 'acme',
  title: 'Acme',
  settings: z.strictObject({ api_key: secretRefSchema.optional(), base_url: z.string().optional() }),
} as unknown as ProviderFactory;
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => Promise.reject(new Error('no error')),
    (error: Error) => error.message,
  );

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-settings-'));
});

describe('the settings file', () => {
  it('is the nearest above the working folder, up to the root of the repository', async () => {
    const outer = await put('home/work/bench.config.yaml', '');
    await put('home/work/repo/.git/HEAD', '');
    await put('home/work/plain/deep/x', '');
    await put('home/work/repo/deep/x', '');
    expect(await findSettings(where('home/work/plain/deep'))).toBe(outer);
    expect(await findSettings(where('home/work/repo/deep'))).toBeNull();
    const own = await put('home/.config/bench/config.yaml', '');
    expect(await findSettings(where('home/work/repo/deep'))).toBe(own);
    const inner = await put('home/work/repo/bench.config.yaml', '');
    expect(await findSettings(where('home/work/repo/deep'))).toBe(inner);
  });

  it('that is named must be there', async () => {
    await put('a.yaml', '');
    expect(await findSettings({ ...where('.'), config: 'a.yaml' })).toBe(join(root, 'a.yaml'));
    expect(await failure(findSettings({ ...where('.'), config: 'b.yaml' }))).toContain(`there is no settings file ${join(root, 'b.yaml')}`);
  });
});

describe('what it says', () => {
  it('is nothing by default', async () => {
    expect(await load('.')).toMatchObject({ file: null, cloud: {}, providers: {}, plugins: [], faults: [] });
    await put('bench.config.yaml', '# nothing yet\n');
    expect(await load('.')).toMatchObject({ cloud: {}, providers: {} });
  });

  it('holds the defaults of flags', async () => {
    await put('bench.config.yaml', 'cloud:\n  provider: [acme]\n  max_price: 5\n  lifetime: 2h\n');
    expect((await load('.')).cloud).toEqual({ provider: ['acme'], max_price: 5, lifetime: '2h' });
  });

  it('is checked, with the place and the nearest known name', async () => {
    const file = await put('bench.config.yaml', 'cloud:\n  max_prise: 5\n  lifetime: soon\n  market: [spto]\nplugin: []\n');
    const message = await failure(load('.'));
    expect(message).toContain(`${file}:2:3 unknown key "max_prise" in cloud; did you mean "max_price"?`);
    expect(message).toContain(`${file}:3:13 cloud.lifetime: expected a time: 30m, 4h`);
    expect(message).toMatch(/:4:12 cloud\.market\.0: expected .*did you mean "spot"\?/);
    expect(message).toContain(`${file}:5:1 unknown key "plugin"; did you mean "plugins"?`);
  });

  it('is told of in the order of the file, each fault once', async () => {
    const file = await put(
      'bench.config.yaml',
      'zloud: 1\nproviders:\n  acme: {base_uri: x}\ncloud:\n  disk: 1e9\n  cuntry: [DE]\nplugin: []\n',
    );
    const lines = (await failure(load('.'))).split('\n');
    expect(lines.map((line) => line.slice(file.length + 1).split(':')[0])).toEqual(['1', '3', '5', '6', '7']);
    expect(lines[2]).toBe(`${file}:5:9 cloud.disk: must be at most 65536, found 1000000000`);
  });

  it('names only countries and providers that there are', async () => {
    const file = await put('bench.config.yaml', 'cloud:\n  country: [Germny, US]\n  not_country: [XX]\n  provider: [amce]\n');
    expect((await failure(load('.'))).split('\n')).toEqual([
      `${file}:2:13 cloud.country.0: no country is called that; did you mean "Germany"?`,
      `${file}:3:17 cloud.not_country.0: no country is called that; an ISO 3166 code, DE, or the name of a country`,
      `${file}:4:14 cloud.provider.0: no provider is called that; did you mean "acme"?`,
    ]);
    await put('bench.config.yaml', 'plugins: [nowhere]\ncloud: {provider: [theirs], country: [Germany]}\n');
    expect((await load('.')).cloud).toEqual({ provider: ['theirs'], country: ['Germany'] });
  });

  it('holds no key that a provider would drop', async () => {
    const lax = { ...acme, settings: z.object({ base_url: z.string().optional() }) } as unknown as ProviderFactory;
    const file = await put('bench.config.yaml', 'providers:\n  acme: {base_uri: x}\n');
    const message = await failure(loadSettings({ ...where('.'), builtin: () => Promise.resolve([lax]) }));
    expect(message).toBe(`${file}:2:10 unknown key "base_uri" in providers.acme; did you mean "base_url"?`);
  });

  it('names zones by GPUs that there are', async () => {
    const file = await put(
      'bench.config.yaml',
      'providers:\n  gcp:\n    zones: {default: [us-east1-b], h200: [us-east1-b], L44: [us-east1-b]}\n',
    );
    expect((await failure(loadSettings(where('.')))).split('\n')).toEqual([
      `${file}:3:36 "h200" in providers.gcp.zones: no GPU of the catalogue has this name; write H200`,
      `${file}:3:56 "L44" in providers.gcp.zones: no GPU of the catalogue has this name; did you mean "L40"?`,
    ]);
  });

  it('says how often machines are sampled, or that they are not', async () => {
    const file = await put('bench.config.yaml', 'telemetry: {interval: 500ms}\n');
    expect((await load('.')).telemetry).toEqual({ intervalMs: 500 });
    await put('bench.config.yaml', 'telemetry: false\n');
    expect((await load('.')).telemetry).toBe(false);
    await put('bench.config.yaml', 'telemetry: {}\n');
    expect((await load('.')).telemetry).toBeUndefined();
    await put('bench.config.yaml', 'telemetry: {interval: 5ms}\n');
    expect(await failure(load('.'))).toContain(`${file}:1:`);
    await put('bench.config.yaml', 'telemetry: true\n');
    expect(await failure(load('.'))).toContain('expected false, or {interval: 1s}');
  });

  it('has a section for each provider, and never a secret', async () => {
    const file = await put('bench.config.yaml', 'providers:\n  acme: {api_key: {from_env: ACME_KEY}}\n');
    expect((await load('.')).providers).toEqual({ acme: { api_key: { from_env: 'ACME_KEY' } } });
    await put('bench.config.yaml', 'providers:\n  acme: {api_key: planted-secret}\n  acmee: {}\n');
    const message = await failure(load('.'));
    expect(message).toContain(`${file}:2:19 providers.acme.api_key: expected {from_env: NAME} or {from_file: PATH}`);
    expect(message).toContain('unknown key "acmee" in providers; did you mean "acme"?');
    expect(message).not.toContain('planted-secret');
  });

  it('lets sections pass that a broken plugin may have brought, and says what is wrong with the plugin', async () => {
    await put('bench.config.yaml', 'plugins: [nowhere]\nproviders:\n  theirs: {a: 1}\n  acme: {base_uri: x}\n');
    expect(await failure(load('.'))).toContain('did you mean "base_url"?');
    await put('bench.config.yaml', 'plugins: [nowhere]\nproviders:\n  theirs: {a: 1}\n');
    expect((await load('.')).faults).toMatchObject([{ spec: 'nowhere', what: 'all of it' }]);
  });
});
