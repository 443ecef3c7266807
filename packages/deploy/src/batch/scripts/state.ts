/**
 * Files of state, and how a job ends; the beginning of every script. Needs `dep`, `state_dir`, `time_s` (seconds that the job has; 0: not known here), `notice_s` (so long
 * before it ends by its own clock; 0: Slurm tells it). Whoever uses it defines `look`, which is called
 * often and says by `end_because` when the job is to end, and `finish`.
 */
export const STATE = String.raw`
now_ms() { date +%s%3N; }

# A text as JSON. What is no character becomes a blank.
json_text() {
  local text backslash='\' double='"'
  text=$(printf '%s' "$1" | LC_ALL=C tr '\001-\037\177' ' ')
  text=${'$'}{text//"$backslash"/"$backslash$backslash"}
  text=${'$'}{text//"$double"/"$backslash$double"}
  printf '"%s"' "$text"
}

# A word for sh.
sh_word() {
  local text single="'" backslash='\'
  text=${'$'}{1//"$single"/"$single$backslash$single$single"}
  printf "'%s'" "$text"
}

# Writes a file of state whole, or not at all. $1: its name; $2: what its JSON holds besides the time.
state() {
  local content temporary=$state_dir/.$1.$$.$RANDOM
  content="{\"atMs\":$(now_ms)${'$'}{2:+,$2}}"
  # Where a disk is full some file systems say so late, and only to who looks.
  if printf '%s\n' "$content" > "$temporary" && [ "$(cat -- "$temporary")" = "$content" ] && mv -f -- "$temporary" "$state_dir/$1"; then
    return 0
  fi
  rm -f -- "$temporary"
  printf 'cannot write %s: is the disk or the quota full?\n' "$state_dir/$1" >&2
  return 1
}

# A text in a file of state. $1: file; $2: name of the member.
member() { sed -n 's/.*"'"$2"'":"\(\([^"\\]\|\\.\)*\)".*/\1/p' "$1" 2> /dev/null | sed 's/\\\(.\)/\1/g' | head -n 1; }

# Is there this file of state? On NFS what another node made may stay unseen for as long as names are cached, unless one changes the folder.
there() {
  [ -e "$state_dir/$1" ] && return 0
  [ $((SECONDS - last_refresh)) -ge 2 ] || return 1
  last_refresh=$SECONDS
  { : > "$state_dir/.look.$job_id"; } 2> /dev/null || true
  rm -f -- "$state_dir/.look.$job_id"
  [ -e "$state_dir/$1" ]
}
last_refresh=0

job_id=${'$'}{SLURM_JOB_ID:-$$}
node=${'$'}{SLURMD_NODENAME:-$(uname -n)}
job_members() { printf '"jobId":%s,"node":%s' "$(json_text "$job_id")" "$(json_text "$node")"; }

# Why the job is to end, and its exit code then. The first reason counts.
ending=''
ending_code=0
end_because() { [ -n "$ending" ] || { ending_code=$1 ending=$2; }; }

# What the job is at, for people.
phase='the start'
failed_line=''
over=''
scratch=''

# Sets left to the seconds that the job has; to nothing when that is not known. An older Slurm tells no job when its time is up: it is counted from the
# start of this script then, which a job's prologue comes before.
time_left() {
  local now
  left=''
  if [ -n "${'$'}{SLURM_JOB_END_TIME:-}" ]; then
    printf -v now '%(%s)T' -1
    left=$((SLURM_JOB_END_TIME - now))
  elif [ "$time_s" -gt 0 ]; then
    left=$((time_s - SECONDS))
  fi
}

# TERM is scancel's, and that of the time limit where it is not told before.
end_by_term() {
  local left
  time_left
  if [ "${'$'}{left:-1000}" -gt 5 ]; then end_because 130 cancelled; else end_because 124 'time limit'; fi
}

# A short job looks at the clock itself.
watch_clock() {
  local left
  [ "$notice_s" -gt 0 ] || return 0
  time_left
  if [ "$left" -le "$notice_s" ]; then end_because 124 'time limit'; fi
}

# Before the time limit Slurm sends USR1, asked for by --signal.
catch_signals() {
  trap end_by_term TERM INT HUP
  trap 'end_because 124 "time limit"' USR1
  trap 'failed_line=$LINENO' ERR
  trap 'on_exit "$?"' EXIT
}

on_exit() {
  trap '' TERM INT HUP USR1
  if [ -z "$over" ]; then
    local line=''
    # Bash 5.2 gives up (code 2, no command failed) when a signal comes while it reads a command substitution; which one is not known then.
    if [ -z "$ending$failed_line" ] && [ "$1" = 2 ] && [ "$phase" != slurm.prelude ]; then end_because 130 'cancelled, or near its time limit'; fi
    [ -z "$failed_line" ] || line=" (line $failed_line)"
    if [ -n "$ending" ]; then finish "$ending_code" "$ending"; fi
    finish "$(( $1 == 0 ? 1 : $1 ))" "$phase failed with code $1$line"
  fi
}

# What no other job is to find.
clean_up() {
  drop_part
  free_lock
  [ -z "$scratch" ] || rm -rf -- "$scratch"
}

# Waits so many seconds, or until a signal comes.
pause() {
  sleep "$1" &
  wait "$!" || true
}

stop_when_told() {
  watch_clock
  if [ -n "$ending" ]; then finish "$ending_code" "$ending"; fi
}
`;
