import { GROUP_FUNCTIONS } from './group-script.ts';

/**
 * The files of a process, below `BASE/ID/`: `pid` (process id, start time in clock ticks since boot, boot id; a line each), `token` of who
 * started it, `stdin`, `log`, and `exit` with the exit code when it has ended. All texts are constant; everything of the caller's travels
 * as arguments or on stdin.
 */

/** Runs its arguments in the session it is in, and leaves the exit code. Field 22 of `/proc/PID/stat` is the start time, proc(5). */
export const WRAPPER = String.raw`
_b_dir=$1; shift
_b_field() { shift 19; _b_start=$1; }
_b_start=; _b_boot=
IFS= read -r _b_stat 2>/dev/null </proc/$$/stat && _b_field ${'$'}{_b_stat##*) }
IFS= read -r _b_boot 2>/dev/null </proc/sys/kernel/random/boot_id
printf '%s\n%s\n%s\n' "$$" "$_b_start" "$_b_boot" >"$_b_dir/pid.tmp" && mv "$_b_dir/pid.tmp" "$_b_dir/pid" || exit
"$@" <"$_b_dir/stdin" >>"$_b_dir/log" 2>&1
printf %s "$?" >"$_b_dir/exit.tmp" && mv "$_b_dir/exit.tmp" "$_b_dir/exit"
`;

const BASE = String.raw`
base=$1
[ -n "$base" ] || base=${'$'}{HOME:-.}/.local/state/bench/processes
`;

/**
 * `BASE ID TOKEN BYTES WRAPPER ARGV…`, stdin: the command's, of so many bytes. Prints the process id and the folder. Started once for a
 * token, however often it is asked. Exit 3: the id is taken; 4: stdin was cut off.
 */
export const START = `${BASE}${String.raw`
id=$2; token=$3; bytes=$4; wrapper=$5; shift 5
mkdir -p "$base" && base=$(CDPATH= cd "$base" && pwd) || exit 5
dir=$base/$id
tick() { sleep 0.02 2>/dev/null || sleep 1; }
await_pid() { n=0; while [ ! -s "$dir/pid" ] && [ -d "$dir" ] && [ "$n" -lt 250 ]; do tick; n=$((n + 1)); done; [ -s "$dir/pid" ]; }
if ! mkdir -m 700 "$dir" 2>/dev/null; then
  [ -d "$dir" ] || { mkdir "$dir"; exit 5; }
  if await_pid; then
    [ "$(cat "$dir/token" 2>/dev/null)" = "$token" ] || exit 3
    head -n 1 "$dir/pid" && printf '%s\n' "$dir"
    exit
  fi
  # Whoever began this did not come to its end.
  rm -rf "$dir"
  mkdir -m 700 "$dir" || exit 5
fi
undo() { rm -rf "$dir"; exit "$1"; }
printf %s "$token" >"$dir/token" && cat >"$dir/stdin" && : >"$dir/log" || undo 5
[ "$(($(wc -c <"$dir/stdin")))" -eq "$bytes" ] || undo 4
if command -v setsid >/dev/null 2>&1; then
  setsid sh -c "$wrapper" sh "$dir" "$@" </dev/null >/dev/null 2>&1 &
else
  set -m
  (trap '' HUP; exec sh -c "$wrapper" sh "$dir" "$@") </dev/null >/dev/null 2>&1 &
fi
await_pid || undo 5
head -n 1 "$dir/pid" && printf '%s\n' "$dir"
`}`;

/** `BASE ID`. Prints the process id and the folder. Exit 3: there never was one. */
export const FIND = `${BASE}${String.raw`
[ -s "$base/$2/pid" ] || exit 3
dir=$(CDPATH= cd "$base/$2" && pwd) || exit 5
head -n 1 "$dir/pid" && printf '%s\n' "$dir"
`}`;

/** `runs DIR PID`: does the group that was started there still run? Another process that was given the id later is none of ours. */
const RUNS = `${GROUP_FUNCTIONS}${String.raw`
field() { shift 19; started=$1; }
runs() {
  { IFS= read -r pid && IFS= read -r start && IFS= read -r boot; } 2>/dev/null <"$1/pid" || return 1
  [ "$pid" = "$2" ] || return 1
  now=; IFS= read -r now 2>/dev/null </proc/sys/kernel/random/boot_id
  [ "$boot" = "$now" ] || return 1
  if IFS= read -r stat 2>/dev/null <"/proc/$pid/stat"; then
    field ${'$'}{stat##*) }
    [ "$started" = "$start" ] || return 1
  fi
  alive "$pid"
}
`}`;

/** `DIR PID`. Prints `exit CODE`, `running`, or `gone`. */
export const STATUS = `${RUNS}${String.raw`
ended() { [ -r "$1/exit" ] && { printf 'exit '; cat "$1/exit"; }; }
ended "$1" && exit
runs "$1" "$2" && { echo running; exit; }
ended "$1" || echo gone
`}`;

/** `DIR OFFSET BYTES`. The log from there on. */
export const READ_LOG = String.raw`
[ -r "$1/log" ] || exit 0
tail -c "+$(($2 + 1))" "$1/log" | head -c "$3"
`;

/** `DIR PID TICKS`. Exit 6: it cannot be ended. */
export const STOP = `${RUNS}${String.raw`
runs "$1" "$2" || exit 0
end_group "$2" "$3" || exit 6
`}`;

/** `DIR PID TICKS`. As {@link STOP}, and removes its folder, unless the id was given to another process meanwhile. */
export const DISCARD = `${RUNS}${String.raw`
[ -d "$1" ] || exit 0
if runs "$1" "$2"; then end_group "$2" "$3" || exit 6; fi
[ ! -s "$1/pid" ] || [ "$(head -n 1 "$1/pid")" = "$2" ] || exit 0
rm -rf "$1"
`}`;

/** `BASE ID TOKEN TICKS`. Ends and removes what was started for that token, however far it came. */
export const ABANDON = `${BASE}${RUNS}${String.raw`
dir=$base/$2
[ "$(cat "$dir/token" 2>/dev/null)" = "$3" ] || exit 0
leader=$(head -n 1 "$dir/pid" 2>/dev/null)
if runs "$dir" "$leader"; then end_group "$leader" "$4"; fi
rm -rf "$dir"
`}`;
