/** The service's job, after the functions. Needs `engine_command`, `enter`, `ready_kind`, `ready_text`, `fixed_port`, `prepare`. */
export const SERVICE = String.raw`
mark=$job_id.$$
engine=''
engine_code=''
listening=''

look() {
  beat_lock
  if there stop; then
    local why
    why=$(member "$state_dir/stop" reason)
    end_because 0 "stopped${'$'}{why:+: $why}"
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
  if [ "$runtime" = none ] && ! command -v "${'$'}{command[0]}" > /dev/null; then
    finish 1 "${'$'}{command[0]} is not on $node: name its module in slurm.modules, or set PATH in slurm.prelude"
  fi
  write_variables env
  if [ -e "$dep/with-key.py" ]; then cp -- "$dep/with-key.py" "$scratch/job/"; fi
  engine_code=''
  listening=''
  setsid "${'$'}{enter[@]}" "$job_inside/env" "${'$'}{command[@]}" >> "$engine_log" 2>&1 < /dev/null &
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
      [ "$(listener "${'$'}{ready_text:-$port}")" != nobody ] && return 0
      not_ready="nobody listens on port ${'$'}{ready_text:-$port}"
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
      finish 1 "the engine was not ready within $ready_s s: $not_ready$(last=$(last_line "$engine_log") && printf '%s' "${'$'}{last:+; its log ends with: $last}")"
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
  run_watched "$dep/prepare.log" 3600 "${'$'}{enter[@]}" "$job_inside/prepare-env" sh -c "$prepare" || code=$?
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
  scratch=$(mktemp -d "${'$'}{TMPDIR:-/tmp}/bench.XXXXXXXX")
  catch_signals
  rm -f -- "$state_dir/service.exit"
  state service.running "$(job_members)" || finish "$write_failed" "$state_dir cannot be written to"
  look
  stop_when_told
  run_prelude
  image_begun=$(now_ms)
  prepare_image
  digest=$(image_digest)
  state service.image "\"action\":\"$image_action\",\"durationMs\":$(($(now_ms) - image_begun))${'$'}{digest:+,\"sha256\":\"$digest\"}" ||
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
`;
