import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { resolveHost, type ResolvedHost } from './resolve-host.ts';
import { parseTarget } from './target.ts';

const sshdPart = part('sshd'); // brings the client too

const CONFIGS: Record<string, string> = {
  empty: '',
  alias:
    'Host gpu\n  HostName 10.1.2.3\n  User ada\n  Port 2200\n  IdentityFile ~/.ssh/gpu\nHost *\n  User everyone\n  IdentityFile ~/.ssh/all\n',
  patterns: 'Host *.lab !old.lab\n  HostName %h.example.org\n  IdentitiesOnly yes\nHost g?u\n  Port 7\nHost * !gpu\n  User notgpu\n',
  jumps: 'Host gpu\n  ProxyJump ada@hop1:22,hop2\nHost hop2\n  ProxyJump none\nHost *\n  ProxyCommand nc %h %p\n',
  command: 'Host gpu\n  ProxyCommand /bin/sh -c "exec nc \'%h\' %p"\n  HostKeyAlias the-gpu\n',
  agent: 'Host gpu\n  IdentityAgent ~/agent.sock\nHost other\n  IdentityAgent none\nHost third\n  IdentityAgent SSH_AUTH_SOCK\n',
  known: 'UserKnownHostsFile ~/.ssh/one /etc/two\nStrictHostKeyChecking accept-new\nConnectTimeout 9\nGlobalKnownHostsFile /dev/null\n',
  loose:
    '# comment\nHost=gpu\n\tUser = "ada"\n  port\t99\n  CertificateFile ~/.ssh/cert\nStrictHostKeyChecking no\nStrictHostKeyChecking yes\n',
  match: 'Match all\n  User matched\nHost gpu\n  Port 5\n',
  include: 'Host gpu\n  Include INCLUDED/*.conf\nHost *\n  Port 1000\n',
};
const TARGETS = ['gpu', 'ada@x.lab:44', 'old.lab', 'other', 'third', '[::1]:9', 'hop2'];

describe.skipIf(!sshdPart.present)(
  `our reading of ssh_config and the one of ssh -G${sshdPart.present ? '' : ` (${sshdPart.skipped})`}`,
  () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'bench-agree-'));
      await mkdir(join(folder, 'inc'));
      await writeFile(join(folder, 'inc/a.conf'), 'User included\nHost nobody\n  Port 1\n');
      await writeFile(join(folder, 'inc/b.conf'), 'Port 1001\n');
    });

    it.each(Object.keys(CONFIGS))('agree on %s', async (name) => {
      const configFile = join(folder, name);
      await writeFile(configFile, (CONFIGS[name] as string).replace('INCLUDED', join(folder, 'inc')));
      for (const target of TARGETS) {
        const both: ResolvedHost[] = [];
        for (const ownParser of [false, true]) {
          both.push(await resolveHost(parseTarget(target), { configFile, ownParser, warn: () => undefined, environment: () => undefined }));
        }
        expect({ target, ...both[1] }).toEqual({ target, ...both[0] });
      }
    });

    it('both say what is wrong with a broken file', async () => {
      const configFile = join(folder, 'broken');
      await writeFile(configFile, 'Host gpu\n  IdentityFile "open\n');
      for (const ownParser of [false, true]) {
        await expect(
          resolveHost(parseTarget('gpu'), { configFile, ownParser, warn: () => undefined, environment: () => undefined }),
        ).rejects.toMatchObject({
          code: 'BENCH_SSH_CONFIG',
          exitCode: 2,
        });
      }
    });

    it('a file that is not there is as good as none', async () => {
      for (const ownParser of [false, true]) {
        const host = await resolveHost(parseTarget('gpu'), {
          configFile: join(folder, 'missing'),
          ownParser,
          warn: () => undefined,
          environment: () => undefined,
        });
        expect(host).toMatchObject({ hostName: 'gpu', port: 22 });
      }
    });
  },
);
