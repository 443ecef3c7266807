/** `TARGET TOKEN` in words of all of these: the folder where a transfer is gathered, beside its target. */
const PLACE = String.raw`
case $1 in */*) dir=${'$'}{1%/*}/ ;; *) dir=./ ;; esac
stage=$dir.bench-$2.tmp
LC_ALL=C; export LC_ALL
`;

/** `TARGET TOKEN`, stdin: a tar stream of one entry. Owners are not taken over, modes are. */
export const STAGE = `${PLACE}${String.raw`
mkdir -p "$dir" && mkdir -m 700 "$stage" || exit
undo() { rm -rf "$stage"; exit 1; }
trap undo HUP INT TERM
tar -x -p -o -f - -C "$stage" || undo
`}`;

/**
 * `TARGET TOKEN NAME`: the entry of that name takes the target's place. Only a file takes a file's place in one step; a folder is moved
 * away first. Nothing staged: it was done before.
 */
export const COMMIT = `${PLACE}${String.raw`
[ -d "$stage" ] || exit 0
new=$stage/$3
[ -e "$new" ] || { echo "$3: not in the stream" >&2; exit 1; }
if [ -d "$1" ] || { [ -e "$1" ] && [ -d "$new" ]; }; then
  mkdir "$stage/.old" && mv "$1" "$stage/.old/" || exit
  mv "$new" "$1" || { mv "$stage/.old/"* "$1"; exit 1; }
else
  mv -f "$new" "$1" || exit
fi
rm -rf "$stage"
`}`;

/** `TARGET TOKEN`. */
export const DISCARD_STAGE = `${PLACE}
rm -rf "$stage"
`;

/** `PATH`: prints what is to be sent, links followed: a line with its size in bytes, or `folder`; then its path. */
export const FIND_SOURCE = String.raw`
LC_ALL=C; export LC_ALL
p=$1
ls -d "$p" >/dev/null || exit
[ -L "$p" ] && p=$(readlink -f "$p")
if [ -d "$p" ]; then p=$(CDPATH= cd "$p" && pwd -P) && echo folder || exit; else wc -c <"$p" || exit; fi
printf %s "$p"
`;

/** `PATH`: a tar stream of one entry. */
export const SEND = String.raw`
LC_ALL=C; export LC_ALL
case $1 in */*) dir=${'$'}{1%/*}/ ;; *) dir=./ ;; esac
exec tar -c -f - -C "$dir" "./${'$'}{1##*/}"
`;
