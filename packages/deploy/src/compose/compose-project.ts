import { posix } from 'node:path';
import { BenchError, EXIT, type Host, type Io, messageOf, withinTime } from '@bench/core';
import type { ContainerFacts } from '../contract.ts';
import { runInBackground } from './background.ts';
import { containerLogs, type LogLine } from './container-log.ts';
import { type ContainerState, projectContainers } from './container-state.ts';
import { dockerFailure } from './docker-failure.ts';
import { imageFacts, type ImageFacts, pullImages } from './pull-images.ts';
import { removeFolder, takeDown } from './take-down.ts';

/** A file of a project. */
export interface ProjectFile {
  /** Relative to the project's folder. */
  path: string;
  content: string;
  /** Default 0o644; the folder itself is for its owner only. */
  mode?: number;
}

export interface ComposeProjectOptions {
  host: Host;
  /** Of {@link ContainerFacts}; data, so that a journalled record holds it. */
  containers: Pick<ContainerFacts, 'docker' | 'compose'>;
  /** See {@link projectName}. Label of all that it makes. */
  project: string;
  /** Absolute folder on the host for its files. */
  dir: string;
  io: Io;
  /** Aborts what is under way; never the taking down. Default: the Io's. */
  signal?: AbortSignal | undefined;
}

/** A compose project on a host. Nothing is kept here: another process that knows name and folder can go on with it. */
export interface ComposeProject {
  readonly name: string;
  readonly dir: string;
  /** Makes the folder (mode 0700) and writes the files. */
  writeFiles(files: readonly ProjectFile[]): Promise<void>;
  /** Pulls what the host does not have; see {@link pullImages}. */
  pull(images: readonly string[], onProgress?: (text: string) => void): Promise<void>;
  /**
   * Creates and starts services; all of them when none is named. Files are those that were written: `compose.yaml`, and `extra` beside
   * it (an override). Comes back when the containers were started, not when they are ready.
   * @throws BenchError with the reason in one line.
   */
  up(options?: { services?: readonly string[]; extra?: readonly string[] }): Promise<void>;
  /** Waits until no compose of ours is at work on it any more, then {@link takeDown}. */
  down(): Promise<void>;
  /** Removes the folder; `image` (one that has a shell) helps where containers wrote there as root. */
  removeFiles(options?: { image?: string }): Promise<void>;
  /** Its containers, also those that ended. */
  ps(): Promise<ContainerState[]>;
  /** Lines of one container's log; see {@link containerLogs}. */
  logs(container: string, options?: { follow?: boolean; since?: string; signal?: AbortSignal }): AsyncIterable<LogLine>;
  imageFacts(image: string): Promise<ImageFacts | null>;
}

/** Name of the main file in a project's folder. */
export const COMPOSE_FILE = 'compose.yaml';
const UP_MS = 15 * 60_000;
/** How long taking down waits for a compose that cannot be ended. */
const END_MS = 2 * 60_000;
const MAKE_FOLDER = 'umask 077; mkdir -p -- "$1" && chmod 700 -- "$1"';

/** Handles one compose project on one host. */
export function composeProject(options: ComposeProjectOptions): ComposeProject {
  const { host, containers, project, dir, io } = options;
  const { docker } = containers;
  const signal = options.signal ?? io.signal;
  const base = { host, docker, project, io, signal };
  return {
    name: project,
    dir,
    writeFiles: async (files) => {
      const made = await host.exec({ script: MAKE_FOLDER, args: [dir] }, { signal, timeoutMs: 60_000, repeatable: true });
      if (made.code !== 0) throw folderError(host, dir, made.stderr);
      for (const { path, content, mode } of files) {
        await host.write(posix.join(dir, path), content, mode ?? 0o644).catch((cause: unknown) => {
          throw folderError(host, dir, cause instanceof Error ? cause.message : String(cause), cause);
        });
      }
    },
    pull: (images, onProgress) => pullImages(images, { ...base, ...(onProgress ? { onProgress } : {}) }),
    up: ({ services = [], extra = [] } = {}) => up(options, services, extra),
    down: () => down(options),
    removeFiles: ({ image } = {}) => removeFolder({ host, docker, dir, image }),
    ps: () => projectContainers(host, docker, project, signal),
    logs: async function* (container, { signal: own, ...o } = {}) {
      const both = own ? AbortSignal.any([signal, own]) : signal;
      for await (const line of containerLogs({ ...base, containers: [container], ...o, signal: both })) if (!('ended' in line)) yield line;
    },
    imageFacts: (image) => imageFacts(image, base),
  };
}

