/**
 * What is run on a host. A claim is a folder with one file; everything that looks at it or changes it holds the same lock, so that two users
 * never both get a machine. The scripts are constant: names, keys and times come as arguments.
 */
const PRELUDE = String.raw`
set -eu
case $1 in '~'*) dir=$HOME$(printf %s "$1" | cut -c2-) ;; *) dir=$1 ;; esac
mkdir -p "$dir"
exec 9>>"$dir/guard"
flock -w 10 9
claim=$dir/claim
field() { sed -n "s/^$1 //p" "$claim/facts" 2>/dev/null; }
keys=$HOME/.ssh/authorized_keys
# Takes out the keys that a claim brought (they end with its name), and adds these lines. The file is replaced by a whole one, of the same owner
# and mode, or left as it is: on a full disk it would be the end of all logins.
rekey() {
  old=$(readlink -f "$keys")
  new=$old.bench
  if cp -p "$old" "$new" && rekeyed "$1" "$2" >"$new" && [ "$(wc -c <"$new")" -eq "$(rekeyed "$1" "$2" | wc -c)" ]; then
    mv -f "$new" "$old"
  else
    rm -f "$new"
    echo "$keys cannot be written" >&2
    exit 1
  fi
}
rekeyed() {
  awk -v name="$1" '$NF != name' "$old" && printf %s "$2"
}
# Takes a claim away, with the key it brought and what its run left running.
release() {
  name=$(field name)
  run=$(field run)
  if [ -f "$keys" ] && [ -n "$name" ]; then
    rekey "$name" ''
  fi
  if [ -n "$run" ] && command -v docker >/dev/null 2>&1; then
    docker ps -aq --filter "name=^/?bench-$run-" 2>/dev/null | while read -r id; do docker rm -f "$id" >/dev/null 2>&1 || true; done
  fi
  rm -rf "$claim"
}
`;

/**
 * Arguments: folder, name, owner, run, seconds that it may last by the clock of the host, its end as ISO 8601 (told to people), public keys one a
 * line. Prints the facts, and ends with 9 when the host is somebody's.
 */
export const CLAIM = `${PRELUDE}${String.raw`
name=$2 owner=$3 run=$4 seconds=$5 expires=$6 public=$7
if [ -f "$claim/facts" ] && [ "$(field name)" != "$name" ]; then
  if [ "$(field until)" -gt "$(date +%s)" ]; then
    cat "$claim/facts"
    exit 9
  fi
  release
  name=$2 run=$4
fi
if [ ! -f "$claim/facts" ]; then
  rm -rf "$claim" "$dir/claim.new"
  mkdir "$dir/claim.new"
  printf 'name %s\nowner %s\nrun %s\nuntil %s\nexpires %s\ncreated %s\n' \
    "$name" "$owner" "$run" "$(($(date +%s) + seconds))" "$expires" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$dir/claim.new/facts"
  mv "$dir/claim.new" "$claim"
fi
if [ -n "$public" ]; then
  mkdir -p "$HOME/.ssh"
  chmod 700 "$HOME/.ssh"
  touch "$keys"
  chmod 600 "$keys"
  rekey "$name" "$(printf '%s\n' "$public" | awk -v name="$name" '{ print $0, name }')
"
fi
cat "$claim/facts"
`}`;

/** Arguments: folder. Prints the facts of the claim, or nothing. */
export const LOOK = `${PRELUDE}${String.raw`
if [ -f "$claim/facts" ]; then cat "$claim/facts"; fi
`}`;

/** Arguments: folder, name. Releases that claim; another one stays. */
export const RELEASE = `${PRELUDE}${String.raw`
if [ "$(field name)" = "$2" ]; then release; fi
`}`;
