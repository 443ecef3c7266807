/** Architecture, then path and version of Node, each on a line; empty lines without Node. */
export const LOOK = String.raw`
uname -s
uname -m
node=$(command -v node 2>/dev/null) && node=$(readlink -f -- "$node") && [ -x "$node" ] || node=
echo "$node"
[ -z "$node" ] || "$node" --version
`;

/**
 * Makes an image of the host's own Node and the files in $1/app, without any other image. $2: path of Node; then the docker command.
 * The image's settings come from the lines of $1/changes.
 */
export const BUILD_OFFLINE = String.raw`
set -eu
dir=$1
node=$2
shift 2
root=$dir/root
rm -rf -- "$root"
mkdir -p -- "$root/usr/local/bin" "$root/usr/bin" "$root/bin" "$root/etc" "$root/tmp" "$root/root" "$root/opt"
chmod 755 "$root" && chmod 1777 "$root/tmp"
cp -L -- "$node" "$root/usr/local/bin/node"
for tool in sh cat chmod chown cp echo env false id kill ls mkdir mv ps rm sleep test true uname; do
  path=$(command -v -- "$tool" 2>/dev/null) || continue
  case $path in /*) ;; *) path=/usr/bin/$tool; [ -x "$path" ] || path=/bin/$tool ;; esac
  [ -x "$path" ] && cp -L -- "$path" "$root/bin/$tool"
done
find "$dir/app" -type f \( -name '*.node' -o -name '*.so' -o -name '*.so.*' \) > "$dir/native"
{
  ldd "$root/usr/local/bin/node" || true
  for program in "$root"/bin/*; do ldd "$program" 2>/dev/null || true; done
  while IFS= read -r file; do ldd "$file" 2>/dev/null || true; done < "$dir/native"
} | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^\//) print $i }' | sort -u > "$dir/libraries"
while IFS= read -r library; do
  case $library in "$dir"/*) continue ;; esac
  [ -f "$library" ] || continue
  mkdir -p -- "$root$(dirname -- "$library")"
  cp -L -- "$library" "$root$library"
done < "$dir/libraries"
echo 'root:x:0:0:root:/root:/bin/sh' > "$root/etc/passwd"
echo 'root:x:0:' > "$root/etc/group"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
cp -R -- "$dir/app" "$root/opt/bench"
tag=$1
shift
set -- "$@" import
while IFS= read -r change; do set -- "$@" --change "$change"; done < "$dir/changes"
tar --owner=0 --group=0 --numeric-owner -C "$root" -cf "$dir/root.tar" .
"$@" "$dir/root.tar" "$tag"
`;

/** The same on a Node image, by `docker build`. */
export const DOCKERFILE = `ARG BASE
FROM $BASE
COPY app /opt/bench
ENV XDG_CACHE_HOME=/tmp/.cache
ENTRYPOINT ["node", "/opt/bench/bench-embedded-engine.js"]
CMD []
`;
