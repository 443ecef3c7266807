import type { RunOutline } from './run-view.ts';

/**
 * Measurements that a run has in all, repeats counted. `atMost`: of tasks whose points follow from one another it is not known how many there will
 * be; of one that is done there are as many as there are.
 */
export function plannedPoints({ run, tasks }: Pick<RunOutline, 'run' | 'tasks'>): { points: number; atMost: boolean } {
  const open = new Set(
    run.tasks.filter(({ key, atMost }) => atMost && tasks.every(({ file }) => file.key !== key || file.status !== 'done')),
  );
  const points = run.tasks.reduce((sum, planned) => {
    if (!planned.atMost || open.has(planned)) return sum + planned.points * planned.repeats;
    return sum + (tasks.find(({ file }) => file.key === planned.key)?.points.length ?? 0);
  }, 0);
  return { points, atMost: open.size > 0 };
}
