/** GPUs of one type on a node, or asked for. */
export interface GresGpus {
  /** `h100`; null: the cluster does not tell types apart. */
  type: string | null;
  count: number;
}

/**
 * The GPUs of a list of generic resources: `gpu:8`, `gpu:tesla:2`, `gpu:h100:4(S:0-1),shard:8`, `gpu(IDX:0-3)`, `(null)`. Parts in brackets tell
 * where they sit, and other resources are left out. Types that stand twice (one entry a socket) are added up.
 */
export function parseGres(text: string): GresGpus[] {
  const found = new Map<string | null, number>();
  for (const entry of text.replaceAll(/\([^()]*\)/g, '').split(',')) {
    const [name, ...rest] = entry
      .trim()
      .replace(/^gres[:/]/, '')
      .split(/[:=]/);
    if (name !== 'gpu') continue;
    const last = rest.at(-1) ?? '1';
    const counted = /^\d+[kKmM]?$/.test(last);
    const type = (counted ? rest.slice(0, -1) : rest).join(':') || null;
    const count = counted ? Number.parseInt(last, 10) * (/k$/i.test(last) ? 1024 : /m$/i.test(last) ? 1_048_576 : 1) : 1;
    found.set(type, (found.get(type) ?? 0) + count);
  }
  return [...found].filter(([, count]) => count > 0).map(([type, count]) => ({ type, count }));
}
