import type { Host } from '@bench/core';
import type { Engine, EngineProgram } from '@bench/recipe';
import type { FoundProgram } from './contract.ts';
import { findPackageProgram } from './package-program.ts';

/** Constant questions to `sh`: is there such a command, or such a Python module? */
const HAS_COMMAND = 'command -v "$1" >/dev/null 2>&1';
const HAS_MODULE = 'python3 -c \'import importlib.util,sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)\' "$1" 2>/dev/null';

export interface FindProgramsOptions {
  engines: Iterable<Engine>;
  /** Where engines that are npm packages are looked for, nearest first. */
  folders: readonly string[];
  host: Host;
  /** Default: this process's. */
  platform?: string;
  signal?: AbortSignal;
}

/** Programs of these engines that this machine has, by the engine's name; an engine that is not here is absent. */
export async function findPrograms(options: FindProgramsOptions): Promise<Record<string, FoundProgram | undefined>> {
  const found: Record<string, FoundProgram | undefined> = {};
  for (const { name, program } of new Set(options.engines)) {
    const hit = program ? await find(program, options) : null;
    if (hit) found[name] = hit;
  }
  return found;
}

async function find(program: EngineProgram, options: FindProgramsOptions): Promise<FoundProgram | null> {
  const { needs } = program;
  if ('nodePackage' in needs) {
    return findPackageProgram(needs, { ...options, install: program.install(options.platform ?? `${process.platform}-${process.arch}`) });
  }
  const [script, subject] = 'command' in needs ? [HAS_COMMAND, needs.command] : [HAS_MODULE, needs.pythonModule];
  const { code } = await options.host.exec(
    { script, args: [subject] },
    { timeoutMs: 30_000, ...(options.signal ? { signal: options.signal } : {}) },
  );
  return code === 0 ? { argv: program.argv } : null;
}
