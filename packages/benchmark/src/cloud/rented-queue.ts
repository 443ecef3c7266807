import { type ExecutionGroup, machineKey } from '@bench/planner';

/** Hands groups to machines: one that is there takes what fits it exactly; otherwise groups go in their order. */
export function rentedQueue(groups: readonly ExecutionGroup[]) {
  const waiting = [...groups];
  const take = (at: number) => (at < 0 ? null : (waiting.splice(at, 1)[0] ?? null));
  return {
    /** For a machine that is there; null: nothing fits it. `live`: key of the deployment that is up on it, whose group comes first. */
    fitting: (key: string, live: string | null): ExecutionGroup | null => {
      const home = live === null ? -1 : waiting.findIndex((g) => machineKey(g) === key && g.deployments.some((d) => d.key === live));
      return take(home >= 0 ? home : waiting.findIndex((group) => machineKey(group) === key));
    },
    /** For a machine that is yet to be rented; null: none is left for which one may be. */
    next: (mayRent: (group: ExecutionGroup) => boolean = () => true): ExecutionGroup | null => take(waiting.findIndex(mayRent)),
    /** Before those that come after it. */
    putBack: (group: ExecutionGroup): void => {
      const at = waiting.findIndex(({ index }) => index > group.index);
      waiting.splice(at < 0 ? waiting.length : at, 0, group);
    },
    left: (): readonly ExecutionGroup[] => waiting,
  };
}
