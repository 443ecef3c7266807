#!/bin/bash -l
# The service of a deployment: brings its engine up, says where it is, and ends it.
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
runtime='apptainer'
runtime_program='apptainer'
image='/shared/bench-runs/cache/images/redis-8-a71c67974b1f5db5.sif'
image_uri='docker://redis:8'
image_log='/shared/bench-runs/r123/d1/image.log'
modules=()
engine_log='/shared/bench-runs/r123/d1/engine.log'
fixed_port='free'
ready_kind='tcp'
ready_text=''
ready_s=300
send_key=''
clients=1
prepare=''
gpus=''
engine_pid='/shared/bench-runs/r123/d1/engine.pid'
telemetry_log='/shared/bench-runs/r123/d1/telemetry.jsonl'
telemetry_s=1

engine_command() {
  command=(
    'sh'
    '-c'
    'set -eu
umask 077
printf '\''bind 0.0.0.0\nport %s\nrequirepass %s\ndir /tmp\nsave ""\nappendonly %s\nmaxmemory %s\nmaxmemory-policy %s\n'\'' \
  "$PORT" "$SERVICE_PASSWORD" "$APPENDONLY" "$MAXMEMORY" "$MAXMEMORY_POLICY" > /tmp/redis.conf
exec redis-server /tmp/redis.conf
'
  )
}

set_up() {
  case $scratch${HF_HOME:-} in *[:,]*) finish 1 "a container cannot be given a folder with : or , in its name: TMPDIR or HF_HOME" ;; esac
  job_inside=/bench/job
  mkdir -p -- "$scratch/"'job/home' "$scratch/"'tmp' "$scratch/"'job'
  mkdir -p -- "${HF_HOME:-$models}"
  enter=(apptainer exec --cleanenv --no-home --pwd /tmp)
  enter+=(--bind "$scratch/"'job'':/bench/job')
  enter+=(--bind "$scratch/"'tmp'':/tmp')
  enter+=(--bind "$scratch/"'tmp'':/var/tmp')
  enter+=(--bind "${HF_HOME:-$models}:/bench/models")
  enter+=("$image" sh -c '. "$1" && { rm -f -- "$1" || /bin/rm -f -- "$1" || :; } 2> /dev/null && shift && exec "$@"' sh)
}

