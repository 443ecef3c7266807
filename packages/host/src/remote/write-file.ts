import { fileError } from '../host-errors.ts';
import type { RunScript } from '../processes.ts';
import { farPath } from './far-path.ts';

/**
 * `PATH MODE BYTES`, stdin: the content. A temporary file beside the path takes its place only when it is whole: a connection that is
 * lost looks like the end of the content.
 */
const WRITE = String.raw`
case $1 in */*) dir=${'$'}{1%/*}/ ;; *) dir=./ ;; esac
name=${'$'}{1##*/}
if [ -d "$1" ]; then echo 'it is a folder' >&2; exit 1; fi
mkdir -p "$dir" || exit
umask 077
tmp=$(mktemp "$dir.bench-XXXXXXXX") || exit
undo() { rm -f "$tmp"; exit 1; }
trap undo HUP INT TERM
cat >"$tmp" || undo
[ "$(($(wc -c <"$tmp")))" -eq "$3" ] || { echo 'the content was cut off' >&2; undo; }
chmod "$2" "$tmp" && mv -f "$tmp" "$dir$name" || undo
`;

/** Writes a file whole or not at all. */
export async function writeRemote(
  host: { name: string; run: RunScript },
  file: { path: string; content: string | Uint8Array; mode: number },
): Promise<void> {
  const { path, content, mode } = file;
  const args = [farPath(path), mode.toString(8), String(Buffer.byteLength(content))];
  const result = await host.run(WRITE, args, { stdin: content });
  if (result.code !== 0) throw fileError(`cannot write ${path} on ${host.name}`, result.stderr);
}
