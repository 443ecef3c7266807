import { BenchError, EXIT } from '@bench/core';

interface Known {
  pattern: RegExp;
  code: `BENCH_${string}`;
  /** `match` is the pattern's. */
  message(match: RegExpExecArray, host: string): string;
  hint?: string | undefined;
  exitCode?: number;
  retryable?: boolean;
}

const DAEMON = 'sudo systemctl start docker on that host, and look at `journalctl -u docker`';
const GPU_RUNTIME =
  'install the NVIDIA container toolkit, then: sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker';
const IMAGE = 'check the image’s name and tag in the recipe; for a private one run `docker login` on the host';

/** What Docker and compose say, and what it means. The first that fits counts. Texts: Docker 20.10 to 28, docker-compose 1.29, compose 2. */
const KNOWN: readonly Known[] = [
  {
    pattern: /permission denied while trying to connect to the docker (?:daemon|API)/i,
    code: 'BENCH_DOCKER_PERMISSION',
    message: (_, host) => `this user may not use Docker on ${host}`,
    hint: 'sudo usermod -aG docker "$USER", then log in again',
    exitCode: EXIT.missingPart,
  },
  {
    pattern:
      /Cannot connect to the Docker daemon|Is the docker daemon running|Couldn't connect to Docker daemon|error during connect:|Error while fetching server API version|docker did not answer|unexpected EOF.*docker\.sock|failed to connect to the docker API/i,
    code: 'BENCH_DOCKER_UNREACHABLE',
    message: (_, host) => `the Docker daemon of ${host} does not answer`,
    hint: DAEMON,
    exitCode: EXIT.missingPart,
    retryable: true,
  },
  {
    pattern: /no space left on device|disk quota exceeded|not enough space/i,
    code: 'BENCH_DISK_FULL',
    message: (_, host) => `the disk of ${host} is full`,
    hint: 'free space (`docker system df` shows what images take), or set another model folder',
    exitCode: EXIT.missingPart,
  },
  {
    pattern: /toomanyrequests|rate limit/i,
    code: 'BENCH_IMAGE_PULL',
    message: () => 'the registry refuses more pulls for now (rate limit)',
    hint: 'run `docker login` on the host, or wait',
    retryable: true,
  },
  {
    pattern: /no matching manifest for (\S+)|exec format error/i,
    code: 'BENCH_IMAGE_PLATFORM',
    message: (match, host) => `the image is not made for ${match[1] ?? `the processor of ${host}`}`,
    hint: 'choose an image of that platform',
    exitCode: EXIT.missingPart,
  },
  {
    pattern: /pull access denied for ([^\s,]+)|repository (\S+) not found|requested access to the resource is denied/i,
    code: 'BENCH_IMAGE_NOT_FOUND',
    message: (match) => `image not found: ${match[1] ?? match[2] ?? 'it'} does not exist, or is private`,
    hint: IMAGE,
  },
  {
    pattern: /manifest for (\S+) not found|manifest unknown|No such image: (\S+)|docker\.io\/(\S+): not found/i,
    code: 'BENCH_IMAGE_NOT_FOUND',
    message: (match) => `image not found: ${match[1] ?? match[2] ?? match[3] ?? 'no such tag'}`,
    hint: IMAGE,
  },
  {
    pattern:
      /no such host|Temporary failure in name resolution|TLS handshake timeout|dial tcp[^\n]*(?:i\/o timeout|connection refused|network is unreachable)|Client\.Timeout exceeded|failed to do request|connection reset by peer/i,
    code: 'BENCH_IMAGE_NOT_FOUND',
    message: (match, host) => `image not found on ${host}, and its registry cannot be reached (${match[0].slice(0, 120)})`,
    hint: 'check the image’s name and the host’s way to the registry; an image that is there already needs no registry',
    retryable: true,
  },
  {
    pattern: /could not select device driver "[^"]*"[^\n]*capabilities: \[\[gpu\]\]|could not select device driver/i,
    code: 'BENCH_GPU_RUNTIME',
    message: (_, host) => `Docker on ${host} cannot hand GPUs to containers (could not select device driver)`,
    hint: GPU_RUNTIME,
    exitCode: EXIT.missingPart,
  },
  {
    pattern: /Unknown runtime specified (\S+)|unknown or invalid runtime name: (\S+)/i,
    code: 'BENCH_GPU_RUNTIME',
    message: (match, host) => `Docker on ${host} has no runtime "${match[1] ?? match[2]}"`,
    hint: GPU_RUNTIME,
    exitCode: EXIT.missingPart,
  },
  {
    pattern: /nvidia-container-cli: ([^\n]+)|unresolvable CDI devices ([^\n]+)/i,
    code: 'BENCH_GPU_RUNTIME',
    message: (match, host) =>
      `the NVIDIA container runtime of ${host} failed: ${(match[1] ?? match[2] ?? '').replace(/: unknown\.?$/, '')}`,
    hint: 'see whether `nvidia-smi` works on that host, and whether the GPU ids exist',
    exitCode: EXIT.missingPart,
  },
  {
    pattern: /error gathering device information while adding custom device "([^"]+)"/i,
    code: 'BENCH_GPU_RUNTIME',
    message: (match, host) => `${host} has no ${match[1]}`,
    hint: 'AMD GPUs need the amdgpu driver, which makes /dev/kfd and /dev/dri',
    exitCode: EXIT.missingPart,
  },
  {
    pattern: /Unable to find group (\S+)/i,
    code: 'BENCH_IMAGE_UNFIT',
    message: (match) => `the image has no group ${match[1]?.replace(/[:,]$/, '')}, which AMD GPUs need`,
    hint: 'use an image made for ROCm',
  },
  {
    pattern:
      /(?:Bind for|listen tcp4?) \S*?:(\d+)[^\n]*(?:port is already allocated|address already in use)|port is already allocated|address already in use|ports are not available/i,
    code: 'BENCH_PORT_IN_USE',
    message: (match, host) => `port ${match[1] ?? ''}${match[1] ? ' ' : ''}of ${host} is taken`,
    hint: 'try again: another free port is chosen',
    retryable: true,
  },
  {
    pattern: /error setting rlimit type (\d+)|error setting rlimits/i,
    code: 'BENCH_CONTAINER_LIMITS',
    message: (_, host) => `${host} may not raise a limit that docker_options.ulimits asks for`,
    hint: 'lower docker_options.ulimits in the recipe',
    exitCode: EXIT.missingPart,
  },
  {
    pattern: /exec: \\?"([^"\\]+)\\?": (?:executable file not found|stat |permission denied)|exec \S+: no such file or directory/i,
    code: 'BENCH_IMAGE_UNFIT',
    message: (match) => `the image has no program "${match[1] ?? 'to start'}"`,
    hint: 'the image is not one of this engine',
  },
  {
    pattern:
      /The Compose file [^\n]+ is invalid(?: because:\s*([^\n]+))?|(?:Additional propert(?:y|ies)|services\.\S+ (?:contains|must|Additional)|validating )[^\n]+/,
    code: 'BENCH_COMPOSE_INVALID',
    message: (match) => `compose refuses the service: ${(match[1] ?? match[0]).slice(0, 200)}`,
    hint: 'look at engine.llm.docker_options in the recipe',
    exitCode: EXIT.usage,
  },
  {
    pattern: /invalid reference format|invalid image name/i,
    code: 'BENCH_IMAGE_NOT_FOUND',
    message: () => 'image not found: its name cannot be read',
    hint: IMAGE,
    exitCode: EXIT.usage,
  },
];

