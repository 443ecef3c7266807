/** So many nodes are named one by one, no more. */
const MOST = 65_536;

/**
 * The names in a list of nodes as Slurm writes it (scontrol(1), `show hostnames`): `node[01-03,7],login1`. Null: it is not understood, or too long;
 * that of several ranges in one name is left to Slurm.
 */
export function expandNodes(list: string): string[] | null {
  const names: string[] = [];
  for (const part of list.match(/[^,[\]]+(?:\[[^[\]]*\][^,[\]]*)?|[,[\]]/g) ?? []) {
    if (part === ',') continue;
    const [, before = '', ranges, after = ''] = /^([^[\]]+)(?:\[([\d,-]+)\]([^[\]]*))?$/.exec(part) ?? [];
    if (before === '') return null;
    if (ranges === undefined) names.push(before);
    else {
      for (const range of ranges.split(',')) {
        const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
        if (first === undefined || last === undefined || Number(last) < Number(first) || Number(last) - Number(first) > MOST) return null;
        for (let i = Number(first); i <= Number(last); i += 1) names.push(`${before}${String(i).padStart(first.length, '0')}${after}`);
      }
    }
    if (names.length > MOST) return null;
  }
  return names;
}
