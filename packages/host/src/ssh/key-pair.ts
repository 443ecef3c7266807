import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { BenchError, EXIT } from '@bench/core';

/** An SSH key, as the files `id_ed25519` and `id_ed25519.pub` hold it. */
export interface KeyPair {
  /** OpenSSH's own format, not encrypted, with a line end after the last line: to be written with mode 0600. */
  privateKey: string;
  /** `ssh-ed25519 BASE64 COMMENT`, as a line of authorized_keys, without a line end. */
  publicKey: string;
}

const TYPE = 'ssh-ed25519';
/** The private part is padded to whole blocks of the cipher; that of `none` has 8 bytes. */
const BLOCK = 8;
const LINE = 70;
const KEY_BYTES = 32;

/**
 * A new ed25519 key. `comment` is what a person finds it by again, in authorized_keys and in the key itself; default none. The format is
 * that of PROTOCOL.key of OpenSSH. ssh2's own `generateKeyPair` is not used: it drops the zero byte that one public key in 256 begins with,
 * and OpenSSH cannot read those (ssh2 1.17).
 * @throws BenchError `BENCH_UNSAFE_VALUE` for a comment of more than one line.
 */
export function generateKeyPair(options: { comment?: string } = {}): KeyPair {
  const { comment = '' } = options;
  if (/[\0\r\n]/.test(comment))
    throw new BenchError({ code: 'BENCH_UNSAFE_VALUE', message: 'the comment of an SSH key is one line', exitCode: EXIT.usage });
  // Encoded as they are made. A key that is exported as a JWK afterwards can stop the process for ever: Node 20 collects garbage while it
  // holds the key's lock, and what it frees then may be the maker of that key, which waits for the same lock.
  const made = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  // Both end with the 32 bytes that RFC 8410 puts there.
  const seed = made.privateKey.subarray(-KEY_BYTES);
  const point = made.publicKey.subarray(-KEY_BYTES);
  const publicPart = Buffer.concat([string(TYPE), string(point)]);
  const check = randomBytes(4); // twice the same: how a reader sees that it decrypted rightly
  const secret = Buffer.concat([check, check, publicPart, string(Buffer.concat([seed, point])), string(comment)]);
  const padding = Buffer.from(Array.from({ length: -secret.length & (BLOCK - 1) }, (_, at) => at + 1));
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string('none'), // cipher
    string('none'), // derivation of its key
    string(''), // and the options of that
    uint32(1), // keys in here
    string(publicPart),
    string(Buffer.concat([secret, padding])),
  ]).toString('base64');
  return {
    privateKey: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...linesOf(body), '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    publicKey: [TYPE, publicPart.toString('base64'), ...(comment === '' ? [] : [comment])].join(' '),
  };
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A string of RFC 4251: its length, then its bytes. */
function string(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

const linesOf = (text: string): string[] => text.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
