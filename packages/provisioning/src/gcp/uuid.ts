import { createHash } from 'node:crypto';

/** Namespace of the ids of requests, a random UUID that never changes. */
const NAMESPACE = 'b0d3a3c65a0c4f0b9d0f2f6d3a1e7c42';

const format = (bytes: Uint8Array, version: number): string => {
  const b = Buffer.from(bytes.subarray(0, 16));
  b[6] = ((b[6] ?? 0) & 0x0f) | (version << 4);
  b[8] = ((b[8] ?? 0) & 0x3f) | 0x80;
  return b.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** UUID version 5 (RFC 9562) of a text: the same for the same text. */
export function uuidOf(text: string): string {
  return format(createHash('sha1').update(Buffer.from(NAMESPACE, 'hex')).update(text).digest(), 5);
}

/** UUID version 4 from a source of numbers in [0, 1). */
export function randomUuid(random: () => number): string {
  return format(
    Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256)),
    4,
  );
}
