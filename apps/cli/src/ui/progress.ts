import type { Styles } from './style.ts';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Rows above the status lines that are left for what stays. */
const ROOM = 6;

export interface ProgressOptions {
  stream: NodeJS.WriteStream;
  style: Styles;
  /** Monotonic milliseconds. */
  clock: () => number;
}

/**
 * What a person watches: everything that is finished becomes a line that stays, and lines at the bottom, one for each thing that goes on at
 * once, show how it stands. Where the stream is no terminal, only the lines that stay are written.
 */
export class Progress {
  readonly #o: ProgressOptions;
  readonly #live: boolean;
  readonly #statuses = new Map<string, () => string>();
  #drawn = 0;
  #paused = 0;
  #final = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #frame = 0;

  constructor(options: ProgressOptions) {
    this.#o = options;
    this.#live = options.stream.isTTY === true;
    if (this.#live) {
      this.#timer = setInterval(() => this.#draw(), 100);
      this.#timer.unref();
    }
  }

  /** Writes a line that stays. */
  line(text: string): void {
    this.#erase();
    this.#o.stream.write(`${text}\n`);
    this.#draw();
  }

  /** Sets what a bottom line says, and more lines below it; a function is asked at every frame. `key` tells lines apart, in the order they first appear. */
  status(text: (() => string) | null, key = ''): void {
    if (this.#final) return;
    if (text === null) this.#statuses.delete(key);
    else this.#statuses.set(key, text);
    this.#draw();
  }

  /** The only thing that the bottom says from now on. */
  last(text: () => string): void {
    this.#statuses.clear();
    this.status(text);
    this.#final = true;
  }

  /** Leaves the bottom of the terminal to somebody else, until as many `resume` as `pause`. */
  pause(): void {
    this.#erase();
    this.#paused += 1;
  }

  resume(): void {
    this.#paused -= 1;
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#statuses.clear();
    this.#erase();
  }

  #draw(): void {
    if (!this.#live || this.#paused > 0) return;
    const lines = this.#lines();
    // In one piece, or the lines flicker.
    const text = `${this.#eraser()}${lines.join('\n')}`;
    if (text !== '') this.#o.stream.write(text);
    this.#drawn = lines.length;
  }

  #lines(): string[] {
    const { style, stream } = this.#o;
    this.#frame += 1;
    const mark = style.unicode ? (SPINNER[this.#frame % SPINNER.length] as string) : '|/-\\'.charAt(this.#frame % 4);
    const width = Math.max(10, (stream.columns || 80) - 3);
    const texts = [...this.#statuses.values()];
    const room = Math.max(1, (stream.rows || 24) - ROOM);
    const shown = texts.length <= room ? texts : texts.slice(0, Math.max(1, room - 1));
    const blocks = shown.map((text) =>
      text()
        .split('\n')
        .map((line, i) => `${i === 0 ? style.cyan(mark) : ' '} ${clip(line, width)}`),
    );
    const hidden = texts.length - shown.length;
    const more = hidden > 0 && room > 1 ? [style.dim(`  and ${hidden} more`)] : [];
    // Each thing has its line before any has more.
    const whole = blocks.flat().length + more.length <= room;
    return [...blocks.flatMap((block) => (whole ? block : block.slice(0, 1))), ...more];
  }

  #erase(): void {
    if (this.#drawn > 0) this.#o.stream.write(this.#eraser());
    this.#drawn = 0;
  }

  #eraser(): string {
    return this.#drawn === 0 ? '' : `\r\u001B[2K${'\u001B[1A\u001B[2K'.repeat(this.#drawn - 1)}`;
  }
}

/** The first `width` characters that are seen; escape sequences take no room and are never cut. */
export function clip(text: string, width: number): string {
  let seen = 0;
  let out = '';
  // oxlint-disable-next-line no-control-regex -- escape sequences are what is looked for
  for (const [part] of text.matchAll(/\u001B\[[0-9;]*m|[\s\S]/gu)) {
    if (part.length > 2) out += part;
    else if (seen < width) {
      out += part;
      seen += 1;
    }
  }
  return out;
}