pass_variables() {
  local name
  for name in CUDA_VISIBLE_DEVICES NVIDIA_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES HIP_VISIBLE_DEVICES GPU_DEVICE_ORDINAL ZE_AFFINITY_MASK http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY OMP_NUM_THREADS HF_HUB_OFFLINE SLURM_JOB_ID SLURM_JOB_NODELIST SLURM_NNODES SLURM_CPUS_PER_TASK SLURM_CPUS_ON_NODE SLURMD_NODENAME; do
    if [ -n "${!name+set}" ]; then printf 'export %s=%s\n' "$name" "$(sh_word "${!name}")"; fi
  done
  printf '%s\n' 'export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}" HOME=/bench/job/home TMPDIR=/tmp CUDA_DEVICE_ORDER=PCI_BUS_ID'
  printf 'export HF_HOME=%s\n' /bench/models
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

# User id and inode of every socket that listens on a port, a line each.
listeners() {
  awk -v port="$(printf ':%04X' "$1")" '$4 == "0A" && substr($2, length($2) - 4) == port { print $8, $10 }' /proc/net/tcp /proc/net/tcp6 2> /dev/null || true
}

# Has the process of a socket been started by this job?
is_engines() {
  local pid session
  pid=$(find /proc/[0-9]*/fd -maxdepth 1 -lname "socket:\[$1\]" -print -quit 2> /dev/null | cut -d / -f 3) || true
  # Nobody's that can be seen: the user is the same, and that must do.
  [ -n "$pid" ] || return 0
  session=$(sed 's/.*) //' "/proc/$pid/stat" 2> /dev/null | cut -d ' ' -f 4) || true
  [ "$session" != "$engine" ] || return 0
  tr '\0' '\n' < "/proc/$pid/environ" 2> /dev/null | grep -qxF "BENCH_ENGINE_OF=$mark"
}

# Who listens on a port: "nobody", "engine", or "other".
listener() {
  local uid inode who=nobody
  while read -r uid inode; do
    if [ "$uid" != "$UID" ] || ! is_engines "$inode"; then
      echo other
      return
    fi
    who=engine
  done < <(listeners "$1")
  echo "$who"
}

# Sets port to one where nobody listens, below those that the kernel gives to connections. It may be taken before the engine has it.
choose_port() {
  local i
  for ((i = 0; i < 500; i += 1)); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    if [ -z "$(listeners "$port")" ]; then return 0; fi
  done
  finish 1 "no free port was found on $node"
}

# Status of an HTTP request; nothing when nobody answers. The key is written by the shell itself, and is no argument of anything.
# $1: port; $2: path; $3: key, or nothing.
http_status() {
  local status header=''
  if [ -n "$3" ]; then header="Authorization: Bearer $3"$'\r\n'; fi
  (
    exec 9<> "/dev/tcp/127.0.0.1/$1" || exit 0
    printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n%sConnection: close\r\n\r\n' "$2" "$1" "$header" >&9
    IFS=' ' read -r -t "$probe_s" _ status _ <&9 || exit 0
    printf '%s' "${status:0:3}"
  ) 2> /dev/null || true
}

# Names and addresses of this node, the likeliest first, as a list of JSON. Addresses of version 6 are left out: the engine listens on none.
host_candidates() {
  local name all='' seen=' '
  # shellcheck disable=SC2046
  for name in "${SLURMD_NODENAME:-}" "$(timeout 5 hostname -f 2> /dev/null || true)" "$(hostname -s 2> /dev/null || true)" "$(uname -n)" \
    $(hostname -I 2> /dev/null || true) $(ip -4 -o addr show scope global 2> /dev/null | awk '{ sub("/.*", "", $4); print $4 }' || true); do
    case $name in '' | localhost | localhost.* | 127.* | *:*) continue ;; esac
    case $seen in *" $name "*) continue ;; esac
    seen="$seen$name "
    all="$all,$(json_text "$name")"
  done
  # A node without a network can still be spoken to from itself.
  [ -n "$all" ] || all=',"127.0.0.1"'
  printf '[%s]' "${all#,}"
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

