/**
 * What process 1 of a machine runs: it makes the machine's own file tree and then waits, taking in orphans. Arguments: state folder, host name,
 * size of HOME and of Docker's folder in MiB (0: on disk), uid of the user, Node's path (empty: none). Prints `pid N` (as seen outside), then `ready`.
 *
 * The tree is an overlay above the real one: everything can be written, nothing of it reaches the machine that the tests run on.
 */
export const SETUP_SCRIPT = String.raw`
set -eu
umask 022
tab=$(printf '\t')
state=$1 name=$2 home_size=$3 docker_size=$4 uid=$5 node=$6
read -r pid _ < /proc/self/stat
echo "pid $pid"
hostname "$name"

cd "$state"
mount -t tmpfs -o mode=755 tmpfs root
cd root
mkdir upper work new
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work new
cd new

mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount --rbind /sys sys
if [ -d sys/bus/pci/devices ]; then mount --bind "$state/pci" sys/bus/pci/devices; fi
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs run
mkdir -p run/sshd run/lock usr/local var/lib/docker
mount -t tmpfs -o mode=755 tmpfs usr/local
mkdir -p usr/local/bin usr/local/sbin

while IFS= read -r folder; do
  if [ -d ".$folder" ]; then mount -t tmpfs -o mode=755,size=64k,ro tmpfs ".$folder"; fi
done < "$state/hidden-folders"
while IFS= read -r program; do
  rm -f "usr/bin/$program" "usr/sbin/$program" "bin/$program" "sbin/$program"
done < "$state/hidden-programs"
if [ -n "$node" ]; then
  touch usr/local/bin/node
  mount --bind "$node" usr/local/bin/node
else
  rm -f usr/bin/node bin/node
fi
rm -f usr/bin/nvidia-smi bin/nvidia-smi etc/ssh/ssh_host_*

for folder in home tmp var/tmp var/lib/docker; do
  mkdir -p "$state/disk/$folder"
  mount --bind "$state/disk/$folder" "$folder"
done
chmod 1777 tmp var/tmp
mount -t tmpfs -o mode=700 tmpfs root
mkdir home/bench
while IFS="$tab" read -r from to options; do
  mkdir -p ".$to"
  mount --bind "$from" ".$to"
  mount -o "remount,bind,$options" ".$to"
done < "$state/shares"
if [ "$home_size" != 0 ]; then mount -t tmpfs -o size="$home_size"m tmpfs home/bench; fi
if [ "$docker_size" != 0 ]; then mount -t tmpfs -o size="$docker_size"m tmpfs var/lib/docker; fi

cp -a --remove-destination "$state/files/." .
chown "$uid:$uid" home/bench
chmod 755 home/bench
install -d -m 700 -o "$uid" -g "$uid" home/bench/.ssh
# A home that several machines share has it already.
if [ ! -e home/bench/.ssh/authorized_keys ]; then
  install -m 600 -o "$uid" -g "$uid" "$state/authorized_keys" home/bench/.ssh/authorized_keys
fi

mkdir run/outside
pivot_root . run/outside
cd /
umount -l /run/outside
rmdir /run/outside
echo ready
exec < /dev/null > /dev/null 2>&1
exec sh -c 'while :; do sleep 1000000 & wait; done'
`;
