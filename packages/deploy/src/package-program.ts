import { access, readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BenchError, type Host } from '@bench/core';
import type { FoundProgram } from './contract.ts';

export interface PackageNeed {
  nodePackage: string;
  bin: string;
  protocol: number;
}

/**
 * Looks for an engine's package in the folders' `node_modules`, nearest first, and asks it which contract it speaks.
 * Null: not installed.
 * @throws BenchError `BENCH_ENGINE_PROTOCOL` when what is installed does not fit, `BENCH_ENGINE_BROKEN` when it does not run.
 */
export async function findPackageProgram(
  need: PackageNeed,
  options: { folders: readonly string[]; host: Host; install: string; signal?: AbortSignal },
): Promise<FoundProgram | null> {
  for (const folder of options.folders) {
    const manifest = await resolveManifest(need.nodePackage, folder);
    if (!manifest) continue;
    const { bin = {} } = JSON.parse(await readFile(manifest, 'utf8')) as { bin?: Record<string, string> };
    const script = join(dirname(manifest), bin[need.bin] ?? `${need.bin}.js`);
    return { argv: [process.execPath, script], version: await handshake(need, script, options) };
  }
  return null;
}

/** The manifest in the nearest `node_modules` from `folder` up, as Node looks it up, but blind to NODE_PATH. */
export async function resolveManifest(name: string, folder: string): Promise<string | null> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const manifest = join(at, 'node_modules', ...name.split('/'), 'package.json');
    if (
      await access(manifest).then(
        () => true,
        () => false,
      )
    )
      return realpath(manifest);
    if (dirname(at) === at) return null;
  }
}

async function handshake(
  need: PackageNeed,
  script: string,
  options: { host: Host; install: string; signal?: AbortSignal },
): Promise<string> {
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
      message: `${need.nodePackage} does not run (${script}): ${(result.stderr.trim() || result.stdout.trim() || 'no answer').split('\n').slice(-3).join(' ')}`,
      hint: `install it again: ${options.install}`,
      exitCode: 3,
    });
  }
  if (answer.protocol !== need.protocol) {
    throw new BenchError({
      code: 'BENCH_ENGINE_PROTOCOL',
      message: `${need.nodePackage} ${String(answer.version)} speaks protocol ${String(answer.protocol)}, this bench ${need.protocol} (${script})`,
      hint: `install a matching pair: npm i @bench/cli@latest && ${options.install}`,
      exitCode: 3,
    });
  }
  return String(answer.version);
}