# The job's GPUs as a list of JSON. Slurm names them in a variable, numbered as the tools see them; without it they are all that a job sees which
# asked for some.
telemetry_gpus() {
  local visible=${CUDA_VISIBLE_DEVICES-${ROCR_VISIBLE_DEVICES-all}} rows='' told='' more code only=()
  if [ "$visible" = all ]; then
    case $gpus in
      '') visible='' ;;
      unknown)
        printf null
        return 0
        ;;
    esac
  fi
  case $visible in
    '' | NoDevFiles)
      printf '[]'
      return 0
      ;;
  esac
  if command -v nvidia-smi > /dev/null; then
    if [ "$visible" != all ]; then only=(-i "$visible"); fi
    # Drivers name the reasons differently, and one that does not know a field tells nothing at all (2: an argument is not valid).
    for more in ,clocks.sm,clocks.mem,clocks_event_reasons.active ,clocks.sm,clocks.mem,clocks_throttle_reasons.active ''; do
      code=0
      told=$(timeout -k 1 4 nvidia-smi ${only[@]+"${only[@]}"} --query-gpu="index,utilization.gpu,memory.used,memory.total,power.draw,temperature.gpu$more" \
        --format=csv,noheader,nounits 2> /dev/null) || code=$?
      if [ "$code" != 2 ]; then break; fi
    done
    rows=$(printf '%s\n' "$told" | LC_ALL=C awk -F ', *' '
        function number(text) { return text ~ /^[0-9]+(\.[0-9]+)?$/ ? text + 0 : "null" }
        (NF == 6 || NF == 9) && $1 ~ /^[0-9]+$/ {
          printf "%s{\"index\":%d,\"utilizationPercent\":%s,\"memoryUsedMiB\":%s,\"memoryTotalMiB\":%s,\"powerW\":%s,\"temperatureC\":%s",
            comma, $1, number($2), number($3), number($4), number($5), number($6)
          if (NF == 9) printf ",\"smClockMhz\":%s,\"memoryClockMhz\":%s,\"clockReasons\":%s", number($7), number($8), ($9 ~ /^0x[0-9A-Fa-f]+$/ ? "\"" $9 "\"" : "null")
          printf "}"
          comma = ","
        }') || true
  fi
  if [ -z "$rows" ] && command -v rocm-smi > /dev/null; then
    only=()
    # It knows no other names than numbers.
    case $visible in
      *[!0-9,]*) ;;
      *) IFS=, read -r -a only <<< "$visible" && only=(-d "${only[@]}") ;;
    esac
    rows=$(timeout -k 1 4 rocm-smi ${only[@]+"${only[@]}"} --showuse --showmeminfo vram --showpower --showtemp --csv 2> /dev/null | LC_ALL=C awk -F , '
      function number(at, divisor, text) {
        text = at in column ? $(column[at]) : ""
        return text ~ /^[0-9]+(\.[0-9]+)?$/ ? (divisor == 1 ? text + 0 : sprintf("%.0f", text / divisor)) : "null"
      }
      $1 == "device" {
        for (i = 2; i <= NF; i++) {
          if ($i ~ /^GPU use/) column["use"] = i
          else if ($i ~ /^VRAM Total Memory/) column["total"] = i
          else if ($i ~ /^VRAM Total Used Memory/) column["used"] = i
          else if ($i ~ /Graphics Package Power/) column["power"] = i
          else if ($i ~ /^Temperature \(Sensor (edge|junction)\)/ && !("temperature" in column)) column["temperature"] = i
        }
      }
      $1 ~ /^card[0-9]+$/ {
        printf "%s{\"index\":%d,\"utilizationPercent\":%s,\"memoryUsedMiB\":%s,\"memoryTotalMiB\":%s,\"powerW\":%s,\"temperatureC\":%s}",
          comma, substr($1, 5), number("use", 1), number("used", 1048576), number("total", 1048576), number("power", 1), number("temperature", 1)
        comma = ","
      }') || true
  fi
  if [ -n "$rows" ]; then printf '[%s]' "$rows"; else printf null; fi
}

# The processes of a group or session. $1: its number, or nothing.
telemetry_processes() {
  local ticks page
  ticks=$(getconf CLK_TCK) && page=$(getconf PAGESIZE) || ticks=''
  if [ -z "$1" ] || [ -z "$ticks" ]; then
    printf null
    return 0
  fi
  # A process that goes meanwhile is not there.
  { cat /proc/[0-9]*/stat 2> /dev/null || true; } | LC_ALL=C awk -v group="$1" -v ticks="$ticks" -v page="$page" '
    { sub(/^.*\) /, "") }
    $3 == group || $4 == group { count += 1; used += $12 + $13 + $14 + $15; pages += $22 }
    END {
      if (count) printf "{\"count\":%d,\"cpuS\":%.2f,\"rssBytes\":%.0f}", count, used / ticks, pages * page
      else printf "null"
    }'
}

# $1: the engine's group.
telemetry_line() {
  printf '{"atMs":%s,"gpus":%s,"processes":%s}\n' "$(date +%s%3N)" "$(telemetry_gpus)" "$(telemetry_processes "$1")"
}

telemetry=''

telemetry_loop() {
  local line nap=''
  set +eE
  trap - ERR EXIT USR1
  trap 'if [ -n "$nap" ]; then kill "$nap"; fi; exit 0' TERM INT HUP
  while kill -0 "$engine"; do
    line=$(telemetry_line "$engine")
    printf '%s\n' "$line" >> "$telemetry_log"
    sleep "$telemetry_s" &
    nap=$!
    wait "$nap"
  done
}

begin_telemetry() {
  end_telemetry
  { printf '%s %s %s\n' "$job_id" "$engine" "$gpus" > "$engine_pid"; } 2> /dev/null || true
  telemetry_loop > /dev/null 2>&1 < /dev/null &
  telemetry=$!
}

