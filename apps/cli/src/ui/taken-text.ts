import { plannedPoints, type RunView } from '@bench/results';

/** Points of a run that are neither measured nor have failed. */
export function toCome({ run, tasks }: Pick<RunView, 'run' | 'tasks'>): number {
  return Math.max(0, plannedPoints({ run, tasks }).points - tasks.reduce((sum, { points }) => sum + points.length, 0));
}

/** `2 points taken, 1 failed, 3 still to come` */
export function takenText({ taken, failed, toCome: more }: { taken: number; failed: number; toCome: number }): string {
  return [
    `${taken} ${taken === 1 ? 'point' : 'points'} taken`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    more > 0 ? `${more} still to come` : 'no more to come',
  ].join(', ');
}
