import { basename, extname } from 'node:path';
import { findGpu } from '@bench/core';

/** What a result file's name says. */
export interface NameFacts {
  gpu: { name: string; count: number } | null;
  /** Without the organisation. */
  model: string | null;
  variant: string | null;
  engine: string | null;
}

/**
 * Reads `h100_x_8_<organisation>_<model>_vllm_benchmark.txt` and `b200x4_mc8_np40_vllm_benchmark.json`, where the part before the engine
 * is the variant. Null: a name of another kind.
 */
export function nameFacts(path: string): NameFacts | null {
  const stem = basename(path, extname(path)).slice(0, 300);
  const match = /^(.+)_(vllm|sglang)_benchmark$/.exec(stem);
  if (!match) return null;
  const [, rest = '', engine = ''] = match;
  const spelled = /^([A-Za-z0-9-]{1,40})_x_(\d{1,4})_([^_]+)_(.+)$/.exec(rest);
  if (spelled) {
    const [, name = '', count, , model = ''] = spelled;
    return { gpu: { name: gpuName(name) ?? name, count: Number(count) }, model, variant: `${name}x${count}`, engine };
  }
  const [, name = '', count] = /^([A-Za-z0-9-]+?)(?:x(\d{1,4}))?(?:_|$)/.exec(rest) ?? [];
  const known = gpuName(name);
  return { gpu: known === null ? null : { name: known, count: Number(count ?? 0) }, model: null, variant: rest, engine };
}

function gpuName(name: string): string | null {
  return findGpu(name)?.id ?? null;
}

/** Names that tools give every file of theirs: the folder says more. */
const GENERIC = /^(profile_export(_aiperf|_genai_perf)?|benchmarks?|results?|report|output|stdout|client)$/i;

/** The part of a path that tells a file from others: without its ending, and without a name that says nothing. */
export function tellingPath(path: string): string {
  const bare = path.slice(0, path.length - extname(path).length);
  const parts = bare.split(/[/\\]/);
  return parts.length > 1 && GENERIC.test(parts.at(-1) as string) ? parts.slice(0, -1).join('/') : parts.join('/');
}
