import { BenchError } from '../error.ts';

/** What a host may be called: letters, digits, `_`, `-` and `.`, never beginning with `-` (it would be read as a flag). */
const NODE_NAME = /^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/;

/** Whether `name` can be the name or the IPv4 address of a node. */
export function isNodeName(name: string): boolean {
  return NODE_NAME.test(name);
}

/** A name up to its first dot; an IPv4 address as it is. */
export function shortName(name: string): string {
  return /^\d+(\.\d+){3}$/.test(name) ? name : (name.split('.')[0] ?? name);
}

/** Whether two names mean one machine, when one of them may lack its domain. */
export function sameNode(a: string, b: string): boolean {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  if (one === other) return true;
  // Two full names differ when their domains do.
  return shortName(one) === shortName(other) && (one === shortName(one) || other === shortName(other));
}

/** Whether two names mean one machine of a cluster, whatever networks (`.hsn`, `.hostmgmt`) their domains name. */
export function sameShortName(a: string, b: string): boolean {
  return shortName(a).toLowerCase() === shortName(b).toLowerCase();
}

/** @throws BenchError `BENCH_NODE_NAME` when one of the names cannot be a node's; `where` says where it stood. */
export function requireNodeNames(names: readonly string[], where: string): void {
  for (const name of names) {
    if (isNodeName(name)) continue;
    throw new BenchError({
      code: 'BENCH_NODE_NAME',
      message: `${where}: "${name.slice(0, 80)}" cannot be the name of a node`,
      hint: 'names of nodes have letters, digits, "_", "-" and "."',
      exitCode: 2,
    });
  }
}
