#!/bin/bash -l
# A load client of an engine: runs the load generator, which does the rest.
# Written by bench. It holds no secret: those are in files that only their owner can read.
set -Eeuo pipefail
umask 077

dep='/shared/bench-runs/r123/d1'
state_dir='/shared/bench-runs/r123/d1/state'
cache='/shared/bench-runs/cache'
models='/shared/bench-runs/cache/models'
write_failed=73
time_s=0
notice_s=0
grace_s=7
probe_s=5
pull_s=60
lock_stale_s=60
own='client.1'
clients=2
client_log='/shared/bench-runs/r123/d1/clients/1/client.log'

client_command() {
  command=(
    '/shared/node'
    '/shared/bench-loadgen.mjs'
    '--batch'
    '/shared/bench-runs/r123/d1'
    '--client'
    '1'
    '--of'
    '2'
  )
}

drop_part() { :; }
free_lock() { :; }

now_ms() { date +%s%3N; }

# A text as JSON. What is no character becomes a blank.
json_text() {
  local text backslash='\' double='"'
  text=$(printf '%s' "$1" | LC_ALL=C tr '\001-\037\177' ' ')
  text=${text//"$backslash"/"$backslash$backslash"}
  text=${text//"$double"/"$backslash$double"}
  printf '"%s"' "$text"
}

# A word for sh.
sh_word() {
  local text single="'" backslash='\'
  text=${1//"$single"/"$single$backslash$single$single"}
  printf "'%s'" "$text"
}

# Writes a file of state whole, or not at all. $1: its name; $2: what its JSON holds besides the time.
state() {
  local content temporary=$state_dir/.$1.$$.$RANDOM
  content="{\"atMs\":$(now_ms)${2:+,$2}}"
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

job_id=${SLURM_JOB_ID:-$$}
node=${SLURMD_NODENAME:-$(uname -n)}
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
  if [ -n "${SLURM_JOB_END_TIME:-}" ]; then
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
  if [ "${left:-1000}" -gt 5 ]; then end_because 130 cancelled; else end_because 124 'time limit'; fi
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
  printf '%s' "$words${last:+: $last}"
}

own_state() { state "$own.$1" "${2:-}"; }

# Where it is, every few seconds; life shows in the number.
beats=0
last_beat=''
tell_progress() {
  [ "$own" != service ] || return 0
  if [ "$phase" = "$told_phase" ] && [ -n "$last_beat" ] && [ $((SECONDS - last_beat)) -lt 5 ]; then return 0; fi
  last_beat=$SECONDS
  told_phase=$phase
  beats=$((beats + 1))
  own_state progress "\"beat\":$beats,\"phase\":$(json_text "$phase"),\"order\":null,\"orders\":1" || true
}
told_phase=''

# The service is asked to end by whoever of its clients is the last.
stop_service_when_last() {
  local i
  for ((i = 0; i < clients; i += 1)); do there "client.$i.exit" || return 0; done
  there stop || state stop '"reason":"clients are done"'
}

# $1: exit code; $2: the reason; $3: the code of its program, or null.
finish() {
  over=1
  trap '' TERM INT HUP USR1
  set +e
  if [ -n "$running_group" ]; then end_group "$running_group" "$grace_s"; fi
  printf '%s is over: %s\n' "$own" "$2" >&2
  own_exit "${3:-null}" "$2" || set -- "$write_failed"
  clean_up
  exit "$1"
}

own_exit() {
  # The program's own word is better.
  there "$own.exit" || own_state exit "\"code\":$1,\"reason\":$(json_text "$2")" || return 1
  stop_service_when_last
}

look() { :; }

main() {
  local code=0
  scratch=''
  catch_signals
  rm -f -- "$state_dir/$own.exit"
  own_state running "$(job_members)" || finish "$write_failed" "$state_dir cannot be written to"
  mkdir -p -- "$(dirname -- "$client_log")"
  phase='the load client'
  client_command
  run_watched "$client_log" 0 "${command[@]}" || code=$?
  stop_when_told
  if [ "$code" = 0 ]; then finish 0 'done' 0; fi
  finish "$code" "the load client $(ending_of "$code" "$client_log")" "$code"
}

main
