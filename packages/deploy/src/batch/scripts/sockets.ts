/** Ports of the node, seen without any program but the shell's own. Needs `engine`, `mark`. */
export const SOCKETS = String.raw`
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
    printf '%s' "${'$'}{status:0:3}"
  ) 2> /dev/null || true
}

# Names and addresses of this node, the likeliest first, as a list of JSON. Addresses of version 6 are left out: the engine listens on none.
host_candidates() {
  local name all='' seen=' '
  # shellcheck disable=SC2046
  for name in "${'$'}{SLURMD_NODENAME:-}" "$(timeout 5 hostname -f 2> /dev/null || true)" "$(hostname -s 2> /dev/null || true)" "$(uname -n)" \
    $(hostname -I 2> /dev/null || true) $(ip -4 -o addr show scope global 2> /dev/null | awk '{ sub("/.*", "", $4); print $4 }' || true); do
    case $name in '' | localhost | localhost.* | 127.* | *:*) continue ;; esac
    case $seen in *" $name "*) continue ;; esac
    seen="$seen$name "
    all="$all,$(json_text "$name")"
  done
  # A node without a network can still be spoken to from itself.
  [ -n "$all" ] || all=',"127.0.0.1"'
  printf '[%s]' "${'$'}{all#,}"
}
`;
