import { BenchError } from '@bench/core';

/** How many characters of the owner id stand in a name. */
export const OWNER_IN_NAME = 6;
const NAME = /^bench-([a-z0-9]{6})-([a-z0-9]+)-(\d+)$/;

/** `bench-<owner6>-<run>-<n>`: legal as an instance name everywhere (RFC 1035, at most 60 characters). */
export function machineName(o: { owner: string; run: string; n: number }): string {
  const name = `bench-${o.owner.slice(0, OWNER_IN_NAME)}-${o.run}-${o.n}`;
  if (NAME.test(name) && name.length <= 60) return name;
  throw new BenchError({ code: 'BENCH_MACHINE_NAME', message: `"${name}" cannot be the name of a machine` });
}

/** What a machine's name says; null: bench did not name it. */
export function parseMachineName(name: string): { owner6: string; run: string; n: number } | null {
  const [, owner6, run, n] = NAME.exec(name) ?? [];
  return owner6 === undefined || run === undefined || n === undefined ? null : { owner6, run, n: Number(n) };
}

/** Labels of a machine, where there are any: keys and values legal on GCP. */
export const LABELS = { managed: 'bench-managed', owner: 'bench-owner', run: 'bench-run', expires: 'bench-expires' } as const;
