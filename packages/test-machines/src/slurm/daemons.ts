import type { Machine } from '../machine-types.ts';
import { until } from '../run.ts';
import { GPU_DEVICES, LOGS, SPOOL } from './slurm-conf.ts';

/** Arguments: folder of munged's socket, slurm.conf, number of GPUs. Everything that a machine of a cluster needs before Slurm's daemons. */
const PREPARE = String.raw`
set -eu
munge=$1 conf=$2 gpus=$3
mkdir -p ${LOGS} ${SPOOL}/slurmctld ${SPOOL}/slurmd "$(dirname ${GPU_DEVICES})"
while [ "$gpus" -gt 0 ]; do
  gpus=$((gpus - 1))
  [ -e ${GPU_DEVICES}$gpus ] || mknod -m 666 ${GPU_DEVICES}$gpus c 1 3
done
install -d -o munge -g munge -m 755 /run/munge /var/lib/munge /var/log/munge "$munge"
rm -f "$munge"/* /run/munge/*
chown -R munge:munge /etc/munge
chmod 700 /etc/munge
setpriv --reuid munge --regid munge --clear-groups /usr/sbin/munged --socket="$munge/socket" --num-threads=2
`;

/** Munged, and the folders and devices that Slurm's daemons expect. */
export async function prepare(machine: Machine, { munge, conf, gpus }: { munge: string; conf: string; gpus: number }): Promise<void> {
  await machine.exec(['sh', '-c', PREPARE, 'sh', munge, conf, String(gpus)]);
}

/** Starts one of Slurm's daemons, which goes to the background by itself. */
export async function startDaemon(machine: Machine, daemon: 'slurmctld' | 'slurmd' | 'slurmdbd', conf: string): Promise<void> {
  const { code, stderr } = await machine.exec([`/usr/sbin/${daemon}`], { env: { SLURM_CONF: conf }, check: false });
  if (code !== 0) throw new Error(`${daemon} on ${machine.name} did not start:\n${stderr}`);
}

/** Waits for a port of the machine to take connections. */
export const listens = (machine: Machine, port: number, options: { why: () => string; signal?: AbortSignal | undefined }): Promise<void> =>
  until(
    `port ${port} of ${machine.name}`,
    async () =>
      (await machine.exec(['bash', '-c', 'exec 3<>"/dev/tcp/$1/$2"', 'bash', machine.address, String(port)], { check: false })).code === 0,
    { ...options, timeoutMs: 20_000, everyMs: 50 },
  );
