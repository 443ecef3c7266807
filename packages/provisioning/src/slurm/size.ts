const FACTORS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4, P: 1024 ** 5 };

/** Bytes of what sacct prints for memory: `1234K`, `1.50G`, `0`; powers of 1024 (sacct(1), `--units`). Null: it says nothing. */
export function parseMemory(text: string): number | null {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([KMGTP]?)[nc]?$/i.exec(text.trim()) ?? [];
  return number === undefined ? null : Math.round(Number(number) * (FACTORS[unit.toUpperCase()] ?? 1));
}
