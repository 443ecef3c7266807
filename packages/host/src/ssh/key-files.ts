import { readFile } from 'node:fs/promises';

/** A key file as far as it can be read without its passphrase. */
export interface KeyFile {
  path: string;
  /** The private part as it is on disk; null when only `path.pub` is there (the agent may have the rest). */
  privateText: string | null;
  /** The public key as on the wire; null: only the passphrase can tell. */
  publicKey: Buffer | null;
  encrypted: boolean;
}

/** Null when neither `path` nor `path.pub` is there. A file that is there and is no key has neither part. */
export async function readKeyFile(path: string): Promise<KeyFile | null> {
  const [own, beside] = await Promise.all([path, `${path}.pub`].map((file) => readFile(file, 'utf8').catch(() => null)));
  if (own == null && beside == null) return null;
  const publicText = own !== null && isPublic(own ?? '') ? own : beside;
  const privateText =
    own !== null && own !== undefined && own.includes('PRIVATE KEY') ? own : own?.startsWith('PuTTY-User-Key-File-') ? own : null;
  const inside = privateText === null ? null : readOpenSshHeader(privateText);
  return {
    path,
    privateText,
    publicKey: inside?.publicKey ?? (publicText == null ? null : readPublicLine(publicText)),
    encrypted: inside?.encrypted ?? (privateText !== null && /ENCRYPTED|^Encryption: (?!none)/m.test(privateText)),
  };
}

const isPublic = (text: string) => /^(ssh-|ecdsa-|sk-)/.test(text);

function readPublicLine(text: string): Buffer | null {
  const base64 = /^\S+ (\S+)/.exec(text)?.[1];
  return base64 === undefined ? null : Buffer.from(base64, 'base64');
}

/** Cipher and public key of an OpenSSH private key, which are not encrypted: PROTOCOL.key of OpenSSH. */
function readOpenSshHeader(text: string): { encrypted: boolean; publicKey: Buffer } | null {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1];
  if (base64 === undefined) return null;
  const data = Buffer.from(base64, 'base64');
  const magic = 'openssh-key-v1\0';
  if (data.subarray(0, magic.length).toString('latin1') !== magic) return null;
  let at = magic.length;
  const string = () => {
    const length = data.readUInt32BE(at);
    at += 4 + length;
    return data.subarray(at - length, at);
  };
  try {
    const cipher = string().toString('latin1');
    string(); // name of the key derivation
    string(); // its options
    at += 4; // number of keys, always one
    return { encrypted: cipher !== 'none', publicKey: Buffer.from(string()) };
  } catch {
    return null;
  }
}
