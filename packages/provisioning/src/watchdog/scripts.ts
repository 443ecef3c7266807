/**
 * Makes the folder, for this user alone, and prints its path. `FOLDER`; empty: `~/.local/state/bench/lease`. Also prints what tells whether
 * this is the machine that bench runs on.
 */
export const PREPARE = String.raw`
dir=$1
[ -n "$dir" ] || dir=${'$'}{HOME:-.}/.local/state/bench/lease
umask 077
mkdir -p "$dir" && chmod 700 "$dir" && dir=$(CDPATH= cd "$dir" && pwd) || exit 5
[ -r /proc/uptime ] || exit 6
id=; [ -r /etc/machine-id ] && IFS= read -r id </etc/machine-id
printf '%s\n%s\n' "$id" "$dir"
`;

/** Says what the time is: seconds since boot, seconds since 1970, and which boot it is. */
const CLOCKS = String.raw`
number() { case $1 in '' | *[!0-9]*) return 1 ;; esac }
clocks() {
  IFS=' .' read -r up _ </proc/uptime || return 1
  now=$(date +%s)
  boot=-; [ -r /proc/sys/kernel/random/boot_id ] && IFS= read -r boot </proc/sys/kernel/random/boot_id
  number "$up" && number "$now"
}
`;

/**
 * Renews: the machine ends in so many seconds. `FOLDER SECONDS`. The file `deadline` has that as seconds since 1970, as seconds since the boot
 * that it also names, and the number itself: by this machine's own clocks alone.
 */
export const RENEW = `${CLOCKS}${String.raw`
umask 077
cd "$1" && clocks || exit 5
printf '%s %s %s %s\n' "$((now + $2))" "$((up + $2))" "$boot" "$2" >deadline.tmp && mv deadline.tmp deadline
`}`;

/**
 * Waits until nobody has renewed for so long, then ends the machine, and goes on trying until that works or somebody renews. `FOLDER`, with
 * the files `deadline`, `pause` and, where the machine can destroy itself by a request, `request` (for curl) or `wgetrc` and `url` (for GNU
 * wget). Without the folder there is nothing to watch. Two of them in one folder do no harm.
 *
 * Within a boot the clock that nobody sets counts. After a restart the wall clock does, which may be wrong until it has been set: what has passed
 * since the restart has passed in any case, and nothing is ended within two minutes of it, so that somebody who works with the machine can come back.
 *
 * How a request is preferred: a machine that is merely shut down may bill its disk. After ten that failed it is shut down all the same.
 */
export const WATCH = `${CLOCKS}${String.raw`
main() {
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
  LC_ALL=C
  export PATH LC_ALL
  umask 077
  dir=$1
  mark=; pause=60; tries=0
  while cd "$dir" 2>/dev/null; do
    look
    if [ "$left" -gt 0 ]; then
      tries=0
      [ "$left" -le 30 ] || left=30
      sleep "$left"
    else
      tries=$((tries + 1))
      echo "nobody has renewed the lease, which ended $((-left)) s ago: ending this machine, try $tries"
      if ask; then echo 'the provider was asked to destroy it'; [ "$tries" -lt 3 ] || off
      elif [ ! -s request ] || [ "$tries" -ge 10 ]; then off
      fi
      sleep "$pause"
    fi
  done
}
# What cannot be read is as it was; what never could is as if it had begun now.
look() {
  clocks
  IFS= read -r new 2>/dev/null <pause && number "$new" && pause=$new
  w=; m=; b=; s=
  IFS=' ' read -r w m b s 2>/dev/null <deadline
  if number "$w" && number "$m" && number "$s" && [ -n "$b" ]; then wall=$w mark=$m booted=$b seconds=$s
  elif [ -z "$mark" ]; then wall=$((now + 1800)) mark=$((up + 1800)) booted=$boot seconds=1800
  fi
  if [ "$booted" = "$boot" ]; then
    left=$((mark - up))
    [ "$left" -le "$seconds" ] || left=$seconds
  else
    left=$((wall - now))
    [ "$left" -le "$((seconds - up))" ] || left=$((seconds - up))
    [ "$left" -ge "$((120 - up))" ] || left=$((120 - up))
  fi
}
ask() {
  [ -s request ] || return 1
  if command -v curl >/dev/null 2>&1; then curl -q -K request >/dev/null
  else wget -q -T 30 -t 1 -O /dev/null --config=wgetrc -i url
  fi
}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
off() { as_root shutdown -h now || as_root poweroff || as_root halt -p; }
main "$@" </dev/null
`}`;
