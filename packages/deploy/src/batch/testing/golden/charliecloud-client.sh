#!/bin/bash -l
# A client of a service: waits for it and runs its command.
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
grace_s=2
probe_s=5
pull_s=60
lock_stale_s=60
runtime='charliecloud'
runtime_program='ch-run'
image='/shared/bench-runs/cache/images/curl-latest-1e4795b92365c15e'
image_uri='curlimages/curl:latest'
image_log='/shared/bench-runs/r123/d1/image-client-0.log'
modules=()
own='client.0'
clients=1
has_service='yes'
output='/shared/bench-runs/r123/d1/clients/0/0'
client_log='/shared/bench-runs/r123/d1/clients/0/client.log'
env_file='/shared/bench-runs/r123/d1/client-0.env'
timeout_s=3600
service_s=60
reach_s=20

client_command() {
  command=(
    'sh'
    '-c'
    'set -eu
umask 077
WORK=$(mktemp -d)
echo '\''operation,http_status,first_byte_s,total_s'\'' > "$OUTPUT_DIR/requests.csv"

measure() {
  read START _ < /proc/uptime
  curl --silent --parallel --parallel-immediate --parallel-max "$2" --max-time "$REQUEST_TIMEOUT" --config "$3" > "$WORK/rows" 2>> "$OUTPUT_DIR/curl.log" || true
  read END _ < /proc/uptime
  awk -v op="$1" '\''{ print op "," $1 "," $2 "," $3 }'\'' "$WORK/rows" >> "$OUTPUT_DIR/requests.csv"
  ELAPSED=$(awk -v a="$START" -v b="$END" '\''BEGIN { d = b - a; print (d > 0.01 ? d : 0.01) }'\'')
}

summarize() {
  awk -F, '\''NR > 1 && $2 >= 200 && $2 < 400 { print $4 * 1000 }'\'' "$OUTPUT_DIR/requests.csv" | sort -n > "$WORK/ok"
  TOTAL=$(awk '\''END { print NR - 1 }'\'' "$OUTPUT_DIR/requests.csv")
  awk -v total="$TOTAL" -v elapsed="$1" '\''
    function percentile(p,   at, low) {
      at = (NR - 1) * p / 100 + 1; low = int(at)
      return v[low] + (at - low) * (v[low < NR ? low + 1 : NR] - v[low])
    }
    { v[NR] = $1; sum += $1 }
    END {
      printf "{\"requests\":%d,\"failed_requests\":%d,\"duration_s\":%.3f,\"requests_per_second\":%.3f", total, total - NR, elapsed, NR / elapsed
      if (NR > 0) printf ",\"latency_mean_ms\":%.3f,\"latency_p50_ms\":%.3f,\"latency_p95_ms\":%.3f,\"latency_p99_ms\":%.3f", sum / NR, percentile(50), percentile(95), percentile(99)
      print "}"
      exit (NR == 0)
    }'\'' "$WORK/ok" > "$OUTPUT_DIR/metrics.json"
}
{
  printf '\''url = "%s%s#[1-%s]"\noutput = /dev/null\n'\'' "$SERVICE_URL" "$REQUEST_PATH" "$NUM_REQUESTS"
  printf '\''%s\n'\'' '\''write-out = "%{http_code} %{time_starttransfer} %{time_total}\n"'\''
  printf '\''header = "Authorization: Bearer %s"\n'\'' "$SERVICE_PASSWORD"
  if [ -n "$REQUEST_BODY" ]; then
    printf '\''%s'\'' "$REQUEST_BODY" > "$WORK/body"
    printf '\''data-binary = "@%s/body"\nheader = "Content-Type: application/json"\n'\'' "$WORK"
  fi
} > "$WORK/requests"
measure "$OPERATION" "$CONCURRENT_REQUESTS" "$WORK/requests"
summarize "$ELAPSED"
'
  )
}

after_command() { :; }

