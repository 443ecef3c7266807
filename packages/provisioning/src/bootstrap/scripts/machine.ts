import { scriptOf } from './prelude.ts';

/** Prints `key<TAB>value`: what decides whether anything may be installed. */
export const IDENTITY = scriptOf(String.raw`
[ -r /etc/os-release ] && . /etc/os-release
printf 'system\t%s %s\n' "$ID" "$VERSION_ID"
printf 'name\t%s\n' "$PRETTY_NAME"
as_root true 2>/dev/null && printf 'root\tyes\n'
exit 0
`);

/** One line for each thing that must not be disturbed. */
export const BUSY = scriptOf(String.raw`
containers=$(dock ps -q | grep -c .)
[ "$containers" = 0 ] || echo "$containers running container(s)"
if command -v nvidia-smi >/dev/null 2>&1; then
  programs=$(nvidia-smi --query-compute-apps=pid --format=csv,noheader 2>/dev/null | grep -c '^[0-9]')
  [ "$programs" = 0 ] || echo "$programs program(s) on the GPUs"
fi
exit 0
`);

export const BOOT_ID = scriptOf('cat /proc/sys/kernel/random/boot_id');

/** Nothing where there is none. */
export const MACHINE_ID = scriptOf('cat /etc/machine-id 2>/dev/null || exit 0');

/** The answer is out before the connection goes. */
export const REBOOT = scriptOf(String.raw`
as_root true || die 'no right to restart the machine'
as_root setsid sh -c 'sleep 2; systemctl reboot || reboot || shutdown -r now' >/dev/null 2>&1 </dev/null &
`);

/** First boot: cloud-init still writes keys and installs packages, and a clock that is wrong breaks every TLS connection. */
export const SETTLED = scriptOf(String.raw`
if command -v cloud-init >/dev/null 2>&1; then
  case "$(cloud-init status 2>/dev/null)" in *running* | *'not started'*) exit 1 ;; esac
fi
[ "$1" = clock ] || exit 0
if [ -d /run/systemd/system ] && command -v timedatectl >/dev/null 2>&1; then
  [ "$(timedatectl show -p NTP --value 2>/dev/null)" = yes ] || exit 0
  [ "$(timedatectl show -p NTPSynchronized --value 2>/dev/null)" = yes ] || exit 1
fi
exit 0
`);

/** A clock that does not come right in two minutes is left to its owner. */
export const SETTLE = scriptOf(String.raw`
if command -v cloud-init >/dev/null 2>&1; then timeout 600 cloud-init status --wait || true; fi
tries=0
while [ -d /run/systemd/system ] && [ "$(timedatectl show -p NTPSynchronized --value 2>/dev/null)" = no ] && [ "$tries" -lt 24 ]; do
  tries=$((tries + 1))
  sleep 5
done
exit 0
`);
