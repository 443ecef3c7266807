import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { BenchError, messageOf, writeAtomic } from '@bench/core';

import { RANDOM_WEIGHTS_VERSION, randomLlama, type RandomSize } from './random-llama.ts';

export interface RandomWeightsOptions {
  size: RandomSize;
  /** Equal seeds give equal files. Default 1. */
  seed?: number | undefined;
  /** The folder for generated weights; made if missing. */
  cacheDir: string;
  signal?: AbortSignal | undefined;
}

/**
 * The path of a GGUF file with random weights, written on first use: 1 MB (`tiny`) or 16 MB (`small`).
 * Any number of processes may ask at once: each writes beside and renames, and all write the same bytes.
 * @throws BenchError `BENCH_ENGINE_CACHE` when the folder cannot be written.
 */
export async function ensureRandomWeights(options: RandomWeightsOptions): Promise<string> {
  const { size, seed = 1, cacheDir, signal } = options;
  const path = join(cacheDir, `random-${size}-seed${seed}-v${RANDOM_WEIGHTS_VERSION}.gguf`);
  signal?.throwIfAborted();
  if (await isWeightsFile(path)) return path;
  const bytes = randomLlama(size, seed);
  signal?.throwIfAborted();
  try {
    await writeAtomic(path, bytes);
  } catch (error) {
    throw new BenchError({
      code: 'BENCH_ENGINE_CACHE',
      message: `cannot write the generated weights to ${path}: ${messageOf(error)}`,
      hint: 'make the folder writable, free some space, or name another one with --cache-dir',
      cause: error,
    });
  }
  return path;
}

/** Files get their name only when whole, so the first bytes tell enough. */
async function isWeightsFile(path: string): Promise<boolean> {
  const size = await stat(path).then(
    (s) => (s.isFile() ? s.size : 0),
    () => 0,
  );
  if (size < 4) return false;
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1') === 'GGUF';
  } finally {
    await file.close();
  }
}