set_up() {
  case $scratch${HF_HOME:-} in *[:,]*) finish 1 "a container cannot be given a folder with : or , in its name: TMPDIR or HF_HOME" ;; esac
  job_inside=/bench/job
  mkdir -p -- "$scratch/"'job/home' "$scratch/"'tmp' "$scratch/"'job'
  local target
  for target in '/bench/job' '/bench/output' '/data'; do
    [ -e "$image$target" ] || mkdir -p -- "$image$target" || finish 1 "the image $image has no folder $target to mount on"
  done
  enter=(env "TMPDIR=$scratch/tmp" ch-run '--unset-env=*' --cd=/tmp)
  if [ -e "$image/ch/environment" ]; then enter+=(--set-env); fi
  enter+=(--bind "$scratch/"'job'':/bench/job')
  enter+=(--bind '/shared/bench-runs/r123/d1/clients/0/0'':/bench/output')
  enter+=(--bind '/data'':/data')
  enter+=("$image" -- sh -c '. "$1" && { rm -f -- "$1" || /bin/rm -f -- "$1" || :; } 2> /dev/null && shift && exec "$@"' sh)
}

pass_variables() {
  local name
  for name in CUDA_VISIBLE_DEVICES NVIDIA_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES HIP_VISIBLE_DEVICES GPU_DEVICE_ORDINAL ZE_AFFINITY_MASK http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY OMP_NUM_THREADS HF_HUB_OFFLINE SLURM_JOB_ID SLURM_JOB_NODELIST SLURM_NNODES SLURM_CPUS_PER_TASK SLURM_CPUS_ON_NODE SLURMD_NODENAME; do
    if [ -n "${!name+set}" ]; then printf 'export %s=%s\n' "$name" "$(sh_word "${!name}")"; fi
  done
  printf '%s\n' 'export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}" HOME=/bench/job/home TMPDIR=/tmp CUDA_DEVICE_ORDER=PCI_BUS_ID'
}

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

# They are written for shells that are less strict, and may change the shell: what this script needs is set again afterwards.
run_prelude() {
  local name
  set +u
  if [ "${#modules[@]}" -gt 0 ]; then
    phase='loading the environment modules'
    if ! type module > /dev/null 2>&1; then finish 1 "there are no environment modules on $node (slurm.modules)"; fi
    for name in "${modules[@]}"; do
      phase="module load $name"
      module load "$name"
    done
  fi
  if [ -e "$dep/prelude.sh" ]; then
    phase='slurm.prelude'
    # shellcheck source=/dev/null
    source "$dep/prelude.sh"
  fi
  set -euo pipefail
  umask 077
  catch_signals
  failed_line=''
}

self=$node.$job_id.$$

# Tells other jobs that this one, which holds the lock, lives: they see it in the number, not by any clock. Without its file it holds the lock no more.
beat_lock() {
  [ -n "$held_lock" ] || return 0
  [ "$SECONDS" != "$lock_beat" ] || return 0
  lock_beat=$SECONDS
  if [ -e "$held_lock/$self" ]; then
    { echo "$node $$ $lock_beat" > "$held_lock/$self"; } 2> /dev/null || true
  else
    held_lock=''
  fi
}
held_lock=''
lock_beat=''

# Is the job gone that holds a lock? At once seen on its own node. $1: file of the owner.
owner_gone() {
  local where pid
  read -r where pid _ 2> /dev/null < "$1" || return 1
  [ "$where" = "$node" ] && ! kill -0 "$pid" 2> /dev/null && [ ! -e "/proc/$pid" ]
}

# Breaks the lock $1, whose owner's file is $2 (nothing: it has none), and removes what that one left of the image $3.
break_lock() {
  if [ -n "$2" ]; then rm -rf -- "$2" "$3.part.${2##*/}" "$3.part.${2##*/}.sha256"; fi
  rmdir -- "$1" 2> /dev/null || true
}

# 1: another has the lock $1. Where there is no room for it nobody has it, and nobody is waited for.
claim_lock() {
  local told
  if told=$(LC_ALL=C mkdir -- "$1" 2>&1); then
    if { echo "$node $$ 0" > "$1/$self"; } 2> /dev/null; then return 0; fi
    # Its folder was taken away meanwhile: it is another's turn.
    [ -d "$1" ] || return 1
    rm -f -- "$1/$self" 2> /dev/null || true
    rmdir -- "$1" 2> /dev/null || true
  else
    case $told in *'No space left'* | *[Qq]uota*) ;; *) return 1 ;; esac
  fi
  finish 1 "$(dirname -- "$1") cannot be written to: is the disk or the quota full?"
}

