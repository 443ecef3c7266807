import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PROGRAM_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** What would change this computer, or show that it is none of its own: not there on a fake machine. */
const LEFT_OUT = [
  /^(docker|containerd|ctr|podman|nerdctl|runc)/,
  /^(shutdown|poweroff|reboot|halt|init|telinit|runlevel|systemctl|systemd|service|journalctl|loginctl|update-rc\.d)/,
  /^(apt|dpkg|aptitude|snap|yum|dnf|update-initramfs|modprobe|insmod|rmmod)/,
  /^(sudo|su|runuser|doas|visudo)$/,
  /^(nvidia-|rocm-|rocminfo|amd-smi)/,
  /^(mkfs|fdisk|parted|mount|umount|swapon|swapoff|useradd|usermod|userdel|groupadd|groupdel|passwd|chpasswd|iptables|nft|hostnamectl|timedatectl|crontab)/,
];

/** A folder of links to this computer's programs, but for {@link LEFT_OUT}; machines share it. */
export async function linkPrograms(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const seen = new Set<string>();
  for (const from of PROGRAM_FOLDERS) {
    const names = await readdir(from).catch(() => []);
    const wanted = names.filter((name) => !seen.has(name) && !LEFT_OUT.some((pattern) => pattern.test(name)));
    for (const name of wanted) seen.add(name);
    await Promise.all(wanted.map((name) => symlink(join(from, name), join(folder, name))));
  }
}

/** Whoever runs on the machine is root, or as good as. Options of sudo itself and variables before the command are passed over or set. */
const SUDO = String.raw`#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in
    -u | -g | -C | -p) shift 2 ;;
    --) shift; break ;;
    -v | -l | -K | -k) exit 0 ;;
    -*) shift ;;
    [A-Za-z_]*=*) export "$1"; shift ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || exit 0
exec "$@"
`;

/** The folder above is watched; `shutdown-now` in it ends the machine. `-c` takes back a shutdown that waits. */
const SHUTDOWN = String.raw`#!/bin/sh
machine=$BENCH_FAKE_MACHINE
when=now reboot=
case "$0" in */reboot) reboot=yes ;; esac
for argument; do
  case "$argument" in
    -c) : >"$machine/shutdown-cancelled"; exit 0 ;;
    -r | --reboot) reboot=yes ;;
    -*) ;;
    now) when=now ;;
    +[0-9]*) when=${'$'}{argument#+} ;;
  esac
done
if [ "$when" = now ] || [ "$when" = 0 ]; then
  [ -n "$reboot" ] || : >"$machine/shutdown-now"
  exit 0
fi
rm -f "$machine/shutdown-cancelled"
( sleep "$((when * 60))"; [ -e "$machine/shutdown-cancelled" ] || : >"$machine/shutdown-now" ) >/dev/null 2>&1 </dev/null &
`;

/** `-L`, `--query-gpu=FIELD,… --format=csv[,noheader][,nounits] [-i INDEX]`, and the first lines of the plain table. Rows: name, MiB, uuid. */
const NVIDIA_SMI = String.raw`#!/bin/sh
query= format= only= list=
while [ $# -gt 0 ]; do
  case "$1" in
    --query-gpu=*) query=${'$'}{1#*=} ;;
    --format=*) format=${'$'}{1#*=} ;;
    -i | --id) only=$2; shift ;;
    --id=* | -i=*) only=${'$'}{1#*=} ;;
    -L | --list-gpus) list=yes ;;
    --query-*) exit 0 ;;
    *) echo "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help." >&2; exit 2 ;;
  esac
  shift
done
exec awk -F '\t' -v query="$query" -v format="$format" -v only="$only" -v list="$list" '
  BEGIN {
    plain = format ~ /nounits/
    fields = split(query, field, ",")
    if (fields && format !~ /noheader/) print query
    if (!fields && !list) print "| NVIDIA-SMI 570.86.15   Driver Version: 570.86.15   CUDA Version: 12.8 |"
  }
  function fact(name) {
    if (name == "index") return NR - 1
    if (name == "name" || name == "gpu_name") return $1
    if (name == "uuid" || name == "gpu_uuid") return $3
    if (name == "memory.total" || name == "memory.free") return $2 (plain ? "" : " MiB")
    if (name == "memory.used") return 0 (plain ? "" : " MiB")
    if (name ~ /^utilization/) return 0 (plain ? "" : " %")
    if (name == "driver_version") return "570.86.15"
    if (name == "power.draw") return "70.00" (plain ? "" : " W")
    if (name == "temperature.gpu") return 30
    return "[N/A]"
  }
  only != "" && !index("," only ",", "," (NR - 1) ",") { next }
  list { printf "GPU %d: %s (UUID: %s)\n", NR - 1, $1, $3; next }
  !fields { printf "| %3d  %-40s |\n", NR - 1, $1; next }
  { for (i = 1; i <= fields; i++) { gsub(/ /, "", field[i]); printf "%s%s", fact(field[i]), (i < fields ? ", " : "\n") } }
' "$BENCH_FAKE_MACHINE/gpus"
`;

/** The stand-ins of one machine, and what they read. `programs`: further ones, by name. */
export async function writeStandIns(o: {
  machine: string;
  bin: string;
  gpus: readonly { name: string; memoryMiB: number }[];
  programs: Readonly<Record<string, string>>;
}): Promise<void> {
  const rows = o.gpus.map(
    ({ name, memoryMiB }, n) => `${name}\t${memoryMiB}\tGPU-00000000-0000-4000-8000-${String(n).padStart(12, '0')}\n`,
  );
  await writeFile(join(o.machine, 'gpus'), rows.join(''));
  const programs: Record<string, string> = { sudo: SUDO, ...(o.gpus.length === 0 ? {} : { 'nvidia-smi': NVIDIA_SMI }), ...o.programs };
  for (const name of ['shutdown', 'poweroff', 'halt', 'reboot']) programs[name] ??= SHUTDOWN;
  await mkdir(o.bin, { recursive: true });
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(o.bin, name), script);
    await chmod(join(o.bin, name), 0o755);
  }
}