const upId = (project: string) => `${project}-up`;

async function up(options: ComposeProjectOptions, services: readonly string[], extra: readonly string[]): Promise<void> {
  const { host, io, project } = options;
  const signal = options.signal ?? io.signal;
  // What an earlier start left at work has other files in its mind.
  await endUp(options);
  const argv = patientArgv(options, composeArgv(options, extra, ['up', '-d', '--no-build', ...services]));
  const result = await withinTime({ timeoutMs: UP_MS, signal }, (limit) =>
    runInBackground(host, { argv }, { id: upId(project), io, signal: limit }).catch((error: unknown) => {
      if (!limit.aborted || signal.aborted) throw error;
      return { code: null, output: `docker did not answer in ${UP_MS / 60_000} minutes` };
    }),
  );
  if (result.code === 0) return;
  throw dockerFailure(result.output, { host: host.name, what: `compose up on ${host.name}`, code: result.code });
}

async function down(options: ComposeProjectOptions): Promise<void> {
  const { host, containers, project, io } = options;
  const base = { host, docker: containers.docker, project, io };
  if (await endUp(options)) return takeDown(base);
  // Without its containers it may come to its end.
  await takeDown(base);
  if (await endUp(options)) return takeDown(base);
  throw new BenchError({
    code: 'BENCH_CLEANUP_INCOMPLETE',
    message: `compose still works on ${project} on ${host.name}, and may make containers again`,
    hint: 'try again with `bench teardown` when it has ended',
    exitCode: EXIT.cleanupIncomplete,
    details: { host: host.name, project },
  });
}

/**
 * Ends a compose that still brings the project up: containers that it makes after the project was taken down would stay. Root's, behind
 * sudo, cannot be ended from here and is waited for. False: it goes on. A host that cannot be asked is for the taking down to tell.
 */
async function endUp({ host, io, project }: ComposeProjectOptions): Promise<boolean> {
  const deadline = io.monotonic() + END_MS;
  try {
    const process = await host.attach(upId(project));
    if (process === null) return true;
    await process.stop().catch((error: unknown) => {
      if (!BenchError.is(error) || error.code !== 'BENCH_PROCESS_STUCK') throw error;
    });
    while ((await process.status()).running) {
      if (io.monotonic() >= deadline) return false;
      await io.sleep(500);
    }
    await process.discard();
    return true;
  } catch (error) {
    io.logger.log('warn', `${upId(project)} on ${host.name}: ${messageOf(error)}`);
    return false;
  }
}

/** Compose v1 gives up on a daemon after a minute, which a GPU container may take to start. Told in the command: sudo passes no variables. */
export function patientArgv({ containers }: Pick<ComposeProjectOptions, 'containers'>, argv: [string, ...string[]]): [string, ...string[]] {
  if (containers.compose?.flavour !== 'v1') return argv;
  const { length } = containers.compose.argv;
  // Before the program, which is its last word; after the `sudo -n` that may be there.
  return [...argv.slice(0, length - 1), 'env', 'COMPOSE_HTTP_TIMEOUT=900', ...argv.slice(length - 1)] as [string, ...string[]];
}

/** A compose command of a project, as it is run and as a dry run shows it. */
export function composeArgv(
  options: Pick<ComposeProjectOptions, 'containers' | 'project' | 'dir'>,
  extra: readonly string[],
  command: readonly string[],
): [string, ...string[]] {
  const { containers, project, dir } = options;
  const compose = containers.compose?.argv ?? ([...containers.docker, 'compose'] as const);
  const files = [COMPOSE_FILE, ...extra].flatMap((file) => ['--file', posix.join(dir, file)]);
  return [...(compose as [string, ...string[]]), '--project-name', project, '--project-directory', dir, ...files, ...command];
}

function folderError(host: Host, dir: string, reason: string, cause?: unknown): BenchError {
  if (/no space left on device|ENOSPC|disk quota/i.test(reason))
    return dockerFailure('no space left on device', { host: host.name, what: 'write', cause });
  return new BenchError({
    code: 'BENCH_HOST_FOLDER',
    message: `cannot write to ${dir} on ${host.name}: ${reason.trim().split('\n').at(-1) ?? ''}`,
    exitCode: EXIT.missingPart,
    cause,
  });
}
