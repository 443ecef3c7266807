/** What all scripts share: how to be root, how to ask Docker, and apt with its locks and half-done work of others in mind. */
const PRELUDE = String.raw`
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
LC_ALL=C
export PATH LC_ALL
die() { printf '%s\n' "$*" >&2; exit 2; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
dock() { if docker version >/dev/null 2>&1; then docker "$@" 2>/dev/null; else as_root docker "$@" 2>/dev/null; fi; }
installed() { dpkg -s "$1" 2>/dev/null | grep -q '^Status: install ok installed'; }
apt_get() { as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@"; }
apt_ready() {
  as_root env DEBIAN_FRONTEND=noninteractive dpkg --configure -a || true
  tries=0
  until apt_get update; do
    tries=$((tries + 1))
    [ "$tries" -lt 6 ] || die 'apt-get update failed: no way to the package archives, or another program holds their lists'
    sleep 10
  done
}
fetch() { curl -fsSL --retry 3 --connect-timeout 20 -o "$2" "$1"; }
service_do() { if [ -d /run/systemd/system ]; then as_root systemctl "$1" docker; else as_root service docker "$1"; fi; }
docker_version() { dock info --format '{{.ServerVersion}}' | head -n 1; }
await_docker() { tries=0; while [ -z "$(docker_version)" ]; do tries=$((tries + 1)); [ "$tries" -lt 30 ] || return 1; sleep 2; done; }
`;

/**
 * A whole script from the body of its `main`. Both are constants. `sh` has read all of it before it begins, and what it starts cannot
 * read on from it.
 */
export function scriptOf(body: string): string {
  return `${PRELUDE}\nmain() {\n${body}\n}\nmain "$@" </dev/null\n`;
}
