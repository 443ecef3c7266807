import { mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { BenchError, EXIT, type Host, type Io, messageOf } from '@bench/core';
import { EMBEDDED_IMAGE } from '@bench/recipe';
import { runInBackground } from '../compose/background.ts';
import { dockerOutput } from '../compose/docker-exec.ts';
import { dockerFailure } from '../compose/docker-failure.ts';
import { imageFacts, pullImages } from '../compose/pull-images.ts';
import type { ContainerFacts, RenderedStep } from '../contract.ts';
import { resolveManifest } from '../package-program.ts';
import { BUILD_OFFLINE, DOCKERFILE, LOOK } from './image-scripts.ts';
import { type InstalledPackage, layOut, packageClosure, type TargetPlatform } from './package-files.ts';

const PACKAGE = '@bench/embedded-engine';
/** Image that it is built on unless another is named. */
export const DEFAULT_NODE_IMAGE = 'node:22-slim';
const OLDEST_NODE = [20, 19] as const;

export interface EmbeddedImageOptions {
  /** Node image to build on. Default `node:22-slim`. */
  base?: string | undefined;
  /** Build from the host's own Node instead; pulls nothing. Default false. */
  offline?: boolean | undefined;
}

export interface BuildEmbeddedImageOptions extends EmbeddedImageOptions {
  host: Host;
  containers: Pick<ContainerFacts, 'docker'>;
  /** Where `@bench/embedded-engine` is looked for, nearest first. */
  folders: readonly string[];
  io: Io;
  signal?: AbortSignal | undefined;
  onProgress?: ((text: string) => void) | undefined;
}

export interface BuiltImage {
  /** The name that recipes use; the image also has the engine's version as a tag. */
  image: string;
  /** `@bench/embedded-engine`'s. */
  version: string;
  /** `sha256:…` on the host. */
  id: string;
}

/** What {@link buildEmbeddedImage} would do. Pure. */
export function renderEmbeddedImage(options: EmbeddedImageOptions = {}): RenderedStep[] {
  const dir = '<folder>';
  const put: RenderedStep = {
    kind: 'command',
    description: `copy ${PACKAGE} and what it needs at run time to the host`,
    argv: ['put', PACKAGE, `${dir}/app`],
  };
  if (options.offline) {
    return [
      put,
      { kind: 'file', description: 'settings of the image', path: `${dir}/changes`, content: CHANGES.join('\n') },
      { kind: 'file', description: 'build it from the host’s own Node and its libraries', path: 'sh', content: BUILD_OFFLINE.trim() },
    ];
  }
  return [
    put,
    { kind: 'file', description: 'how it is built', path: `${dir}/Dockerfile`, content: DOCKERFILE },
    { kind: 'command', description: 'build it', argv: ['docker', ...buildArgs(dir, options.base ?? DEFAULT_NODE_IMAGE, EMBEDDED_IMAGE)] },
  ];
}

/** Settings as `docker import --change` takes them. */
const CHANGES = [
  'ENV PATH=/usr/local/bin:/usr/bin:/bin',
  'ENV XDG_CACHE_HOME=/tmp/.cache',
  'ENTRYPOINT ["node","/opt/bench/bench-embedded-engine.js"]',
];

const buildArgs = (dir: string, base: string, tag: string) => ['build', '--build-arg', `BASE=${base}`, '--tag', tag, dir];

/**
 * Builds the embedded engine's image on a host, out of the `@bench/embedded-engine` that is installed here: on a Node image, or offline
 * from the host's own Node. An image of the same name is replaced. Nothing but the image stays there.
 * @throws BenchError `BENCH_ENGINE_MISSING`, `BENCH_IMAGE_PLATFORM`, `BENCH_NODE_MISSING`, or Docker's own reason.
 */
export async function buildEmbeddedImage(options: BuildEmbeddedImageOptions): Promise<BuiltImage> {
  const { host, containers, io, onProgress } = options;
  const { docker } = containers;
  const signal = options.signal ?? io.signal;
  const { platform, node } = await look(host, signal);
  if (options.offline) checkNode(host, node);
  const packages = await findPackages(options.folders, platform);
  const version = packages[0]?.version ?? '';
  const before = await imageFacts(EMBEDDED_IMAGE, { host, docker, signal });
  const local = await mkdtemp(join(tmpdir(), 'bench-image-'));
  let remote: string | null = null;
  try {
    onProgress?.('collecting the engine’s files');
    await collect(packages, join(local, 'app'), signal);
    await writeFile(join(local, 'changes'), `${CHANGES.join('\n')}\n`);
    await writeFile(join(local, 'Dockerfile'), DOCKERFILE);
    remote = await makeFolder(host, signal);
    onProgress?.('copying them to the host');
    await host.put(local, posix.join(remote, 'image'), { signal });
    const dir = posix.join(remote, 'image');
    onProgress?.('building');
    if (options.offline) await buildOffline({ host, docker, io, signal, dir, node: node?.path ?? '' });
    else await buildOnBase({ host, docker, io, signal, dir, base: options.base ?? DEFAULT_NODE_IMAGE, onProgress });
    const tagged = await host.exec(
      { argv: [...docker, 'tag', EMBEDDED_IMAGE, versionTag(version)] },
      { signal, timeoutMs: 60_000, repeatable: true },
    );
    if (tagged.code !== 0) throw dockerFailure(tagged.stderr, { host: host.name, what: `docker tag on ${host.name}`, code: tagged.code });
    const facts = await imageFacts(EMBEDDED_IMAGE, { host, docker, signal });
    // The image that had the name before; a container that still uses it keeps it.
    if (before && before.id !== facts?.id) await dockerOutput(host, docker, ['image', 'rm', before.id], { signal, failing: true });
    return { image: EMBEDDED_IMAGE, version, id: facts?.id ?? '' };
  } finally {
    await rm(local, { recursive: true, force: true });
    if (remote !== null) {
      await host
        .exec({ script: REMOVE_FOLDER, args: [remote] }, { timeoutMs: 120_000, repeatable: true })
        .catch((error: unknown) => io.logger.log('warn', `${remote ?? ''} on ${host.name} could not be removed: ${messageOf(error)}`));
    }
  }
}

/** `bench/embedded-engine:1.2.3` beside the name that recipes use. */
const versionTag = (version: string) => `${EMBEDDED_IMAGE.replace(/:[^:]*$/, '')}:${version}`;

const REMOVE_FOLDER = 'rm -rf -- "$1" && rmdir -- "$(dirname -- "$1")" 2>/dev/null; exit 0';

interface HostNode {
  path: string;
  version: string;
}

async function look(host: Host, signal: AbortSignal): Promise<{ platform: TargetPlatform; node: HostNode | null }> {
  const { stdout } = await host.exec({ script: LOOK }, { signal, timeoutMs: 30_000, repeatable: true });
  const [system, machine, path = '', version = ''] = stdout.trim().split('\n');
  const cpu = machine === 'x86_64' || machine === 'amd64' ? 'x64' : machine === 'aarch64' || machine === 'arm64' ? 'arm64' : null;
  // Docker Desktop's containers are Linux on the same processor.
  if (cpu === null || (system !== 'Linux' && system !== 'Darwin')) {
    throw new BenchError({
      code: 'BENCH_IMAGE_PLATFORM',
      message: `${host.name} is ${system ?? 'unknown'} on ${machine ?? 'unknown'}, and the embedded engine needs Linux on x86-64 or arm64`,
      exitCode: EXIT.missingPart,
    });
  }
  return { platform: { os: 'linux', cpu, libc: 'glibc' }, node: path === '' || system !== 'Linux' ? null : { path, version } };
}

function checkNode(host: Host, node: HostNode | null): void {
  const [major = 0, minor = 0] = (node?.version ?? '').replace(/^v/, '').split('.').map(Number);
  if (node && (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]))) return;
  throw new BenchError({
    code: 'BENCH_NODE_MISSING',
    message: `${host.name} has ${node ? `Node ${node.version}` : 'no Node'}, and an offline build takes the host’s own (20.19 or newer)`,
    hint: 'install Node there, or build on an image: leave --offline out',
    exitCode: EXIT.missingPart,
  });
}