# Waits for the lock on a file; 1: the file is there. A lock that shows no life for lock_stale_s is broken.
take_lock() {
  local lock=$1.lock file beat seen='' since=$SECONDS
  while ! claim_lock "$lock"; do
    if [ -e "$1" ]; then return 1; fi
    if [ ! -d "$lock" ] && [ ! -w "$(dirname -- "$lock")" ]; then finish 1 "$(dirname -- "$lock") cannot be written to"; fi
    file=''
    for file in "$lock"/*; do break; done
    [ -e "$file" ] || file=''
    beat="$file $([ -z "$file" ] || cat -- "$file" 2> /dev/null || true)"
    if [ "$beat" != "$seen" ]; then seen=$beat since=$SECONDS; fi
    if [ $((SECONDS - since)) -ge "$lock_stale_s" ] || { [ -n "$file" ] && owner_gone "$file"; }; then
      break_lock "$lock" "$file" "$1"
      since=$SECONDS
      continue
    fi
    look
    stop_when_told
    pause 0.5
  done
  held_lock=$lock
  lock_beat=''
  beat_lock
}

free_lock() {
  [ -n "$held_lock" ] || return 0
  rm -f -- "$held_lock/$self"
  rmdir -- "$held_lock" 2> /dev/null || true
  held_lock=''
}

drop_part() { [ -z "$image_part" ] || rm -rf -- "$image_part" "$image_part.sha256"; }
image_part=''

# Brings the image to $1.
fetch_image() {
  case $runtime in
    charliecloud)
      run_watched "$image_log" "$pull_s" ch-image pull "$image_uri" && run_watched "$image_log" "$pull_s" ch-convert -i ch-image -o dir "$image_uri" "$1"
      ;;
    *) run_watched "$image_log" "$pull_s" "$runtime" pull "$1" "$image_uri" ;;
  esac
}

# Another has brought the image, having taken this job for dead.
was_brought() {
  [ -e "$image" ] || return 1
  drop_part
  image_part=''
}

# There is no image afterwards where this job was taken for dead meanwhile, and what it had brought was removed.
pull_image() {
  local code=0
  image_part=$image.part.$self
  : > "$image_log"
  fetch_image "$image_part" || code=$?
  stop_when_told
  if was_brought; then return 0; fi
  lock_beat=''
  beat_lock
  if [ -z "$held_lock" ] && { [ "$code" != 0 ] || [ ! -s "$image_part" ]; }; then
    drop_part
    image_part=''
    return 0
  fi
  if [ -n "$timed_out" ]; then finish 1 "the image $image_uri was not there within $pull_s s"; fi
  if [ "$code" != 0 ]; then finish 1 "the image $image_uri cannot be had: $runtime $(ending_of "$code" "$image_log")"; fi
  if [ ! -s "$image_part" ]; then finish 1 "the image $image_uri cannot be had: $runtime left nothing"; fi
  if [ -f "$image_part" ]; then
    run_watched "$image_part.sha256" 0 sha256sum -- "$image_part" || true
    stop_when_told
    if was_brought; then return 0; fi
    cut -d ' ' -f 1 "$image_part.sha256" > "$image.sha256"
    rm -f -- "$image_part.sha256"
  fi
  # A folder that is there is not replaced.
  mv -T -- "$image_part" "$image" || was_brought
  image_part=''
}

prepare_image() {
  phase='preparing the image'
  case $runtime in
    none)
      image_action=none
      return 0
      ;;
    # Where images are pulled to is none of the node's business afterwards.
    charliecloud) export USER=${USER:-$(id -un)} CH_IMAGE_STORAGE=${CH_IMAGE_STORAGE:-$scratch/ch-image} ;;
  esac
  if ! command -v "$runtime_program" > /dev/null; then
    finish 1 "$runtime_program is not on $node: name its module in slurm.modules, or set PATH in slurm.prelude"
  fi
  if [ -z "$image_uri" ]; then
    image_action=given
    if [ ! -e "$image" ]; then finish 1 "there is no image $image on $node"; fi
    return 0
  fi
  image_action=cached
  if [ -e "$image" ]; then return 0; fi
  mkdir -p -- "$(dirname -- "$image")"
  export APPTAINER_CACHEDIR=${APPTAINER_CACHEDIR:-$cache/apptainer} SINGULARITY_CACHEDIR=${SINGULARITY_CACHEDIR:-$cache/apptainer}
  export APPTAINER_TMPDIR=${APPTAINER_TMPDIR:-$scratch} SINGULARITY_TMPDIR=${SINGULARITY_TMPDIR:-$scratch}
  until [ -e "$image" ]; do
    take_lock "$image" || continue
    if [ ! -e "$image" ]; then
      image_action=pulled
      pull_image
    fi
    free_lock
  done
}

image_digest() {
  if [ -n "$image_uri" ] && [ -s "$image.sha256" ]; then head -n 1 "$image.sha256" | tr -cd '0-9a-f'; fi
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
  own_state exit "\"code\":$1,\"reason\":$(json_text "$2")" || return 1
  if [ -n "$has_service" ]; then stop_service_when_last; fi
}

look() {
  beat_lock
  tell_progress
  if [ -n "$has_service" ] && there service.exit; then
    end_because 1 "the service is over: $(member "$state_dir/service.exit" reason)"
  elif there stop; then
    end_because 130 "stopped: $(member "$state_dir/stop" reason)"
  fi
}

reachable() { timeout 5 bash -c 'exec 3<> "/dev/tcp/$1/$2"' bash "$1" "$2" 2> /dev/null; }

# Sets service_host and port.
find_service() {
  local begun=$SECONDS candidate
  phase='waiting for the service'
  while ! there service.ready; do
    look
    stop_when_told
    if [ $((SECONDS - begun)) -ge "$service_s" ]; then finish 1 "the service was not ready within $service_s s"; fi
    pause 1
  done
  service_host=''
  port=''
  if ! there service.announced; then return 0; fi
  phase='looking for the service'
  port=$(sed -n 's/.*"port":\([0-9]*\).*/\1/p' "$state_dir/service.announced")
  begun=$SECONDS
  while :; do
    while IFS= read -r candidate; do
      if reachable "$candidate" "$port"; then
        service_host=$candidate
        return 0
      fi
      look
      stop_when_told
    done < <(sed -n 's/.*"hosts":\[\([^]]*\)\].*/\1/p' "$state_dir/service.announced" | tr ',' '\n' | tr -d '"')
    if [ $((SECONDS - begun)) -ge "$reach_s" ]; then finish 1 "the service is not reached from $node: $(cat -- "$state_dir/service.announced")"; fi
    pause 1
  done
}

