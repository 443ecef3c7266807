import { WATCH } from './scripts.ts';

/** Everything of the system's stands below `$root`, which is empty but in tests. The folder of the lease is known to root by this link. */
const SYSTEM = String.raw`
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
link=$root/etc/bench-lease
unit=$root/etc/systemd/system/bench-lease.service
job=$root/etc/cron.d/bench-lease
`;

/**
 * Has the watch started at every boot: by systemd where that runs, else by cron, as root. `FOLDER BOOT ROOT`: does nothing in the boot that is
 * named, which is that of the machine that bench runs on. Prints `systemd`, `cron` or `none`, and never fails.
 */
export const INSTALL = String.raw`
dir=$1; own=$2; root=$3
umask 077
${SYSTEM}
none() { echo none; exit 0; }
boot=; [ -r /proc/sys/kernel/random/boot_id ] && IFS= read -r boot </proc/sys/kernel/random/boot_id
[ -z "$own" ] || [ "$boot" != "$own" ] || none
cat >"$dir/watch" <<'END_OF_WATCH' || none
${WATCH}
END_OF_WATCH
cat >"$dir/unit" <<'END_OF_UNIT' || none
[Unit]
Description=Ends this rented machine when nobody renews its lease

[Service]
ExecStart=/bin/sh /etc/bench-lease/watch /etc/bench-lease
Restart=on-failure
RestartSec=30

[Install]
WantedBy=multi-user.target
END_OF_UNIT
cat >"$dir/job" <<'END_OF_JOB' || none
@reboot root exec /bin/sh /etc/bench-lease/watch /etc/bench-lease >/dev/null 2>&1
END_OF_JOB
cron_runs() {
  for comm in "$root"/proc/[0-9]*/comm; do
    IFS= read -r name 2>/dev/null <"$comm" || continue
    case $name in cron | crond) return 0 ;; esac
  done
  return 1
}
# cp keeps no owner: what root copies is root's.
put() { as_root ln -sfn "$dir" "$link" && as_root cp "$1" "$2" && as_root chmod 0644 "$2"; }
{
  if [ -d "$root/run/systemd/system" ] && command -v systemctl && put "$dir/unit" "$unit" && as_root systemctl daemon-reload &&
    as_root systemctl enable bench-lease.service; then how=systemd
  elif [ -d "$root/etc/cron.d" ] && cron_runs && put "$dir/job" "$job"; then how=cron
  else how=none
  fi
} >/dev/null 2>&1 </dev/null
echo "$how"
`;

/** Takes all of it away again; a watch that still runs sees that its folder is gone. `FOLDER ROOT` */
export const REMOVE = String.raw`
dir=$1; root=$2
${SYSTEM}
rm -rf "$dir"
{
  [ ! -e "$unit" ] || { as_root systemctl disable bench-lease.service; as_root rm -f "$unit"; }
  [ ! -e "$job" ] || as_root rm -f "$job"
  [ ! -h "$link" ] || as_root rm -f "$link"
} >/dev/null 2>&1 </dev/null
[ ! -d "$dir" ]
`;
