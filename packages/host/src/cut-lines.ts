import { Transform } from 'node:stream';

const LF = 0x0a;
const CR = 0x0d;

/** Passes bytes on, with a line end after each `max` bytes that come without one; not within a character of UTF-8. */
export function cutLines(max: number): Transform {
  let length = 0;
  const isEnd = (byte: number | undefined) => byte === LF || byte === CR;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let from = 0;
      for (let at = 0; at < chunk.length; at += 1) {
        const byte = chunk[at] ?? 0;
        if (isEnd(byte)) length = 0;
        // 10xxxxxx goes on with a character.
        else if (length >= max && (byte & 0xc0) !== 0x80) {
          this.push(chunk.subarray(from, at));
          this.push('\n');
          from = at;
          length = 1;
        } else length += 1;
      }
      this.push(chunk.subarray(from));
      done();
    },
  });
}