client_variables() {
  pass_variables
  [ -n "$service_host" ] || return 0
  printf 'export SERVICE_HOSTNAME=%s SERVICE_PORT=%s SERVICE_URL=%s\n' "$(sh_word "$service_host")" "$(sh_word "$port")" "$(sh_word "http://$service_host:$port")"
}

run_command() {
  local code=0
  phase='running'
  client_command
  { client_variables && cat -- "$env_file"; } > "$scratch/job/env"
  run_watched "$client_log" "$timeout_s" "${enter[@]}" "$job_inside/env" "${command[@]}" || code=$?
  if [ "$code" != 0 ]; then
    result=$(ending_of "$code" "$client_log")
    result_code=$code
  fi
  if [ -n "$timed_out" ]; then
    result="did not end within $timeout_s s and was ended"
    result_code=null
  fi
}
result=''
result_code=0

main() {
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/bench.XXXXXXXX")
  catch_signals
  service_host=''
  port=''
  phase='starting'
  rm -f -- "$state_dir/$own.exit"
  own_state running "$(job_members)" || finish "$write_failed" "$state_dir cannot be written to"
  mkdir -p -- "$output"
  : > "$client_log"
  look
  stop_when_told
  run_prelude
  prepare_image
  phase='preparing the node'
  set_up
  if [ -n "$has_service" ]; then find_service; fi
  # It measures from here on.
  own_state ready "\"url\":$(json_text "${service_host:+http://$service_host:$port}")" || finish "$write_failed" "$state_dir cannot be written to"
  run_command
  after_command
  stop_when_told
  if [ "$result_code" = null ]; then finish 1 "$result"; fi
  finish "$result_code" "${result:-done}" "$result_code"
}

main
