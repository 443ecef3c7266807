import { findGpu, groupBy, hashOf, normalizeGpuName } from '@bench/core';

export type ParamValue = string | number | boolean | null;

/** RFC 1123: the longest label of a host name; also GCP's and Docker's limit. */
const MAX_NAME = 63;
const MAX_VALUE = 20;
const GPU = 'deploy.gpu';
const GPU_COUNT = 'deploy.gpu_count';

/**
 * Names variants: `h200x8`, then an abbreviation and the value of every other named key, in the order of the keys:
 * `rtx5090x1-mc16-e-fast`. Lower-case letters, digits and dashes, 63 at most: safe as file, host and container name. A name follows
 * from the variant's own values and from which keys the matrices name, never from what other values there are.
 */
export function variantNamer(namedKeys: readonly string[]) {
  const keys = namedKeys.filter((key) => key !== GPU && key !== GPU_COUNT);
  const short = abbreviate(keys);
  return (params: Readonly<Record<string, ParamValue>>, machine: { gpu: string | undefined; count: number }): string => {
    const parts = machine.gpu === undefined ? [] : [`${gpuName(machine.gpu)}x${machine.count}`];
    for (const key of keys) if (Object.hasOwn(params, key)) parts.push(joined(short.get(key) ?? '', valueName(params[key] ?? null)));
    const name = parts.join('-') || 'default';
    if (name.length <= MAX_NAME) return name;
    return `${name.slice(0, MAX_NAME - 9).replace(/-+$/, '')}-${hashOf([machine, params], 8)}`;
  };
}

/** Shortest of a key's abbreviations that no other key has. */
export function abbreviate(keys: readonly string[]): Map<string, string> {
  const chosen = new Map<string, string>();
  let open = [...keys];
  for (let level = 0; open.length > 0; level++) {
    const byShort = groupBy(open, (key) => candidates(key)[level] ?? hashOf(key, 8));
    const taken = new Set(chosen.values());
    open = [];
    for (const [short, same] of byShort) {
      if (same.length === 1 && !taken.has(short)) chosen.set(same[0] as string, short);
      else open.push(...same);
    }
  }
  return chosen;
}

function candidates(key: string): string[] {
  const segments = key.split('.').map((s) =>
    s
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .filter(Boolean),
  );
  const leaf = segments.at(-1) ?? [];
  const initials = (words: readonly string[], letters: number) => words.map((w) => w.slice(0, letters)).join('');
  const parent = segments.at(-2) ?? [];
  return [
    initials(leaf, 1),
    ...(parent.length > 0 ? [initials(parent, 1) + initials(leaf, 1)] : []),
    initials(leaf, 3),
    leaf.join(''),
    initials(segments.flat(), 3),
    segments.flat().join(''),
  ].filter((s) => s !== '');
}

/** `h200` for any name of a known GPU; else its letters and digits. */
function gpuName(gpu: string): string {
  const name = findGpu(gpu)?.short ?? normalizeGpuName(gpu);
  return name !== '' && name.length <= MAX_VALUE ? name : `${name.slice(0, MAX_VALUE - 4)}${hashOf(gpu, 4)}`;
}

/** `mc16`, but `s-adaptive`: a word is read more easily apart. */
const joined = (short: string, value: string) => (/^\d/.test(value) ? short + value : `${short}-${value}`);

/** Numbers and plain words as they are (`0.85` is `0p85`); anything that loses something on the way gets four digits of its hash. */
function valueName(value: ParamValue): string {
  if (typeof value === 'number' && /^\d+(\.\d+)?$/.test(String(value))) return String(value).replace('.', 'p');
  if (typeof value !== 'string') return String(value).replace(/[^a-z0-9]/g, '') + (typeof value === 'number' ? hashOf(value, 4) : '');
  if (/^[a-z0-9]+$/.test(value) && value.length <= MAX_VALUE) return value;
  // Of a path or an image only the last part tells anything.
  const tail = value.split('/').filter(Boolean).at(-1) ?? '';
  const slug = tail
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, MAX_VALUE - 5)
    .replace(/-$/, '');
  return slug === '' ? hashOf(value, 4) : `${slug}-${hashOf(value, 4)}`;
}
