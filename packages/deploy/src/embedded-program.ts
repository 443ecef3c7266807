import { access, readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BenchError, type Host } from '@bench/core';
import type { EngineProgram } from './contract.ts';

const PACKAGE = '@bench/embedded-engine';
/** The process contract this version speaks: flags, `listening` line, endpoints. */
export const EMBEDDED_PROTOCOL = 1;

/** How to add it; the size is that of the package with the one native build it needs. */
export function embeddedInstallHint(platform: string): string {
  return `npm i --omit=optional ${PACKAGE} @node-llama-cpp/${platform}@3.22.1   (85 MB)`;
}

/**
 * Looks for the embedded engine in the folders' `node_modules`, nearest first, and asks it which contract it speaks.
 * Null: not installed.
 * @throws BenchError `BENCH_ENGINE_PROTOCOL` when what is installed does not fit, `BENCH_ENGINE_BROKEN` when it does not run.
 */
export async function findEmbeddedEngine(options: { folders: readonly string[]; host: Host; signal?: AbortSignal }): Promise<EngineProgram | null> {
  for (const folder of options.folders) {
    const manifest = await resolveManifest(folder);
    if (!manifest) continue;
    const { bin } = JSON.parse(await readFile(manifest, 'utf8')) as { bin: Record<string, string> };
    const script = join(dirname(manifest), bin['bench-embedded-engine'] ?? 'dist/bin.js');
    return { argv: [process.execPath, script], version: await handshake(script, options) };
  }
  return null;
}

/** The manifest in the nearest `node_modules` from `folder` up, as Node looks it up, but blind to NODE_PATH. */
async function resolveManifest(folder: string): Promise<string | null> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const manifest = join(at, 'node_modules', ...PACKAGE.split('/'), 'package.json');
    if (await access(manifest).then(() => true, () => false)) return realpath(manifest);
    if (dirname(at) === at) return null;
  }
}

async function handshake(script: string, options: { host: Host; signal?: AbortSignal }): Promise<string> {
  const result = await options.host.exec(
    { argv: [process.execPath, script, '--handshake'] },
    { timeoutMs: 30_000, ...(options.signal ? { signal: options.signal } : {}) },
  );
  const line = result.stdout.trim().split('\n').at(-1) ?? '';
  let answer: { protocol?: unknown; version?: unknown };
  try {
    answer = JSON.parse(line) as { protocol?: unknown; version?: unknown };
  } catch {
    throw new BenchError({
      code: 'BENCH_ENGINE_BROKEN',
      message: `${PACKAGE} does not run (${script}): ${(result.stderr.trim() || result.stdout.trim() || 'no answer').split('\n').slice(-3).join(' ')}`,
      hint: `install it again: ${embeddedInstallHint(`${process.platform}-${process.arch}`)}`,
      exitCode: 3,
    });
  }
  if (answer.protocol !== EMBEDDED_PROTOCOL) {
    throw new BenchError({
      code: 'BENCH_ENGINE_PROTOCOL',
      message: `${PACKAGE} ${String(answer.version)} speaks protocol ${String(answer.protocol)}, this bench ${EMBEDDED_PROTOCOL} (${script})`,
      hint: `install a matching pair: npm i @bench/cli@latest && ${embeddedInstallHint(`${process.platform}-${process.arch}`)}`,
      exitCode: 3,
    });
  }
  return String(answer.version);
}
