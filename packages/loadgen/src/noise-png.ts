import { createCipheriv, createHash } from 'node:crypto';
import zlib from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Bits of a sample, and the kind of colour that is three samples a pixel; then deflate, the five filters, no interlacing. */
const TRUECOLOUR = [8, 2, 0, 0, 0];

/**
 * A PNG of noise that follows from `key` alone: the key stream of a cipher, which does not compress, so that its size is that of its pixels and no two
 * keys share a line of it. https://www.w3.org/TR/png-3/
 */
export function noisePng({ width, height, key }: { width: number; height: number; key: string }): Buffer {
  const line = 1 + 3 * width;
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(key).digest(), Buffer.alloc(16));
  const pixels = cipher.update(Buffer.alloc(line * height));
  // Every line begins with its filter: none.
  for (let y = 0; y < height; y++) pixels[y * line] = 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set(TRUECOLOUR, 8);
  return Buffer.concat([
    SIGNATURE,
    ...chunk('IHDR', header),
    // What does not compress is stored, which costs no time.
    ...chunk('IDAT', zlib.deflateSync(pixels, { level: 0 })),
    ...chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer[] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const name = Buffer.from(type, 'latin1');
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(zlib.crc32(data, zlib.crc32(name)));
  return [length, name, data, sum];
}