end_telemetry() {
  if [ -n "$telemetry" ]; then kill "$telemetry" 2> /dev/null || true; fi
  telemetry=''
}

mark=$job_id.$$
engine=''
engine_code=''
listening=''

look() {
  beat_lock
  if there stop; then
    local why
    why=$(member "$state_dir/stop" reason)
    end_because 0 "stopped${why:+: $why}"
  fi
}

service_exit() { state service.exit "\"code\":$1,$2\"reason\":$(json_text "$3")"; }

# The end of all: the engine is ended, and everybody told why. $1: this job's exit code; $2: the reason.
finish() {
  local code=null signal=''
  over=1
  trap '' TERM INT HUP USR1
  set +e
  end_telemetry
  # Slurm may leave little time: the clients are told first.
  if [ -n "$engine" ] && [ -z "$engine_code" ]; then
    service_exit null '' "$2"
    end_group "$engine" "$grace_s"
    wait "$engine"
    engine_code=$?
  fi
  if [ -n "$running_group" ]; then end_group "$running_group" 2; fi
  if [ -n "$engine_code" ]; then
    if [ "$engine_code" -gt 128 ] && [ "$engine_code" -lt 193 ]; then
      signal="\"signal\":$(json_text "SIG$(kill -l "$((engine_code - 128))")"),"
    else
      code=$engine_code
    fi
  fi
  printf 'the service is over: %s\n' "$2" >&2
  service_exit "$code" "$signal" "$2" || set -- "$write_failed" "$2"
  clean_up
  exit "$1"
}

# How the engine ended by itself.
engine_ended() {
  engine_code=0
  wait "$engine" || engine_code=$?
  if group_alive "$engine"; then end_group "$engine" 2; fi
}

start_engine() {
  engine_command
  if [ "$runtime" = none ] && ! command -v "${command[0]}" > /dev/null; then
    finish 1 "${command[0]} is not on $node: name its module in slurm.modules, or set PATH in slurm.prelude"
  fi
  write_variables env
  if [ -e "$dep/with-key.py" ]; then cp -- "$dep/with-key.py" "$scratch/job/"; fi
  engine_code=''
  listening=''
  setsid "${enter[@]}" "$job_inside/env" "${command[@]}" >> "$engine_log" 2>&1 < /dev/null &
  engine=$!
  begin_telemetry
}

# What the job knows only now. The recipe's own variables come after these and win.
job_variables() {
  pass_variables
  printf 'export BENCH_PORT=%s BENCH_ENGINE_OF=%s\n' "$(sh_word "$port")" "$(sh_word "$mark")"
  if [ "$port" != 0 ]; then printf 'export PORT=%s\n' "$(sh_word "$port")"; fi
}

# For one program, which removes them when it has them. $1: name of the file.
write_variables() { { job_variables && cat -- "$dep/service.env"; } > "$scratch/job/$1"; }

# Is it ready? Why it is not yet is in not_ready.
is_ready() {
  local status
  case $ready_kind in
    http)
      status=$(http_status "$port" "$ready_text" "$probe_key")
      case $status in
        2??) return 0 ;;
        '') not_ready="nobody answered on port $port" ;;
        *) not_ready="$ready_text answered $status" ;;
      esac
      ;;
    tcp)
      [ "$(listener "${ready_text:-$port}")" != nobody ] && return 0
      not_ready="nobody listens on port ${ready_text:-$port}"
      ;;
    log)
      grep -aqF -e "$ready_text" -- "$engine_log" && return 0
      not_ready="no line of its log holds \"$ready_text\""
      ;;
    none) return 0 ;;
  esac
  return 1
}

