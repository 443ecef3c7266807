import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './run.ts';

const ROOT = '/sys/fs/cgroup';

/** Where a group lies: in each hierarchy of version 1, in the one of version 2. */
const placesOf = (name: string) =>
  existsSync(ROOT)
    ? [ROOT, ...readdirSync(ROOT).map((entry) => join(ROOT, entry))].map((folder) => join(folder, name)).filter((path) => existsSync(path))
    : [];

/** Groups hold files that cannot be removed; removing a group's folder removes them. */
function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(folder, entry.name));
  rmdirSync(folder);
}

/** Removes the empty control groups that dockerd made for a machine's containers. */
export async function removeCgroup(name: string): Promise<void> {
  let last: unknown;
  await until(
    `removal of the cgroups ${name}`,
    () => {
      try {
        for (const place of placesOf(name)) removeTree(place);
        return true;
      } catch (error) {
        last = error; // processes that were killed are in it a moment longer
        return false;
      }
    },
    { everyMs: 20, why: () => String(last) },
  );
}