async function findPackages(folders: readonly string[], platform: TargetPlatform): Promise<InstalledPackage[]> {
  const install = `npm i --omit=optional ${PACKAGE} @node-llama-cpp/linux-${platform.cpu}@3.22.1`;
  for (const folder of folders) {
    const manifest = await resolveManifest(PACKAGE, folder);
    if (manifest === null) continue;
    const packages = await packageClosure(manifest, platform).catch((cause: unknown) => {
      throw new BenchError({
        code: 'BENCH_ENGINE_BROKEN',
        message: `${PACKAGE} is not whole: ${messageOf(cause)}`,
        hint: install,
        exitCode: EXIT.missingPart,
        cause,
      });
    });
    if (packages.some(({ name }) => name === `@node-llama-cpp/linux-${platform.cpu}`)) return packages;
    throw new BenchError({
      code: 'BENCH_IMAGE_PLATFORM',
      message: `the engine’s program for Linux on ${platform.cpu} is not installed here (${dirname(manifest)})`,
      hint: `npm i --force --omit=optional @node-llama-cpp/linux-${platform.cpu}@3.22.1`,
      exitCode: EXIT.missingPart,
    });
  }
  throw new BenchError({
    code: 'BENCH_ENGINE_MISSING',
    message: `${PACKAGE} is not installed here, and the image is made of it`,
    hint: install,
    exitCode: EXIT.missingPart,
  });
}

