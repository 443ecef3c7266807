/** What clients' jobs share. Needs `own` (the beginning of its files of state: `client.0`; of a command `service`) and `clients`. */
export const CLIENT = String.raw`
own_state() { state "$own.$1" "${'$'}{2:-}"; }

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
  own_exit "${'$'}{3:-null}" "$2" || set -- "$write_failed"
  clean_up
  exit "$1"
}
`;

/** A client that is a command of the recipe, and its wait for the service. */
export const COMMAND_CLIENT = String.raw`
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
  run_watched "$client_log" "$timeout_s" "${'$'}{enter[@]}" "$job_inside/env" "${'$'}{command[@]}" || code=$?
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
  scratch=$(mktemp -d "${'$'}{TMPDIR:-/tmp}/bench.XXXXXXXX")
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
  own_state ready "\"url\":$(json_text "${'$'}{service_host:+http://$service_host:$port}")" || finish "$write_failed" "$state_dir cannot be written to"
  run_command
  after_command
  stop_when_told
  if [ "$result_code" = null ]; then finish 1 "$result"; fi
  finish "$result_code" "${'$'}{result:-done}" "$result_code"
}

main
`;

/** The load generator's job: the program waits, measures and tells by itself; this sees to it that its end is known however it ends. */
export const LOAD_CLIENT = String.raw`
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
  run_watched "$client_log" 0 "${'$'}{command[@]}" || code=$?
  stop_when_told
  if [ "$code" = 0 ]; then finish 0 'done' 0; fi
  finish "$code" "the load client $(ending_of "$code" "$client_log")" "$code"
}

main
`;
