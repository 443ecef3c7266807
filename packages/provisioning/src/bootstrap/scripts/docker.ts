import { scriptOf } from './prelude.ts';

export const DOCKER_WORKS = scriptOf(String.raw`[ -n "$(docker_version)" ]`);

/** Docker's own packages, as its manual for Debian and Ubuntu says; a Docker that is there is only started. */
export const INSTALL_DOCKER = scriptOf(String.raw`
if ! command -v dockerd >/dev/null 2>&1; then
  . /etc/os-release
  apt_ready
  apt_get install ca-certificates curl
  work=$(mktemp -d) || die 'no room for temporary files'
  fetch "https://download.docker.com/linux/$ID/gpg" "$work/docker.asc" || die 'the key of download.docker.com could not be fetched'
  as_root install -m 0755 -d /etc/apt/keyrings
  as_root install -m 0644 "$work/docker.asc" /etc/apt/keyrings/docker.asc
  echo "deb [arch=$(dpkg --print-architecture) signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/$ID $VERSION_CODENAME stable" >"$work/docker.list"
  as_root install -m 0644 "$work/docker.list" /etc/apt/sources.list.d/docker.list
  rm -rf "$work"
  for old in docker.io docker-doc docker-compose docker-compose-v2 podman-docker containerd runc; do
    if installed "$old"; then apt_get remove "$old" || die "$old is in the way of Docker and could not be removed"; fi
  done
  apt_ready
  apt_get install docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin || die 'Docker could not be installed'
fi
if [ -d /run/systemd/system ]; then as_root systemctl enable --now docker; else as_root service docker start; fi
await_docker || die 'Docker was installed and does not answer; look at: journalctl -u docker'
`);

export const COMPOSE_WORKS = scriptOf(String.raw`
dock compose version >/dev/null || { command -v docker-compose >/dev/null 2>&1 && docker-compose version >/dev/null 2>&1; } || exit 1
`);

/** Of Docker, of Ubuntu, of Debian. */
export const INSTALL_COMPOSE = scriptOf(String.raw`
apt_ready
for package in docker-compose-plugin docker-compose-v2 docker-compose; do apt_get install "$package" && exit 0; done
die 'none of the packages of Docker Compose could be installed'
`);

/** As the user database has it: a session that is open keeps the groups it began with. */
export const IN_GROUP = scriptOf(String.raw`
[ "$(id -u)" = 0 ] || id -nG "$(id -un)" | tr ' ' '\n' | grep -qx docker
`);

export const JOIN_GROUP = scriptOf(String.raw`
as_root groupadd -f docker
as_root usermod -aG docker "$(id -un)"
`);
