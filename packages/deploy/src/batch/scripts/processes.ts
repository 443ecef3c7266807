/** Programs in process groups of their own, so that all of one can be ended. Needs `look`, `watch_clock`, `ending`, `pause`. */
export const PROCESSES = String.raw`
group_alive() { kill -0 -- "-$1" 2> /dev/null; }

# Ends a process and all of its group: TERM, $2 seconds of grace, KILL.
end_group() {
  local until=$((SECONDS + $2))
  kill -TERM -- "-$1" 2> /dev/null || kill -TERM "$1" 2> /dev/null || return 0
  kill -CONT -- "-$1" 2> /dev/null || true
  while group_alive "$1" && [ "$SECONDS" -lt "$until" ]; do pause 0.1; done
  group_alive "$1" || return 0
  kill -KILL -- "-$1" 2> /dev/null || true
  until=$((SECONDS + 3))
  while group_alive "$1" && [ "$SECONDS" -lt "$until" ]; do pause 0.1; done
}

# Runs a command until it ends, the job is to end, or its time is up; its exit code is the answer, and timed_out says whether it was ended
# for its time. $1: file for its output; $2: seconds, 0 for no limit.
run_watched() {
  local log=$1 limit=$2 child code=0 begun=$SECONDS rest=0.05
  shift 2
  timed_out=''
  setsid "$@" >> "$log" 2>&1 < /dev/null &
  child=$!
  running_group=$child
  while kill -0 "$child" 2> /dev/null; do
    look
    watch_clock
    if [ "$limit" -gt 0 ] && [ $((SECONDS - begun)) -ge "$limit" ]; then timed_out=1; fi
    if [ -n "$timed_out$ending" ]; then break; fi
    pause "$rest"
    if [ "$rest" = 0.05 ] && [ $((SECONDS - begun)) -ge 1 ]; then rest=0.5; fi
  done
  if kill -0 "$child" 2> /dev/null; then end_group "$child" "$grace_s"; fi
  wait "$child" || code=$?
  # What it left behind would outlive it.
  if group_alive "$child"; then end_group "$child" 2; fi
  running_group=''
  return "$code"
}
running_group=''
timed_out=''

# The last line of a log with something in it, cut to what fits into a sentence.
last_line() { tail -n 50 -- "$1" 2> /dev/null | grep -a '[^[:space:]]' | tail -n 1 | cut -c 1-300 || true; }

# "exited with code 3: its last line", or "was ended by SIGKILL". $1: exit code as a shell has it; $2: its log.
ending_of() {
  local words last
  if [ "$1" -gt 128 ] && [ "$1" -lt 193 ]; then words="was ended by SIG$(kill -l "$(($1 - 128))")"; else words="exited with code $1"; fi
  last=$(last_line "$2")
  printf '%s' "$words${'$'}{last:+: $last}"
}
`;
