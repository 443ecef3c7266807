/**
 * A sample of GPUs and processes as a line of JSON, see `TelemetrySample` of @bench/core. Needs `gpus`: whose GPUs the job asked for, nothing when for none, or `unknown`.
 * nvidia-smi and rocm-smi are given four seconds: a driver that hangs holds nothing up. What they do not say is null.
 */
export const TELEMETRY = String.raw`
# The job's GPUs as a list of JSON. Slurm names them in a variable, numbered as the tools see them; without it they are all that a job sees which
# asked for some.
telemetry_gpus() {
  local visible=${'$'}{CUDA_VISIBLE_DEVICES-${'$'}{ROCR_VISIBLE_DEVICES-all}} rows='' told='' more code only=()
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
      told=$(timeout -k 1 4 nvidia-smi ${'$'}{only[@]+"${'$'}{only[@]}"} --query-gpu="index,utilization.gpu,memory.used,memory.total,power.draw,temperature.gpu$more" \
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
      *) IFS=, read -r -a only <<< "$visible" && only=(-d "${'$'}{only[@]}") ;;
    esac
    rows=$(timeout -k 1 4 rocm-smi ${'$'}{only[@]+"${'$'}{only[@]}"} --showuse --showmeminfo vram --showpower --showtemp --csv 2> /dev/null | LC_ALL=C awk -F , '
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
`;

/** Samples beside the engine until it ends. Needs `engine`, `engine_pid`, `telemetry_log`, `telemetry_s`, `job_id`. Nothing waits for it, and nothing fails of it. */
export const TELEMETRY_LOOP = String.raw`
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
`;

/**
 * Two samples, a second apart, of a job that runs: for `bash -c`, within the job. `$1`: the file `engine.pid` of its deployment. Of another job's, or
 * where there is none, nothing is known of processes.
 */
export const JOB_SAMPLES = String.raw`
set -u
job='' engine='' gpus=''
{ read -r job engine gpus < "$1"; } 2> /dev/null || true
if [ "$job" != "${'$'}{SLURM_JOB_ID:-}" ]; then engine='' gpus=unknown; fi
${TELEMETRY}
telemetry_line "$engine"
sleep 1
telemetry_line "$engine"
`;

/**
 * Samples of a machine and of some of its GPUs, one a line, until the reader goes or it is ended; see `readHostSample`. For `bash -c`: `$1` the GPUs as
 * the tool numbers them, `0,1`, or nothing; `$2` seconds between two of them. Wall clock before and after: the tools take their time.
 */
export const HOST_SAMPLES = String.raw`
set -u
export CUDA_VISIBLE_DEVICES="$1"
every=$2
gpus=''
${TELEMETRY}
host_cpu() {
  local cpu user nice system idle iowait irq softirq steal ticks
  if ! { read -r cpu user nice system idle iowait irq softirq steal _ < /proc/stat; } 2> /dev/null || ! ticks=$(getconf CLK_TCK); then
    printf null
    return 0
  fi
  LC_ALL=C awk -v idle="$((idle + iowait))" -v busy="$((user + nice + system + irq + softirq + steal))" -v ticks="$ticks" \
    'BEGIN { printf "{\"busyS\":%.2f,\"totalS\":%.2f}", busy / ticks, (busy + idle) / ticks }'
}
while :; do
  from=$(date +%s%3N)
  cpu=$(host_cpu)
  on=$(telemetry_gpus)
  printf '{"fromMs":%s,"toMs":%s,"gpus":%s,"cpu":%s}\n' "$from" "$(date +%s%3N)" "$on" "$cpu" || exit 0
  sleep "$every"
done
`;
