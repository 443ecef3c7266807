import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Stands for Apptainer, which is in no package repository of the tests' machines. It knows of the command line what its manual documents and bench
 * uses (`pull FILE URI`; `exec` with the flags below), and fails on all else. A container is a mount namespace with the machine's own programs, an
 * empty home, an environment of its own where asked for, and what is bound. An image is a text file that names its source.
 */
const PROGRAM = String.raw`#!/bin/bash
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "$0")")
fail() {
  printf 'FATAL:   %s\n' "$1" >&2
  exit 255
}
pull() {
  [ $# = 2 ] || fail "pull: expected an output file and a URI, got $#"
  case $2 in docker://* | oras://* | library://*) ;; *) fail "unsupported image URI $2" ;; esac
  [ ! -e "$1" ] || fail "Image file already exists: \"$1\" - will not overwrite"
  echo "$2" >> "$here/pulls"
  local hold
  hold=$here/hold.$(grep -c '' "$here/pulls")
  grep -qxF -e "$2" "$here/registry" || fail "While making image from oci registry: $2: manifest unknown"
  local layers=${'$'}{APPTAINER_CACHEDIR:-${'$'}{SINGULARITY_CACHEDIR:-$HOME/.apptainer/cache}}
  mkdir -p "$layers" && : > "$layers/layer"
  printf 'half' > "$1"
  sleep "$(cat "$here/pull-s")"
  while [ -e "$hold" ]; do sleep 0.1; done
  [ -e "$1" ] || fail "while creating squashfs: $1: no such file"
  printf 'SIF of %s\n' "$2" > "$1"
}
in_namespace() {
  # $1: where the root is made; $2: working folder; then binds, --, the command.
  local root=$1 pwd=$2 bind source target options name
  shift 2
  mount -t tmpfs none "$root"
  for name in bin sbin lib lib32 lib64 usr etc opt proc dev sys run var; do
    if [ -L "/$name" ]; then cp -P "/$name" "$root/$name"; elif [ -d "/$name" ]; then mkdir "$root/$name" && mount --rbind "/$name" "$root/$name"; fi
  done
  mkdir -p "$root/tmp" "$root/root"
  while [ "$1" != -- ]; do
    IFS=: read -r source target options <<< "$1"
    case $options in '' | ro | rw) ;; *) fail "unknown bind option $options" ;; esac
    [ -e "$source" ] || fail "mount source $source doesn't exist"
    mkdir -p "$root$target"
    mount --rbind "$source" "$root$target"
    if [ "$options" = ro ]; then mount -o remount,bind,ro "$root$target"; fi
    shift
  done
  shift
  cd "$root"
  exec chroot "$root" /bin/sh -c 'cd -- "$1" && shift && exec "$@"' sh "$pwd" "$@"
}
run() {
  local binds=() pwd='' clean='' flags='' image
  while [ $# -gt 0 ]; do
    case $1 in
      --cleanenv | -e) clean=1 ;;
      --no-home) ;;
      --nv | --rocm) flags="$flags $1" ;;
      --pwd) pwd=$2 && shift ;;
      --bind | -B)
        case $2 in *,* | *:*:*:*) fail "bind $2" ;; esac
        binds+=("$2") && shift
        ;;
      -*) fail "unknown flag: $1" ;;
      *) break ;;
    esac
    shift
  done
  [ $# -ge 2 ] || fail 'exec: expected an image and a command'
  image=$1
  shift
  [ -f "$image" ] || fail "could not open image $image: no such file or directory"
  [ "$(head -c 4 "$image")" = 'SIF ' ] || fail "image format not recognized: $image"
  printf '%s |%s\n' "$image" "$flags" >> "$here/runs"
  local root
  root=$(mktemp -d)
  if [ -n "$clean" ]; then set -- env -i "PATH=$PATH" IMAGE_SAYS="$(cat "$image")" HOME=/root "$@"; fi
  # A user who is not root needs a namespace of users for it.
  local users=()
  if [ "$UID" != 0 ]; then users=(--user --map-root-user); fi
  exec unshare "${'$'}{users[@]}" --mount bash "$here/apptainer" in-namespace "$root" "${'$'}{pwd:-/}" "${'$'}{binds[@]}" -- "$@"
}
command=${'$'}{1:-}
shift || fail 'no command'
case $command in
  pull) pull "$@" ;;
  exec) run "$@" ;;
  in-namespace) in_namespace "$@" ;;
  *) fail "unknown command \"$command\" for \"apptainer\"" ;;
esac
`;

export interface FakeApptainer {
  /** Folder for the PATH. */
  bin: string;
  /** URIs that were pulled, in order. */
  pulls(): Promise<string[]>;
  /** The pull of this number, from 1, waits until it is called again with false. */
  hold(pull: number, held: boolean): Promise<void>;
  /** Of each container: its image, and flags for GPUs. */
  runs(): Promise<string[]>;
}

/** The program in a folder. `registry`: URIs that can be pulled, and how long that takes. */
export async function fakeApptainer(
  folder: string,
  options: { name?: string; registry?: readonly string[]; pullS?: number } = {},
): Promise<FakeApptainer> {
  await mkdir(folder, { recursive: true });
  const name = options.name ?? 'apptainer';
  await writeFile(join(folder, name), PROGRAM, { mode: 0o755 });
  if (name !== 'apptainer') await writeFile(join(folder, 'apptainer'), PROGRAM, { mode: 0o644 });
  await writeFile(join(folder, 'registry'), (options.registry ?? []).map((uri) => `${uri}\n`).join(''));
  await writeFile(join(folder, 'pull-s'), String(options.pullS ?? 0));
  const lines = async (file: string) => (await readFile(join(folder, file), 'utf8').catch(() => '')).split('\n').slice(0, -1);
  const hold = (pull: number, held: boolean) =>
    held ? writeFile(join(folder, `hold.${pull}`), '') : rm(join(folder, `hold.${pull}`), { force: true });
  return { bin: folder, pulls: () => lines('pulls'), hold, runs: () => lines('runs') };
}
