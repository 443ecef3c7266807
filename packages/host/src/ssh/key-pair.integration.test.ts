import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { keyPairsOfEveryShape } from './testing/key-pairs.ts';

const sshdPart = part('sshd'); // brings ssh-keygen
const run = promisify(execFile);
const TIMEOUT = { timeout: 20_000 };

describe.skipIf(!sshdPart.present)(`generateKeyPair and OpenSSH${sshdPart.present ? '' : ` (${sshdPart.skipped})`}`, () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bench-key-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('makes keys that ssh-keygen reads, and signs with', async () => {
    const path = join(folder, 'id');
    for (const { privateKey, publicKey } of keyPairsOfEveryShape()) {
      await writeFile(path, privateKey, { mode: 0o600 });
      expect((await run('ssh-keygen', ['-y', '-P', '', '-f', path], TIMEOUT)).stdout.trim()).toBe(publicKey);
    }
    await writeFile(join(folder, 'message'), 'the message\n');
    await run('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'test', '-f', path, join(folder, 'message')], TIMEOUT);
    const checked = run('ssh-keygen', ['-Y', 'check-novalidate', '-n', 'test', '-s', join(folder, 'message.sig')], TIMEOUT);
    checked.child.stdin?.end('the message\n');
    expect((await checked).stdout).toContain('Good "test" signature');
  });
});
