import { generateKeyPair, type KeyPair } from '../key-pair.ts';

/** Keys with comments of every length that changes the padding, and one whose public key begins with a zero byte, as one in 256 does. */
export function keyPairsOfEveryShape(): KeyPair[] {
  const pairs = Array.from({ length: 16 }, (_, n) => generateKeyPair({ comment: 'x'.repeat(n) }));
  for (;;) {
    const pair = generateKeyPair();
    // The last 32 bytes of the public part.
    if (Buffer.from(pair.publicKey.split(' ')[1] ?? '', 'base64').at(-32) === 0) return [...pairs, pair];
  }
}
