/** Columns of a terminal; undefined where the stream is none: a file or a pipe has room for everything. */
export function terminalWidth(stream: NodeJS.WriteStream): number | undefined {
  return stream.isTTY ? stream.columns || 80 : undefined;
}
