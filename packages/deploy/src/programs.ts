import type { Host } from '@bench/core';
import type { EngineProgram } from './contract.ts';
import { embeddedInstallHint, findEmbeddedEngine } from './embedded-program.ts';

/** A constant question to `sh`: is there such a command, or such a Python module? */
const HAS_COMMAND = 'command -v "$1" >/dev/null 2>&1';
const HAS_MODULE = 'python3 -c \'import importlib.util,sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)\' "$1" 2>/dev/null';

interface Known {
  argv: readonly [string, ...string[]];
  probe: string;
  subject: string;
  hint: string;
}

/** Engines that people install themselves, and how they are started. */
const KNOWN: Readonly<Record<string, Known>> = {
  vllm: { argv: ['python3', '-m', 'vllm.entrypoints.openai.api_server'], probe: HAS_MODULE, subject: 'vllm', hint: 'pip install vllm, or run it in a container' },
  sglang: { argv: ['python3', '-m', 'sglang.launch_server'], probe: HAS_MODULE, subject: 'sglang', hint: 'pip install "sglang[all]", or run it in a container' },
  llamacpp: { argv: ['llama-server'], probe: HAS_COMMAND, subject: 'llama-server', hint: 'install llama.cpp so that llama-server is on the PATH' },
};

/** Programs of the named engines that this machine has; an engine that is not here is absent. */
export async function findPrograms(options: {
  engines: Iterable<string>;
  /** Where the embedded engine is looked for, nearest first. */
  folders: readonly string[];
  host: Host;
  signal?: AbortSignal;
}): Promise<Record<string, EngineProgram | undefined>> {
  const found: Record<string, EngineProgram | undefined> = {};
  for (const name of new Set(options.engines)) {
    if (name === 'embedded') {
      found[name] = (await findEmbeddedEngine(options)) ?? undefined;
      continue;
    }
    const known = KNOWN[name];
    if (!known) continue;
    const result = await options.host.exec(
      { script: known.probe, args: [known.subject] },
      { timeoutMs: 30_000, ...(options.signal ? { signal: options.signal } : {}) },
    );
    if (result.code === 0) found[name] = { argv: known.argv };
  }
  return found;
}

/** What to do about a program that is not there. */
export function installHint(engine: string, platform: string): string {
  return engine === 'embedded' ? embeddedInstallHint(platform) : (KNOWN[engine]?.hint ?? `install ${engine} so that bench can start it`);
}
