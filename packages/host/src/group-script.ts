/**
 * Functions for `sh`. `alive GROUP`: does any process of it run? A zombie that nobody has waited for yet does not. `signal NAME GROUP`:
 * to the group, or to the one process where it leads none. `end_group GROUP TICKS`: TERM, KILL after so many twentieths of a second,
 * 0 when it is gone. From `/proc/PID/stat`: state and group are the first and third field after the command name, proc(5).
 */
export const GROUP_FUNCTIONS = String.raw`
there() { kill -s 0 -- "-$1" 2>/dev/null || kill -s 0 "$1" 2>/dev/null; }
alive() {
  there "$1" || return 1
  [ -r /proc/self/stat ] || return 0
  cat /proc/[0-9]*/stat 2>/dev/null | awk -v group="$1" '
    { pid = $1; sub(/^.*[)] /, "") }
    ($3 == group || pid == group) && $1 != "Z" && $1 != "X" { found = 1 }
    END { exit !found }'
  [ $? -ne 1 ]
}
signal() { kill -s "$1" -- "-$2" 2>/dev/null || kill -s "$1" "$2" 2>/dev/null; }
tick() { sleep 0.05 2>/dev/null || sleep 1; }
end_group() {
  signal TERM "$1"
  _n=0
  _look=0
  while there "$1"; do
    # Looking at every process is dear, and only zombies make it necessary.
    if [ "$_n" -ge "$_look" ]; then
      alive "$1" || return 0
      _look=$((_n * 2 + 1))
    fi
    [ "$_n" -ne "$2" ] || signal KILL "$1"
    [ "$_n" -lt $(($2 + 60)) ] || return 1
    tick
    _n=$((_n + 1))
  done
  return 0
}
`;

/** Milliseconds in the ticks that `end_group` counts. */
export const ticks = (ms: number) => String(Math.max(0, Math.ceil(ms / 50)));

/** Ends the group `$1` with `$2` ticks of grace. */
export const END_GROUP = `${GROUP_FUNCTIONS}\nend_group "$1" "$2"\n`;
