/** Keeps the beginning and the end of a stream up to a size, and says what was cut out between them. */
export class CappedOutput {
  readonly #half: number;
  #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #dropped = 0;

  constructor(maxBytes: number) {
    this.#half = Math.max(1, Math.floor(maxBytes / 2));
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    if (this.#headBytes < this.#half) {
      const part = rest.subarray(0, this.#half - this.#headBytes);
      this.#head.push(part);
      this.#headBytes += part.length;
      rest = rest.subarray(part.length);
    }
    if (rest.length === 0) return;
    this.#tail.push(rest);
    this.#tailBytes += rest.length;
    while (this.#tailBytes > this.#half) {
      const first = this.#tail[0] as Buffer;
      const over = this.#tailBytes - this.#half;
      const cut = Math.min(over, first.length);
      this.#dropped += cut;
      this.#tailBytes -= cut;
      if (cut === first.length) this.#tail.shift();
      else this.#tail[0] = first.subarray(cut);
    }
  }

  /** Everything, as it came. Only whole below the limit. */
  toBuffer(): Buffer {
    return Buffer.concat([...this.#head, ...this.#tail]);
  }

  toString(): string {
    const tail = Buffer.concat(this.#tail);
    // Without a cut both halves are one text; joining bytes first keeps characters whole across the seam.
    if (this.#dropped === 0) return Buffer.concat([...this.#head, tail]).toString('utf8');
    return `${Buffer.concat(this.#head).toString('utf8')}\n[… ${this.#dropped} bytes cut out …]\n${tail.toString('utf8')}`;
  }
}
