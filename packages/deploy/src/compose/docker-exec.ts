import type { ExecResult, Host } from '@bench/core';
import type { ContainerFacts } from '../contract.ts';
import { dockerFailure } from './docker-failure.ts';

export interface DockerOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
  /** The caller looks at the exit code itself. Only a daemon that does not answer is an error then. */
  failing?: boolean | undefined;
}

const DOCKER_MS = 120_000;

/**
 * Runs a docker command on a host.
 * @throws BenchError with the reason in one line, see {@link dockerFailure}.
 */
export async function dockerOutput(
  host: Host,
  docker: ContainerFacts['docker'],
  args: readonly string[],
  options: DockerOptions = {},
): Promise<ExecResult> {
  const result = await host.exec(
    { argv: [...docker, ...args] },
    {
      timeoutMs: options.timeoutMs ?? DOCKER_MS,
      maxOutputBytes: 16 << 20,
      ...(options.signal ? { signal: options.signal } : {}),
    },
  );
  if (result.code === 0) return result;
  const what = `docker ${args[0] ?? ''} on ${host.name}`;
  const said = result.timedOut ? `docker did not answer in ${Math.round((options.timeoutMs ?? DOCKER_MS) / 1000)} s` : result.stderr;
  const failure = dockerFailure(said, { host: host.name, what, code: result.code });
  if (options.failing && !['BENCH_DOCKER_UNREACHABLE', 'BENCH_DOCKER_PERMISSION'].includes(failure.code)) return result;
  throw failure;
}
