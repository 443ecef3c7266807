import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openProviders } from '../core/open-providers.ts';
import { startFakeGcp } from '../testing/gcp/fake-gcp.ts';
import { findCredentials, findProject } from './credentials.ts';
import { gcp } from './index.ts';
import { gcpSettings } from './settings.ts';
import { tokensOf } from './token.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-gcp-credentials-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function gcloudFolder(name: string, files: Record<string, string>): Promise<string> {
  const root = join(folder, name);
  await mkdir(join(root, 'configurations'), { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(root, file), text);
  return root;
}
const settings = (given: unknown = {}) => gcpSettings.parse(given);

describe('credentials', () => {
  it('come from the settings, the variable, the file of gcloud, and gcloud itself, in this order', async () => {
    const CLOUDSDK_CONFIG = await gcloudFolder('order', { 'application_default_credentials.json': '{}' });
    const env = { CLOUDSDK_CONFIG, GOOGLE_APPLICATION_CREDENTIALS: '/somewhere/key.json' };
    const io = createIo({ env });
    expect(await findCredentials(settings({ access_token: { from_env: 'T' }, credentials_file: '/x' }), io)).toMatchObject({
      kind: 'token',
    });
    expect(await findCredentials(settings({ credentials_file: '/x' }), io)).toMatchObject({ kind: 'file', path: '/x' });
    expect(await findCredentials(settings(), io)).toMatchObject({ path: '/somewhere/key.json', from: 'GOOGLE_APPLICATION_CREDENTIALS' });
    expect(await findCredentials(settings(), createIo({ env: { CLOUDSDK_CONFIG } }))).toMatchObject({
      path: join(CLOUDSDK_CONFIG, 'application_default_credentials.json'),
    });
  });

  it('that are nowhere close the provider with what to do', async () => {
    const io = createIo({ env: { CLOUDSDK_CONFIG: await gcloudFolder('empty', {}), T: '' } });
    const without = await gcp().configured(settings({ access_token: { from_env: 'T' }, project: 'p' }), io);
    expect(without?.hint).toContain('gcloud auth application-default login');
    const nameless = await gcp().configured(settings({ credentials_file: '/x' }), io);
    expect(nameless).toMatchObject({ reason: 'no project is named' });
    expect(await gcp().configured(settings({ credentials_file: '/x', project: 'p' }), io)).toBeNull();
  });

  it('name the project after the settings and variables do: the credentials, then the active configuration of gcloud', async () => {
    const CLOUDSDK_CONFIG = await gcloudFolder('project', {
      'key.json': '{"type": "service_account", "project_id": "of-the-key"}',
      active_config: 'work\n',
      'configurations/config_work': '[compute]\nproject = wrong\n[core]\naccount = ada@example.org\nproject = of-gcloud\n',
    });
    const file = { kind: 'file', path: join(CLOUDSDK_CONFIG, 'key.json'), from: 'x' } as const;
    const env = { CLOUDSDK_CONFIG };
    const project = (more: Record<string, string> = {}, given: unknown = {}) =>
      findProject(settings(given), file, createIo({ env: { ...env, ...more } }));
    expect(await project({ CLOUDSDK_CORE_PROJECT: 'core', GOOGLE_CLOUD_PROJECT: 'cloud' }, { project: 'own' })).toBe('own');
    expect(await project({ CLOUDSDK_CORE_PROJECT: 'core', GOOGLE_CLOUD_PROJECT: 'cloud' })).toBe('cloud');
    expect(await project({ CLOUDSDK_CORE_PROJECT: 'core' })).toBe('core');
    expect(await project()).toBe('of-the-key');
    expect(await findProject(settings(), null, createIo({ env }))).toBe('of-gcloud');
  });
});

describe('tokens', () => {
  let server: Server;
  let url = '';
  let given = 0;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      given += 1;
      const body = {
        access_token: `exchanged-token-${given}`,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 3600,
      };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  /** A workload identity whose exchange is the server above. */
  async function identityFile(): Promise<string> {
    const root = await gcloudFolder('identity', { subject: 'a-subject-token' });
    const path = join(root, 'identity.json');
    await writeFile(
      path,
      JSON.stringify({
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${url}/token`,
        credential_source: { file: join(root, 'subject') },
      }),
    );
    return path;
  }

  it('of a file are made by google-auth-library, kept, and masked', async () => {
    const io = createIo({ env: {} });
    const tokens = tokensOf({ kind: 'file', path: await identityFile(), from: 'the test' }, io);
    const first = await tokens.get();
    expect(first).toBe(`exchanged-token-${given}`);
    expect(await tokens.get()).toBe(first);
    expect(io.redact(`Bearer ${first}`)).not.toContain(first);
    expect(tokens.renew()).toBe(true);
    expect(await tokens.get()).not.toBe(first);
  });

  it('that were refused are renewed once, without anything being sent twice that was accepted', async () => {
    const fake = await startFakeGcp({ keys: ['exchanged-token-none'] });
    const opened = await openProviders({
      factories: [gcp()],
      settings: { gcp: { project: fake.project, base_url: fake.baseUrl, credentials_file: await identityFile() } },
      io: createIo({ env: {} }),
    });
    try {
      fake.server.accept(`exchanged-token-${given + 2}`);
      expect(await opened.get('gcp').provider.find('bench-ab12cd-r0123456789-0')).toBeNull();
      expect(fake.server.requests.map((r) => r.status)).toEqual([401, 200, 200]);
    } finally {
      await opened.close();
      await fake.close();
    }
  });

  it('of gcloud are asked for by an argument array, and kept for a while', async () => {
    const program = join(folder, 'gcloud-stand-in');
    const log = join(folder, 'gcloud-log');
    await writeFile(program, `#!/bin/sh\necho "$#:$*" >> '${log}'\necho printed-token-0123456789\n`);
    await chmod(program, 0o755);
    const tokens = tokensOf({ kind: 'gcloud', program }, createIo({ env: {} }));
    expect([await tokens.get(), await tokens.get()]).toEqual(['printed-token-0123456789', 'printed-token-0123456789']);
    expect(await readFile(log, 'utf8')).toBe('3:auth print-access-token --quiet\n');
  });

  it('that nobody could be asked for pass: the credentials may be good', async () => {
    const path = await identityFile();
    const text = (await readFile(path, 'utf8')).replace(url, 'http://127.0.0.1:9');
    await writeFile(path, text);
    const tokens = tokensOf({ kind: 'file', path, from: 'the test' }, createIo({ env: {} }));
    await expect(tokens.get()).rejects.toMatchObject({ code: 'BENCH_PROVIDER_TRANSIENT' });
  });

  it('that cannot be had say where they were looked for', async () => {
    const tokens = tokensOf(
      { kind: 'file', path: join(folder, 'nothing.json'), from: 'GOOGLE_APPLICATION_CREDENTIALS' },
      createIo({ env: {} }),
    );
    await expect(tokens.get()).rejects.toMatchObject({
      code: 'BENCH_PROVIDER_AUTH',
      message: expect.stringContaining('nothing.json (GOOGLE_APPLICATION_CREDENTIALS)') as unknown,
      hint: 'gcloud auth application-default login',
    });
    const none = tokensOf({ kind: 'token', ref: { from_env: 'NO_TOKEN' } }, createIo({ env: {} }));
    await expect(none.get()).rejects.toMatchObject({
      code: 'BENCH_PROVIDER_AUTH',
      message: expect.stringContaining('NO_TOKEN') as unknown,
    });
  });
});