/** What Docker or compose printed, as one line that says what is wrong, with what to do. */
export function dockerFailure(text: string, context: { host: string; what: string; code?: number | null; cause?: unknown }): BenchError {
  for (const known of KNOWN) {
    const match = known.pattern.exec(text);
    if (!match) continue;
    return new BenchError({
      code: known.code,
      message: known.message(match, context.host),
      hint: known.hint,
      retryable: known.retryable,
      exitCode: known.exitCode,
      cause: context.cause ?? (text.trim() === '' ? undefined : new Error(text.trim().slice(-2000))),
    });
  }
  const lines = text.split('\n').map((line) => line.trim());
  // Compose v1 tells the reason in the middle, and sums up at the end that there was one.
  const reason = lines.map(
    (line) => /(?:^ERROR: for \S+\s+|Cannot (?:create|start) (?:container for )?service \S+: )(\S.*)$/.exec(line)?.[1],
  );
  const last = reason.find((line) => line !== undefined) ?? lines.filter((line) => line !== '').at(-1);
  const ended = context.code === undefined || context.code === null ? 'failed' : `ended with code ${context.code}`;
  return new BenchError({
    code: 'BENCH_DOCKER_FAILED',
    message: `${context.what} ${ended}${last === undefined ? '' : `: ${last.slice(0, 300)}`}`,
    cause: context.cause,
  });
}
