import { describe, expect, it } from 'vitest';
import { dockerFailure } from './docker-failure.ts';

/** What Docker and compose really print, and what is made of it. */
const TEXTS: [what: string, text: string, code: string, message: string][] = [
  [
    'an image whose registry is not there',
    'Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
    'BENCH_IMAGE_NOT_FOUND',
    'image not found on gpu1, and its registry cannot be reached (no such host)',
  ],
  [
    'a tag that is not there',
    'Error response from daemon: manifest for vllm/vllm-openai:nope not found: manifest unknown: manifest unknown',
    'BENCH_IMAGE_NOT_FOUND',
    'image not found: vllm/vllm-openai:nope',
  ],
  [
    'a private image',
    "Error response from daemon: pull access denied for me/secret, repository does not exist or may require 'docker login': denied",
    'BENCH_IMAGE_NOT_FOUND',
    'image not found: me/secret does not exist, or is private',
  ],
  [
    'a registry that has had enough',
    'Error response from daemon: toomanyrequests: You have reached your pull rate limit.',
    'BENCH_IMAGE_PULL',
    'the registry refuses more pulls for now (rate limit)',
  ],
  [
    'no GPU runtime, by compose',
    'ERROR: for engine  Cannot start service engine: could not select device driver "nvidia" with capabilities: [[gpu]]',
    'BENCH_GPU_RUNTIME',
    'Docker on gpu1 cannot hand GPUs to containers (could not select device driver)',
  ],
  [
    'no GPU runtime, by docker run',
    'docker: Error response from daemon: could not select device driver "" with capabilities: [[gpu]].',
    'BENCH_GPU_RUNTIME',
    'Docker on gpu1 cannot hand GPUs to containers (could not select device driver)',
  ],
  [
    'an unknown runtime',
    'Cannot create container for service engine: Unknown runtime specified nvidia',
    'BENCH_GPU_RUNTIME',
    'Docker on gpu1 has no runtime "nvidia"',
  ],
  [
    'GPUs that do not exist',
    'nvidia-container-cli: device error: 7: unknown device: unknown',
    'BENCH_GPU_RUNTIME',
    'the NVIDIA container runtime of gpu1 failed: device error: 7: unknown device',
  ],
  [
    'AMD devices that do not exist',
    'Error response from daemon: error gathering device information while adding custom device "/dev/kfd": no such file or directory',
    'BENCH_GPU_RUNTIME',
    'gpu1 has no /dev/kfd',
  ],
  [
    'a port that is taken, by another container',
    'driver failed programming external connectivity on endpoint e (4f): Bind for 127.0.0.1:41000 failed: port is already allocated',
    'BENCH_PORT_IN_USE',
    'port 41000 of gpu1 is taken',
  ],
  [
    'a port that is taken, by another program',
    'Error starting userland proxy: listen tcp4 127.0.0.1:41000: bind: address already in use',
    'BENCH_PORT_IN_USE',
    'port 41000 of gpu1 is taken',
  ],
  [
    'a full disk',
    'failed to register layer: Error processing tar file(exit status 1): write /usr/lib/x: no space left on device',
    'BENCH_DISK_FULL',
    'the disk of gpu1 is full',
  ],
  [
    'a daemon that is away',
    'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    'BENCH_DOCKER_UNREACHABLE',
    'the Docker daemon of gpu1 does not answer',
  ],
  [
    'a daemon that is away, by compose v1',
    "ERROR: Couldn't connect to Docker daemon at http+docker://localhost - is it running?",
    'BENCH_DOCKER_UNREACHABLE',
    'the Docker daemon of gpu1 does not answer',
  ],
  [
    'a user who may not',
    'Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get',
    'BENCH_DOCKER_PERMISSION',
    'this user may not use Docker on gpu1',
  ],
  [
    'a limit that may not be raised',
    'OCI runtime create failed: runc create failed: unable to start container process: error setting rlimit type 8: operation not permitted: unknown',
    'BENCH_CONTAINER_LIMITS',
    'gpu1 may not raise a limit that docker_options.ulimits asks for',
  ],
  [
    'an option that compose v1 does not know',
    "The Compose file './compose.yaml' is invalid because:\nUnsupported config option for services.engine: 'gpus'\n",
    'BENCH_COMPOSE_INVALID',
    "compose refuses the service: Unsupported config option for services.engine: 'gpus'",
  ],
  [
    'an option that compose v2 does not know',
    "validating /x/compose.yaml: services.engine additional properties 'nope' not allowed",
    'BENCH_COMPOSE_INVALID',
    "compose refuses the service: validating /x/compose.yaml: services.engine additional properties 'nope' not allowed",
  ],
  [
    'an image that is another program’s',
    'failed to create shim task: OCI runtime create failed: exec: "python3": executable file not found in $PATH: unknown',
    'BENCH_IMAGE_UNFIT',
    'the image has no program "python3"',
  ],
  [
    'an image of another processor',
    'no matching manifest for linux/arm64/v8 in the manifest list entries',
    'BENCH_IMAGE_PLATFORM',
    'the image is not made for linux/arm64/v8',
  ],
  [
    'an image without the group of AMD GPUs',
    'Error response from daemon: Unable to find group render: no matching entries in group file',
    'BENCH_IMAGE_UNFIT',
    'the image has no group render, which AMD GPUs need',
  ],
  [
    'something new, by compose v1, which sums up at the end',
    'Creating bench-r1_service_1 ... error\n\nERROR: for service  Cannot create container for service service: Range of CPUs is from 0.01 to 2.00\nERROR: Encountered errors while bringing up the project.\n',
    'BENCH_DOCKER_FAILED',
    'compose up ended with code 1: Cannot create container for service service: Range of CPUs is from 0.01 to 2.00',
  ],
  [
    'something new',
    'line one\nthe flux capacitor is empty\n',
    'BENCH_DOCKER_FAILED',
    'compose up ended with code 1: the flux capacitor is empty',
  ],
  ['nothing', '', 'BENCH_DOCKER_FAILED', 'compose up ended with code 1'],
];

describe('what Docker says, in one line', () => {
  it.each(TEXTS)('%s', (_what, text, code, message) => {
    const error = dockerFailure(text, { host: 'gpu1', what: 'compose up', code: 1 });
    expect([error.code, error.message]).toEqual([code, message]);
    if (code !== 'BENCH_DOCKER_FAILED') expect(error.hint).toBeTruthy();
  });
});
