import { Transform } from 'node:stream';
import type { TransferOptions } from '@bench/core';

const STEP_BYTES = 1 << 18;

/** Counts what has gone over and tells of it now and then; `total` when it is known. What surrounds files on the wire is not shown. */
export class TransferProgress {
  readonly #tell: TransferOptions['onProgress'];
  readonly #total: number | null;
  #bytes = 0;
  #told = 0;

  constructor(tell: TransferOptions['onProgress'], total: number | null) {
    this.#tell = tell;
    this.#total = total;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes - this.#told < STEP_BYTES) return;
    this.#told = this.#bytes;
    this.#tell?.({ bytes: Math.min(this.#bytes, this.#total ?? this.#bytes), totalBytes: this.#total });
  }

  done(): void {
    this.#tell?.({ bytes: this.#total ?? this.#bytes, totalBytes: this.#total });
  }

  /** A stream that changes nothing and counts. */
  counter(): Transform {
    const add = (bytes: number) => this.add(bytes);
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        add(chunk.length);
        done(null, chunk);
      },
    });
  }
}
