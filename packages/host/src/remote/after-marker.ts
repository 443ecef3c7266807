import { Transform, type TransformCallback } from 'node:stream';

const KEPT_BYTES = 2000;

/**
 * Passes on what comes after the line `NONCE WORD`; what a login shell wrote before it is dropped. `word` is that line's second word.
 * `noise` is the end of what was dropped, for messages.
 */
export class AfterMarker extends Transform {
  readonly word: Promise<string | null>;
  readonly #nonce: string;
  #resolve: (word: string | null) => void = () => undefined;
  #waiting: Buffer | null = Buffer.alloc(0);
  #noise = '';

  constructor(nonce: string) {
    super();
    this.#nonce = nonce;
    this.word = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.once('close', () => this.#resolve(null));
  }

  get noise(): string {
    return this.#noise;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#waiting === null) return done(null, chunk);
    const seen = this.#waiting.length === 0 ? chunk : Buffer.concat([this.#waiting, chunk]);
    const at = seen.indexOf(this.#nonce);
    const end = at < 0 ? -1 : seen.indexOf(10, at);
    if (end < 0) {
      this.#waiting = at < 0 ? seen.subarray(-KEPT_BYTES) : seen;
      return done();
    }
    this.#noise = seen.subarray(Math.max(0, at - KEPT_BYTES), at).toString('utf8');
    this.#waiting = null;
    this.#resolve(seen.toString('latin1', at + this.#nonce.length, end).trim());
    const rest = seen.subarray(end + 1);
    return rest.length === 0 ? done() : done(null, rest);
  }

  override _flush(done: TransformCallback): void {
    if (this.#waiting !== null) this.#noise = this.#waiting.toString('utf8');
    this.#resolve(null);
    done();
  }
}