# Waits until the engine is ready. 0: it is; 1: its port was taken by another program before it had it.
until_ready() {
  local begun=$SECONDS who rest=0.1
  not_ready='it was not asked'
  while :; do
    look
    stop_when_told
    if ! kill -0 "$engine" 2> /dev/null; then
      engine_ended
      if [ "$port" != 0 ] && [ "$(listener "$port")" = other ]; then return 1; fi
      stop_when_told
      finish 1 "the engine $(ending_of "$engine_code" "$engine_log") (before it was ready)"
    fi
    if [ "$port" != 0 ] && [ -z "$listening" ]; then
      who=$(listener "$port")
      if [ "$who" = other ]; then
        end_group "$engine" "$grace_s"
        engine_ended
        return 1
      fi
      if [ "$who" = engine ]; then
        listening=1
        state service.listening || finish "$write_failed" "$state_dir cannot be written to"
      fi
    fi
    # Before the engine has its port, whoever answers there is another.
    if [ "$port" = 0 ] || [ -n "$listening" ]; then
      if is_ready; then return 0; fi
    else
      not_ready="nobody listens on port $port"
    fi
    if [ $((SECONDS - begun)) -ge "$ready_s" ]; then
      finish 1 "the engine was not ready within $ready_s s: $not_ready$(last=$(last_line "$engine_log") && printf '%s' "${last:+; its log ends with: $last}")"
    fi
    pause "$rest"
    if [ $((SECONDS - begun)) -ge 2 ]; then rest=1; fi
  done
}

bring_up() {
  local attempt
  : > "$engine_log"
  for ((attempt = 1; ; attempt += 1)); do
    phase='starting the engine'
    if [ "$fixed_port" = free ]; then
      choose_port
    else
      port=$fixed_port
      if [ "$port" != 0 ] && [ "$(listener "$port")" != nobody ]; then
        finish 1 "port $port of $node is taken by another program: have the service listen on \$PORT"
      fi
    fi
    if [ "$port" != 0 ]; then
      state service.announced "\"hosts\":$(host_candidates),\"port\":$port" || finish "$write_failed" "$state_dir cannot be written to"
    fi
    start_engine
    phase='waiting for the engine'
    if until_ready; then return 0; fi
    printf 'port %s was taken by another program before the engine had it\n' "$port" >&2
    if [ "$fixed_port" != free ] || [ "$attempt" -ge 5 ]; then finish 1 "port $port of $node was taken by another program before the engine had it"; fi
  done
}

run_prepare() {
  local code=0
  [ -n "$prepare" ] || return 0
  phase='service.prepare'
  write_variables prepare-env
  run_watched "$dep/prepare.log" 3600 "${enter[@]}" "$job_inside/prepare-env" sh -c "$prepare" || code=$?
  rm -f -- "$scratch/job/prepare-env"
  stop_when_told
  if [ "$code" != 0 ]; then finish 1 "service.prepare $(ending_of "$code" "$dep/prepare.log")"; fi
}

serve() {
  phase='serving'
  # An image may lack the program that removes it.
  rm -f -- "$scratch/job/env"
  state service.ready || finish "$write_failed" "$state_dir cannot be written to"
  # Nobody would ever end it.
  if [ "$clients" = 0 ]; then finish 0 'stopped: it has no clients'; fi
  while :; do
    look
    stop_when_told
    if ! kill -0 "$engine" 2> /dev/null; then
      engine_ended
      # A signal to the whole job ends both; which is seen first is chance.
      pause 0.2
      stop_when_told
      finish 1 "the engine $(ending_of "$engine_code" "$engine_log")"
    fi
    pause 1
  done
}

main() {
  local image_begun digest
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/bench.XXXXXXXX")
  catch_signals
  rm -f -- "$state_dir/service.exit"
  state service.running "$(job_members)" || finish "$write_failed" "$state_dir cannot be written to"
  look
  stop_when_told
  run_prelude
  image_begun=$(now_ms)
  prepare_image
  digest=$(image_digest)
  state service.image "\"action\":\"$image_action\",\"durationMs\":$(($(now_ms) - image_begun))${digest:+,\"sha256\":\"$digest\"}" ||
    finish "$write_failed" "$state_dir cannot be written to"
  phase='preparing the node'
  set_up
  probe_key=''
  if [ -n "$send_key" ]; then read -r probe_key < "$dep/api-key"; fi
  bring_up
  run_prepare
  serve
}

main
