import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { resolveHost, type ResolvedHost } from './resolve-host.ts';
import { parseTarget } from './target.ts';

let folder: string;
let warnings: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-config-'));
  warnings = [];
});

async function resolve(text: string, target: string): Promise<ResolvedHost> {
  const configFile = join(folder, 'config');
  await writeFile(configFile, text);
  return resolveHost(parseTarget(target), {
    configFile,
    home: folder,
    warn: (message) => warnings.push(message),
    environment: (name) => ({ MY_AGENT: '/run/agent' })[name],
    ownParser: true,
  });
}

describe('a configuration read without OpenSSH', () => {
  it('takes the first value of each option, for the blocks whose patterns fit', async () => {
    const host = await resolve(
      [
        'Port 1',
        'Host gpu* !gpu-old',
        '  User ada',
        '  HostName %h.example.org',
        '  Port 2',
        'Host *',
        '  User other',
        '  IdentityFile ~/.ssh/a',
      ].join('\n'),
      'gpu7',
    );
    expect(host).toMatchObject({ hostName: 'gpu7.example.org', user: 'ada', port: 1, identityFiles: [join(folder, '.ssh/a')] });
    expect((await resolve('Host gpu* !gpu-old\n User ada\nHost *\n User other', 'gpu-old')).user).toBe('other');
  });

  it('lets the target win over the file', async () => {
    expect(await resolve('User ada\nPort 7', 'bob@x:9')).toMatchObject({ user: 'bob', port: 9 });
  });

  it('understands =, quotes and comments', async () => {
    const host = await resolve('# mine\nUser = "ada"   # her\nIdentityFile "/a b/key"\nPort=44\n\n', 'x');
    expect(host).toMatchObject({ user: 'ada', port: 44, identityFiles: ['/a b/key'] });
  });

  it('gathers identity files, with their tokens', async () => {
    const host = await resolve(
      'Host x\n HostName y\n IdentityFile ~/%n-%h-%r-%p\n User u\nHost *\n IdentityFile %d/two\n IdentitiesOnly yes',
      'x',
    );
    expect(host.identityFiles).toEqual([join(folder, 'x-y-u-22'), join(folder, 'two')]);
    expect(host.identitiesOnly).toBe(true);
  });

  it('follows Include with patterns, inside a block only where it applies', async () => {
    await mkdir(join(folder, '.ssh/conf.d'), { recursive: true });
    await writeFile(join(folder, '.ssh/conf.d/b.conf'), 'Port 5\n');
    await writeFile(join(folder, '.ssh/conf.d/a.conf'), 'Host x\n User inc\nHost z\n User no\n');
    expect(await resolve('Include conf.d/*.conf\nUser after\n', 'x')).toMatchObject({ user: 'inc', port: 5 });
    expect(await resolve('Host z\n Include conf.d/*.conf\nHost *\n User after\n', 'x')).toMatchObject({ user: 'after', port: 22 });
    expect(await resolve('Include nowhere/*\nInclude missing\nUser ok', 'x')).toMatchObject({ user: 'ok' });
  });

  it('ends what includes itself', async () => {
    await expect(resolve(`Include ${join(folder, 'config')}`, 'x')).rejects.toMatchObject({ code: 'BENCH_SSH_CONFIG' });
  });

  it('skips Match blocks with a warning, runs nothing, and takes Match all', async () => {
    const marker = join(folder, 'ran');
    const host = await resolve(`Match exec "touch ${marker}"\n User evil\nMatch all\n User good`, 'x');
    expect(host.user).toBe('good');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('config:1');
    const { existsSync } = await import('node:fs');
    expect(existsSync(marker)).toBe(false);
  });

  it('reads jumps and proxy commands: the first of the two holds', async () => {
    expect(await resolve('ProxyJump a@b:3,[::1]:4\nProxyCommand nc', 'x')).toMatchObject({
      proxyJump: ['a@b:3', '[::1]:4'],
      proxyCommand: null,
    });
    expect(await resolve('ProxyCommand nc "a b" %h | tee "x\nProxyJump b', 'x')).toMatchObject({
      proxyJump: [],
      proxyCommand: 'nc "a b" %h | tee "x',
    });
    expect(await resolve('ProxyJump none\nHost *\nProxyJump b', 'x')).toMatchObject({ proxyJump: [] });
  });

  it('reads agents, aliases, known hosts, strictness and time-outs', async () => {
    const host = await resolve(
      'IdentityAgent $MY_AGENT\nHostKeyAlias me\nUserKnownHostsFile ~/one "/t w/o"\nStrictHostKeyChecking accept-new\nConnectTimeout 3',
      'x',
    );
    expect(host).toMatchObject({
      identityAgent: '/run/agent',
      hostKeyAlias: 'me',
      userKnownHostsFiles: [join(folder, 'one'), '/t w/o'],
      strictHostKeyChecking: 'accept-new',
      connectTimeoutMs: 3000,
    });
    expect((await resolve('IdentityAgent none', 'x')).identityAgent).toBe(null);
    expect((await resolve('UserKnownHostsFile none', 'x')).userKnownHostsFiles).toEqual([]);
  });

  it('names file and line of what cannot be understood', async () => {
    await expect(resolve('User a\nIdentityFile "open', 'x')).rejects.toMatchObject({
      code: 'BENCH_SSH_CONFIG',
      message: expect.stringContaining('config:2'),
    });
    await expect(resolve('HostName a;b', 'x')).rejects.toMatchObject({ code: 'BENCH_SSH_TARGET' });
    await expect(resolve('User $(id)', 'x')).rejects.toMatchObject({ code: 'BENCH_SSH_TARGET' });
  });
});

describe('targets', () => {
  it.each([
    ['host', { host: 'host' }],
    ['me@host', { user: 'me', host: 'host' }],
    ['me@host:22', { user: 'me', host: 'host', port: 22 }],
    ['10.0.0.1:2200', { host: '10.0.0.1', port: 2200 }],
    ['[::1]:2200', { host: '::1', port: 2200 }],
    ['me@[fe80::1%eth0]', { user: 'me', host: 'fe80::1%eth0' }],
    ['::1', { host: '::1' }],
    ['me@corp@host', { user: 'me@corp', host: 'host' }],
    ['ssh://me@host:1', { user: 'me', host: 'host', port: 1 }],
  ])('%s', (text, expected) => {
    expect(parseTarget(text)).toEqual(expected);
  });

  it.each([
    '-oProxyCommand=id',
    'me@-host',
    '',
    'host:0',
    'host:99999',
    'host:x',
    'a b',
    'a;id',
    '$(id)',
    '`id`@host',
    '-l@host',
    'host\n',
    "a'b",
    'a*',
    'u$(x)@h',
  ])('refuses %j', (text) => {
    expect(() => parseTarget(text)).toThrow(expect.objectContaining({ code: 'BENCH_SSH_TARGET', exitCode: 2 }));
  });
});
