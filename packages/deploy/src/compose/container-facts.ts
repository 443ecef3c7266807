import type { ExecResult, Host } from '@bench/core';
import type { ContainerFacts, Problem } from '../contract.ts';

/** What was found, and, where that is not enough to deploy, why and what to do. */
export interface ContainerInspection {
  facts: ContainerFacts | null;
  /** Null: containers and compose can be used. */
  problem: Problem | null;
}

const LOOK_MS = 30_000;
/** Programs by which a daemon serves `--gpus`; it looks for the first when it starts. */
const HOOKS = ['nvidia-container-runtime-hook', 'nvidia-container-cli'];
const HAS_ANY =
  'PATH=$PATH:/usr/bin:/usr/local/bin:/usr/sbin; for name in "$@"; do command -v "$name" >/dev/null 2>&1 && exit 0; done; exit 1';
/** Compose files of ours ask for device ids, which v1 learned in this version. */
const OLDEST_V1 = [1, 28];

/**
 * What runs containers on a host: Docker, asked as this user or through `sudo -n`, and compose of either generation. Changes nothing.
 * Podman is not looked for.
 */
export async function inspectContainers(host: Host, options: { signal?: AbortSignal } = {}): Promise<ContainerInspection> {
  const run = (argv: readonly string[]) => look(host, argv, options.signal);
  let docker: [string, ...string[]] = ['docker'];
  let info = readInfo(await run([...docker, 'info', '--format', '{{json .}}']));
  if (info.refused === 'permission') {
    const asRoot = readInfo(await run(['sudo', '-n', 'docker', 'info', '--format', '{{json .}}']));
    if (asRoot.version !== null) {
      docker = ['sudo', '-n', 'docker'];
      info = asRoot;
    }
  }
  if (info.version === null) return { facts: null, problem: dockerProblem(host, info) };
  const compose = await findCompose(docker, run);
  const facts: ContainerFacts = {
    docker,
    dockerVersion: info.version,
    compose,
    nvidiaRuntime: info.nvidia || (await hasHook(host, options.signal)) ? true : info.local ? false : null,
  };
  return { facts, problem: composeProblem(host, compose) };
}

/** Runs a program that may not be there: `sh` then answers 127, on every kind of host. */
async function look(host: Host, argv: readonly string[], signal: AbortSignal | undefined): Promise<ExecResult> {
  return host.exec(
    { script: 'exec "$@" </dev/null', args: argv },
    { timeoutMs: LOOK_MS, repeatable: true, maxOutputBytes: 4 << 20, ...(signal ? { signal } : {}) },
  );
}

interface Info {
  version: string | null;
  refused: 'missing' | 'permission' | 'daemon' | 'silent' | null;
  reason: string;
  nvidia: boolean;
  /** The daemon is the one of this host, so what is on the PATH here tells of it. */
  local: boolean;
}

function readInfo(result: ExecResult): Info {
  const none = { version: null, nvidia: false, local: false };
  if (result.timedOut) return { ...none, refused: 'silent', reason: `no answer in ${LOOK_MS / 1000} s` };
  if (result.code === 127) return { ...none, refused: 'missing', reason: '' };
  const info = parse(result.stdout) as {
    ServerVersion?: unknown;
    ServerErrors?: unknown;
    Runtimes?: Record<string, unknown>;
    DiscoveredDevices?: { ID?: unknown }[] | null;
    ClientInfo?: { Context?: unknown };
    Name?: unknown;
  } | null;
  if (typeof info?.ServerVersion === 'string' && info.ServerVersion !== '') {
    const cdi = (info.DiscoveredDevices ?? []).some(({ ID: id }) => String(id).startsWith('nvidia.com/gpu'));
    return {
      version: info.ServerVersion,
      refused: null,
      reason: '',
      nvidia: cdi || Object.keys(info.Runtimes ?? {}).some((name) => name.startsWith('nvidia')),
      local: (info.ClientInfo?.Context ?? 'default') === 'default',
    };
  }
  const errors = Array.isArray(info?.ServerErrors) ? info.ServerErrors.map(String) : [];
  const said = [...errors, result.stderr.trim()].find((text) => text !== '') ?? '';
  const reason = said.split('\n').at(-1) ?? '';
  return { ...none, refused: /permission denied/i.test(said) ? 'permission' : 'daemon', reason };
}

async function hasHook(host: Host, signal: AbortSignal | undefined): Promise<boolean> {
  const { code } = await host.exec(
    { script: HAS_ANY, args: HOOKS },
    { timeoutMs: LOOK_MS, repeatable: true, ...(signal ? { signal } : {}) },
  );
  return code === 0;
}

type Run = (argv: readonly string[]) => Promise<ExecResult>;

async function findCompose(docker: readonly [string, ...string[]], run: Run): Promise<ContainerFacts['compose']> {
  const plugin = [...docker, 'compose'] as [string, ...string[]];
  const program = [...docker.slice(0, -1), 'docker-compose'] as unknown as [string, ...string[]];
  for (const argv of [plugin, program]) {
    const { code, stdout } = await run([...argv, 'version', '--short']);
    const version = /^v?(\d+\.\d+[\w.+-]*)\s*$/.exec(stdout)?.[1];
    if (code === 0 && version !== undefined) return { argv, version, flavour: version.startsWith('1.') ? 'v1' : 'v2' };
  }
  return null;
}

function dockerProblem(host: Host, info: Info): Problem {
  if (info.refused === 'missing') {
    return {
      code: 'BENCH_DOCKER_MISSING',
      message: `Docker is not installed on ${host.name}`,
      hint: 'install Docker Engine with the compose plugin: https://docs.docker.com/engine/install/',
    };
  }
  if (info.refused === 'permission') {
    return {
      code: 'BENCH_DOCKER_PERMISSION',
      message: `this user may not use Docker on ${host.name}: ${info.reason}`,
      hint: 'sudo usermod -aG docker "$USER", then log in again; or allow sudo without a password',
    };
  }
  return {
    code: 'BENCH_DOCKER_UNREACHABLE',
    message: `the Docker daemon of ${host.name} does not answer: ${info.reason}`,
    hint: 'sudo systemctl start docker; if it is elsewhere, look at DOCKER_HOST and `docker context ls`',
  };
}

function composeProblem(host: Host, compose: ContainerFacts['compose']): Problem | null {
  if (compose === null) {
    return {
      code: 'BENCH_COMPOSE_MISSING',
      message: `Docker Compose is not installed on ${host.name}`,
      hint: 'sudo apt-get install docker-compose-plugin (Docker’s packages) or docker-compose (Debian’s)',
    };
  }
  const [major = 0, minor = 0] = compose.version.split('.').map(Number);
  if (compose.flavour === 'v1' && major === OLDEST_V1[0] && minor < (OLDEST_V1[1] as number)) {
    return {
      code: 'BENCH_COMPOSE_MISSING',
      message: `docker-compose ${compose.version} on ${host.name} is too old: 1.28 is needed, or the compose plugin`,
      hint: 'sudo apt-get install docker-compose-plugin',
    };
  }
  return null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
