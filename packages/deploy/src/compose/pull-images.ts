import { BenchError, EXIT, type Host, hashOf, type Io } from '@bench/core';
import { EMBEDDED_IMAGE } from '@bench/recipe';
import type { ContainerFacts } from '../contract.ts';
import { runInBackground } from './background.ts';
import { dockerOutput } from './docker-exec.ts';
import { dockerFailure } from './docker-failure.ts';

export interface PullOptions {
  host: Host;
  docker: ContainerFacts['docker'];
  /** Begins the names of the processes that pull. */
  project: string;
  io: Io;
  signal: AbortSignal;
  onProgress?(text: string): void;
}

const TRIES = 3;
const PAUSE_MS = 5000;

/**
 * Pulls those of the images that the host does not have, one after another. Goes on over a lost connection.
 * @throws BenchError with the reason and the image's name.
 */
export async function pullImages(images: readonly string[], options: PullOptions): Promise<void> {
  for (const image of new Set(images)) {
    if ((await imageFacts(image, options)) !== null) continue;
    await pull(image, options);
  }
}

async function pull(image: string, options: PullOptions): Promise<void> {
  const { host, docker, io, signal } = options;
  if (repositoryOf(image) === repositoryOf(EMBEDDED_IMAGE)) {
    // A registry's image of this name would be somebody else's.
    throw new BenchError({
      code: 'BENCH_IMAGE_NOT_FOUND',
      message: `image not found: ${host.name} has no ${image}, and no registry has it`,
      hint: `make it there: bench image build embedded --on ${host.kind === 'local' ? 'docker' : `ssh:${host.name}`}`,
      exitCode: EXIT.missingPart,
    });
  }
  for (let attempt = 1; ; attempt++) {
    const layers = new LayerCount();
    options.onProgress?.(`${image}: pulling`);
    const { code, output } = await runInBackground(
      host,
      { argv: [...docker, 'pull', '--', image] },
      {
        id: pullId(options.project, image),
        io,
        signal,
        onLine: (line) => {
          if (layers.read(line)) options.onProgress?.(`${image}: ${layers.text()}`);
        },
      },
    );
    if (code === 0) return;
    const failure = dockerFailure(output, { host: host.name, what: `docker pull ${image} on ${host.name}`, code });
    if (failure.retryable && attempt < TRIES && layers.total > 0) {
      // Layers that came are kept, so the next try goes on from there.
      await io.sleep(PAUSE_MS, signal);
      continue;
    }
    throw named(failure, image);
  }
}

/** Id of the process that pulls an image; the name of an image may hold what an id may not. */
export function pullId(project: string, image: string): string {
  return `${project}-pull-${hashOf(image, 8)}`;
}

/** The reason must name the image, or nobody knows which of several it was. */
function named(failure: ReturnType<typeof dockerFailure>, image: string) {
  if (!failure.message.includes(image)) failure.message = `${image}: ${failure.message}`;
  return failure;
}

/** What `docker pull` prints when nobody looks at a terminal: a line for each step of each layer. */
class LayerCount {
  readonly #layers = new Map<string, boolean>();

  get total(): number {
    return this.#layers.size;
  }

  /** True when the line changed something. */
  read(line: string): boolean {
    const match = /^([0-9a-f]{6,64}): (.+)$/.exec(line.trim());
    if (!match) return false;
    const [, id, step] = match as unknown as [string, string, string];
    const done = /^(Pull complete|Already exists|Download complete)/.test(step);
    if (this.#layers.get(id) === done) return false;
    this.#layers.set(id, done || this.#layers.get(id) === true);
    return true;
  }

  text(): string {
    const done = [...this.#layers.values()].filter(Boolean).length;
    return `${done} of ${this.#layers.size} layers`;
  }
}

export interface ImageFacts {
  /** Content id on the host: `sha256:…`. */
  id: string;
  /** `name@sha256:…` as the registry knows it; null for an image that never was in one. */
  digest: string | null;
}

/** What a host has under an image's name; null: nothing. */
export async function imageFacts(
  image: string,
  options: { host: Host; docker: ContainerFacts['docker']; signal?: AbortSignal },
): Promise<ImageFacts | null> {
  const { code, stdout } = await dockerOutput(
    options.host,
    options.docker,
    ['image', 'inspect', '--format', '{"id":{{json .Id}},"digests":{{json .RepoDigests}}}', '--', image],
    { signal: options.signal, failing: true },
  );
  if (code !== 0) return null;
  const { id, digests } = JSON.parse(stdout.split('\n')[0] ?? '') as { id: string; digests: string[] | null };
  const repository = repositoryOf(image);
  return { id, digest: digests?.find((d) => repositoryOf(d) === repository) ?? digests?.[0] ?? null };
}

/** An image's name without tag and digest. */
function repositoryOf(image: string): string {
  return (image.split('@')[0] ?? image).replace(/:[^/:]+$/, '');
}