async function collect(packages: readonly InstalledPackage[], to: string, signal: AbortSignal): Promise<void> {
  await layOut(packages, join(to, 'packages'), signal);
  const script = 'bench-embedded-engine.js';
  await symlink(posix.join('packages/0/node_modules', PACKAGE, 'dist/bin.js'), join(to, script));
  await realpath(join(to, script)).catch((cause: unknown) => {
    throw new BenchError({
      code: 'BENCH_ENGINE_BROKEN',
      message: `${PACKAGE} has no dist/bin.js: it was not built`,
      exitCode: EXIT.missingPart,
      cause,
    });
  });
}

async function makeFolder(host: Host, signal: AbortSignal): Promise<string> {
  const { code, stdout, stderr } = await host.exec(
    { script: 'umask 077; mkdir -p -- "$HOME/.cache/bench" && mktemp -d "$HOME/.cache/bench/image-XXXXXX"' },
    { signal, timeoutMs: 30_000 },
  );
  const path = stdout.trim().split('\n').at(-1) ?? '';
  if (code === 0 && path.startsWith('/')) return path;
  throw new BenchError({
    code: 'BENCH_HOST_FOLDER',
    message: `cannot make a folder on ${host.name}: ${stderr.trim()}`,
    exitCode: EXIT.missingPart,
  });
}

interface Build {
  host: Host;
  docker: ContainerFacts['docker'];
  io: Io;
  signal: AbortSignal;
  dir: string;
}

async function buildOffline({ host, docker, io, signal, dir, node }: Build & { node: string }): Promise<void> {
  const { code, output } = await runInBackground(
    host,
    { argv: ['sh', '-c', BUILD_OFFLINE, 'sh', dir, node, EMBEDDED_IMAGE, ...docker] },
    { id: processId(dir), io, signal },
  );
  if (code !== 0) throw dockerFailure(output, { host: host.name, what: `building ${EMBEDDED_IMAGE} on ${host.name}`, code });
}

async function buildOnBase(build: Build & { base: string; onProgress: ((text: string) => void) | undefined }): Promise<void> {
  const { host, docker, io, signal, dir, base, onProgress } = build;
  try {
    await pullImages([base], { host, docker, project: processId(dir), io, signal, ...(onProgress ? { onProgress } : {}) });
  } catch (error) {
    if (!BenchError.is(error) || error.code !== 'BENCH_IMAGE_NOT_FOUND') throw error;
    throw new BenchError({
      ...error,
      code: error.code,
      message: error.message,
      hint: 'name an image that is there with --base, or build from the host’s own Node with --offline',
      cause: error,
    });
  }
  const { code, output } = await runInBackground(
    host,
    { argv: [...docker, ...buildArgs(dir, base, EMBEDDED_IMAGE)] },
    { id: processId(dir), io, signal },
  );
  if (code !== 0) throw dockerFailure(output, { host: host.name, what: `building ${EMBEDDED_IMAGE} on ${host.name}`, code });
}

const processId = (dir: string) => `bench-${posix.basename(posix.dirname(dir))}`;
