import { scriptOf } from './prelude.ts';

/** `$1`: the version, whole or its first parts; empty: any. */
const DRIVER = String.raw`
driver_works() {
  found=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1)
  case "$found" in [0-9]*) ;; *) return 1 ;; esac
  case "$found" in "$1" | "$1".*) return 0 ;; esac
  [ -z "$1" ]
}
`;

/** NVIDIA's archive for this system, by the package that brings its key. */
const ARCHIVE = String.raw`
nvidia_archive() {
  if installed cuda-keyring; then apt_ready; return; fi
  . /etc/os-release
  case "$(uname -m)" in x86_64) arch=x86_64 ;; aarch64) arch=sbsa ;; *) die "NVIDIA has no driver for $(uname -m)" ;; esac
  apt_ready
  apt_get install ca-certificates curl
  work=$(mktemp -d) || die 'no room for temporary files'
  system="$ID$(printf %s "$VERSION_ID" | tr -d .)"
  fetch "https://developer.download.nvidia.com/compute/cuda/repos/$system/$arch/cuda-keyring_1.1-1_all.deb" "$work/cuda-keyring.deb" ||
    die "NVIDIA's package archive for $system on $arch could not be reached"
  as_root dpkg -i "$work/cuda-keyring.deb"
  rm -rf "$work"
  apt_ready
}
`;

export const DRIVER_WORKS = scriptOf(String.raw`${DRIVER}
driver_works "$1"
`);

/** The driver comes up a while after the machine. */
export const DRIVER_CAME_UP = scriptOf(String.raw`${DRIVER}
tries=0
until driver_works "$1"; do
  tries=$((tries + 1))
  [ "$tries" -lt 30 ] || exit 1
  sleep 2
done
`);

/**
 * `$1`: version or empty. `$2`: the package, `nvidia-open-570`. The archive is known to have it before anything that works is purged.
 * Machines with NVSwitch need the fabric manager of the same version, or CUDA finds no device.
 */
export const INSTALL_DRIVER = scriptOf(String.raw`${ARCHIVE}
package=$2
if ! installed "$package"; then
  nvidia_archive
  [ -n "$(apt-cache madison "$package")" ] || die "NVIDIA's archive has no package $package for this system"
  wanted=$package
  case "$1" in *.*)
    version=$(apt-cache madison "$package" | awk -v want="$1" '{ v = $3; sub(/^[0-9]+:/, "", v); if (v == want || index(v, want "-") == 1 || index(v, want ".") == 1) { print $3; exit } }')
    [ -n "$version" ] || die "NVIDIA's archive has no $package of version $1"
    wanted="$package=$version" ;;
  esac
  others=$(dpkg -l 2>/dev/null | awk '$1 == "ii" { print $2 }' | grep -E '^(nvidia-|libnvidia-|cuda-drivers|xserver-xorg-video-nvidia)' | grep -v container)
  if [ -n "$others" ]; then
    # shellcheck disable=SC2086 # names of packages, as dpkg lists them
    apt_get purge --autoremove $others || die 'the driver that is there could not be removed'
  fi
  apt_get install "linux-headers-$(uname -r)" || die "no headers for the running kernel $(uname -r): the driver's modules cannot be built"
  apt_get install "$wanted" || die "$wanted could not be installed"
fi
for device in /sys/bus/pci/devices/*; do
  [ "$(cat "$device/vendor" 2>/dev/null)" = 0x10de ] || continue
  case "$(cat "$device/class" 2>/dev/null)" in 0x0680*) ;; *) continue ;; esac
  major=$(modinfo -F version nvidia 2>/dev/null | cut -d. -f1)
  apt_get install "nvidia-fabricmanager-$major" || apt_get install nvidia-fabricmanager || die 'the fabric manager, which NVSwitch needs, could not be installed'
  if [ -d /run/systemd/system ]; then as_root systemctl enable nvidia-fabricmanager; fi
  break
done
exit 0
`);

/** `$1`: `12.4`. The toolkit is there, and the driver allows it. */
export const CUDA_WORKS = scriptOf(String.raw`
allowed=$(nvidia-smi 2>/dev/null | sed -n 's/.*CUDA Version: *\([0-9.]*\).*/\1/p')
if [ -n "$allowed" ] && [ "$(printf '%s\n%s\n' "$1" "$allowed" | sort -V | head -n 1)" != "$1" ]; then
  die "the driver allows CUDA $allowed at most, and $1 is wanted: ask for a newer driver"
fi
for nvcc in "/usr/local/cuda-$1/bin/nvcc" /usr/local/cuda/bin/nvcc "$(command -v nvcc)"; do
  [ -x "$nvcc" ] || continue
  found=$("$nvcc" --version | sed -n 's/.*release \([0-9.]*\).*/\1/p')
  case "$found" in "$1" | "$1".*) exit 0 ;; esac
done
exit 1
`);

/** `$1`: the package, `cuda-toolkit-12-4`. */
export const INSTALL_CUDA = scriptOf(String.raw`${ARCHIVE}
nvidia_archive
apt_get install "$1" || die "$1 could not be installed"
`);

/** By the runtime's name, or by devices that the daemon itself found (CDI). */
export const TOOLKIT_WORKS = scriptOf(String.raw`
command -v nvidia-ctk >/dev/null 2>&1 || exit 1
dock info --format '{{json .}}' | grep -qE '"nvidia":|nvidia\.com/gpu'
`);

/** A reload is not enough for a new runtime. */
export const INSTALL_TOOLKIT = scriptOf(String.raw`
if ! command -v nvidia-ctk >/dev/null 2>&1; then
  apt_ready
  apt_get install ca-certificates curl
  work=$(mktemp -d) || die 'no room for temporary files'
  fetch https://nvidia.github.io/libnvidia-container/gpgkey "$work/toolkit.asc" || die 'the key of nvidia.github.io could not be fetched'
  as_root install -m 0755 -d /etc/apt/keyrings
  as_root install -m 0644 "$work/toolkit.asc" /etc/apt/keyrings/nvidia-container-toolkit.asc
  echo "deb [signed-by=/etc/apt/keyrings/nvidia-container-toolkit.asc] https://nvidia.github.io/libnvidia-container/stable/deb/$(dpkg --print-architecture) /" >"$work/toolkit.list"
  as_root install -m 0644 "$work/toolkit.list" /etc/apt/sources.list.d/nvidia-container-toolkit.list
  rm -rf "$work"
  apt_ready
  apt_get install nvidia-container-toolkit || die 'nvidia-container-toolkit could not be installed'
fi
as_root nvidia-ctk runtime configure --runtime=docker || die 'nvidia-ctk could not configure Docker'
service_do restart
await_docker || die 'Docker does not answer after its restart; look at: journalctl -u docker'
`);

export const KFD = scriptOf('[ -e /dev/kfd ]');
