import type { Host } from '@bench/core';
import type { ContainerFacts } from '../contract.ts';
import { dockerOutput } from './docker-exec.ts';

/** Label by which compose, of either generation, marks what belongs to a project. */
export const PROJECT_LABEL = 'com.docker.compose.project';
const SERVICE_LABEL = 'com.docker.compose.service';

/** A container of a project. */
export interface ContainerState {
  id: string;
  name: string;
  /** Its service in the compose file; null: started beside compose. */
  service: string | null;
  image: string;
  status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  exitCode: number;
  /** The kernel ended it because memory ran out. */
  oomKilled: boolean;
  /** What the daemon says about a container that could not start. */
  error: string;
  /** Of the image's or the compose file's health check; null: it has none. */
  health: 'starting' | 'healthy' | 'unhealthy' | null;
  /** GPU ids asked of the runtime. */
  deviceIds: string[];
  startedAt: string;
  finishedAt: string;
}

const FORMAT = `{"id":{{json .Id}},"name":{{json .Name}},"labels":{{json .Config.Labels}},"image":{{json .Config.Image}},"state":{{json .State}},"requests":{{json .HostConfig.DeviceRequests}}}`;

interface Raw {
  id: string;
  name: string;
  labels: Record<string, string> | null;
  image: string;
  state: {
    Status: ContainerState['status'];
    ExitCode: number;
    OOMKilled: boolean;
    Error: string;
    StartedAt: string;
    FinishedAt: string;
    Health?: { Status: string };
  };
  requests: { DeviceIDs?: string[] | null }[] | null;
}

/**
 * Containers of a project, also those that ended, by name.
 * @throws BenchError `BENCH_DOCKER_UNREACHABLE` when the daemon does not answer.
 */
export async function projectContainers(
  host: Host,
  docker: ContainerFacts['docker'],
  project: string,
  signal?: AbortSignal,
): Promise<ContainerState[]> {
  const ids = await projectIds(host, docker, project, signal);
  if (ids.length === 0) return [];
  // One that went in between makes inspect fail; the others are told all the same.
  const { stdout } = await dockerOutput(host, docker, ['inspect', '--type', 'container', '--format', FORMAT, ...ids], {
    signal,
    failing: true,
  });
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => read(JSON.parse(line) as Raw))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Ids of a project's containers, also of those that ended. */
export async function projectIds(host: Host, docker: ContainerFacts['docker'], project: string, signal?: AbortSignal): Promise<string[]> {
  const { stdout } = await dockerOutput(host, docker, ['ps', '-aq', '--no-trunc', '--filter', `label=${PROJECT_LABEL}=${project}`], {
    signal,
  });
  return stdout.split('\n').filter((line) => line !== '');
}

function read(raw: Raw): ContainerState {
  const health = raw.state.Health?.Status;
  return {
    id: raw.id,
    name: raw.name.replace(/^\//, ''),
    service: raw.labels?.[SERVICE_LABEL] ?? null,
    image: raw.image,
    status: raw.state.Status,
    exitCode: raw.state.ExitCode,
    oomKilled: raw.state.OOMKilled,
    error: raw.state.Error,
    health: health === 'starting' || health === 'healthy' || health === 'unhealthy' ? health : null,
    deviceIds: (raw.requests ?? []).flatMap(({ DeviceIDs: ids }) => ids ?? []),
    startedAt: raw.state.StartedAt,
    finishedAt: raw.state.FinishedAt,
  };
}

/** Why a container does not run, in a few words; null: it does. */
export function endOf(state: ContainerState): string | null {
  if (state.error !== '') return state.error;
  if (state.status === 'created') return 'was not started';
  if (state.status === 'removing') return 'is being removed';
  if (state.status !== 'exited' && state.status !== 'dead') return null;
  if (state.oomKilled) return 'was killed: out of memory';
  return `ended with code ${state.exitCode}`;
}
