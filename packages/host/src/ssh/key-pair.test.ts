import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { generateKeyPair } from '../index.ts';
import { keyPairsOfEveryShape } from './testing/key-pairs.ts';

const MESSAGE = Buffer.from('the message');

describe('generateKeyPair', () => {
  it('makes keys that ssh2 reads and that sign for each other, also those that begin with a zero byte', () => {
    for (const { privateKey, publicKey } of keyPairsOfEveryShape()) {
      const own = ssh2.utils.parseKey(privateKey);
      const open = ssh2.utils.parseKey(publicKey);
      if (own instanceof Error) throw own;
      if (open instanceof Error) throw open;
      expect([own.type, own.isPrivateKey(), open.isPrivateKey()]).toEqual(['ssh-ed25519', true, false]);
      expect(own.getPublicSSH().equals(open.getPublicSSH())).toBe(true);
      const signature = own.sign(MESSAGE) as Buffer | Error;
      if (signature instanceof Error) throw signature;
      expect(open.verify(MESSAGE, signature)).toBe(true);
      expect(open.verify(Buffer.from('another'), signature)).toBe(false);
    }
  });

  it('writes what OpenSSH writes: short lines, one line of the public key, the comment in both', () => {
    const { privateKey, publicKey } = generateKeyPair({ comment: 'bench r123456789' });
    const lines = privateKey.split('\n');
    expect([lines[0], ...lines.slice(-2)]).toEqual(['-----BEGIN OPENSSH PRIVATE KEY-----', '-----END OPENSSH PRIVATE KEY-----', '']);
    expect(lines.every((line) => line.length <= 70)).toBe(true);
    expect(publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]{68} bench r123456789$/);
    expect(ssh2.utils.parseKey(privateKey)).toMatchObject({ comment: 'bench r123456789' });
    expect(generateKeyPair().publicKey).toMatch(/^ssh-ed25519 \S{68}$/);
  });

  it('makes another key every time, and takes no comment that would be a second line of authorized_keys', () => {
    expect(new Set(Array.from({ length: 20 }, () => generateKeyPair().publicKey)).size).toBe(20);
    expect(() => generateKeyPair({ comment: 'a\nssh-ed25519 AAAA' })).toThrow(expect.objectContaining({ code: 'BENCH_UNSAFE_VALUE' }));
  });
});
