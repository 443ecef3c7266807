/** A line without an end is given in pieces of this size, or it would be kept until there is no memory left. */
const MAX_LINE = 1 << 20;

export interface LineSplitter {
  /** Lines that ended with this chunk, without their ends. */
  push(chunk: Uint8Array): string[];
  /** What came after the last line end. */
  end(): string[];
}

/** Bytes to lines. What is not UTF-8 becomes U+FFFD: programs on clusters write in any encoding, and none of it may end a launch. */
export function lineSplitter(): LineSplitter {
  const decoder = new TextDecoder();
  let rest = '';
  return {
    push: (chunk) => {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE) {
        lines.push(rest);
        rest = '';
      }
      return lines.map(withoutReturn);
    },
    end: () => {
      const last = rest + decoder.decode();
      rest = '';
      return last === '' ? [] : [withoutReturn(last)];
    },
  };
}

const withoutReturn = (line: string) => (line.endsWith('\r') ? line.slice(0, -1) : line);
