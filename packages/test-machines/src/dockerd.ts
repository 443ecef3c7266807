import { request } from 'node:http';
import { NVIDIA_BIN } from './nvidia.ts';
import { until } from './run.ts';

/** Starts dockerd in the background of a machine. Arguments: cgroup of its containers, then more options of dockerd. */
export const START_DOCKERD = String.raw`
cgroup=$1
shift
PATH=${NVIDIA_BIN}:$PATH
runc=$(command -v runc)
if [ -e ${NVIDIA_BIN}/nvidia-container-runtime-hook ]; then set -- "$@" --add-runtime nvidia="$runc"; fi
rm -f /run/docker.pid
setsid dockerd --data-root /var/lib/docker --exec-root /run/docker --pidfile /run/docker.pid -H unix:///run/docker.sock -G docker \
  --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$cgroup" --default-address-pool base=172.30.0.0/16,size=24 --bip 172.29.0.1/24 --insecure-registry 10.77.0.0/16 "$@" \
  < /dev/null >> /var/log/dockerd.log 2>&1 &
`;

/** The daemon's socket, as a path on this side. */
export const dockerSocket = (initPid: number): string => `/proc/${initPid}/root/run/docker.sock`;

/** Whether a docker daemon answers at a socket. */
export function dockerAnswers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/_ping', timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(false));
    asked.end();
  });
}

/** Waits for a docker daemon to answer, or to be silent. */
export const awaitDocker = (socketPath: string, answers: boolean, why: () => string, signal?: AbortSignal): Promise<void> =>
  until(`dockerd ${answers ? 'up' : 'down'}`, async () => (await dockerAnswers(socketPath)) === answers, {
    timeoutMs: 20_000,
    everyMs: 10,
    why,
    signal,
  });
