import { groupBy } from '@bench/core';
import type { RunView } from '@bench/results';
import { plural } from './format.ts';
import type { Problem } from './report.ts';

/**
 * Runs, each once. Of several directories with one id, which are copies of each other, the one with most measured points and repeats is kept: a copy that was
 * taken while the run went on has fewer. Of equals it is the first. The others are told of. Pure.
 */
export function withoutCopies(runs: readonly RunView[]): { runs: RunView[]; copies: Problem[] } {
  const kept = new Map([...groupBy(runs, ({ run }) => run.id)].map(([id, same]) => [id, fullest(same)]));
  const copies = runs.flatMap((view) => {
    const of = kept.get(view.run.id);
    return of === undefined || of === view ? [] : [{ path: view.dir, message: copyText(view, of), kind: 'copy' as const }];
  });
  return { runs: runs.filter((view) => kept.get(view.run.id) === view), copies };
}

const fullest = (same: readonly RunView[]): RunView => same.reduce((best, view) => (measuredOf(view) > measuredOf(best) ? view : best));

/** Points and repeats with figures. */
const measuredOf = ({ tasks }: RunView): number =>
  tasks.flatMap(({ points }) => points).filter(({ entry, result }) => entry.status === 'ok' && result !== null).length;

function copyText(copy: RunView, kept: RunView): string {
  const [own, other] = [measuredOf(copy), measuredOf(kept)];
  const more = own === other ? '' : `, which is more complete: ${plural(other, 'measurement')}, here ${own === 0 ? 'none' : own}`;
  return `a copy of run ${kept.run.id}, which counts once; its figures are those of ${kept.dir}${more}`;
}
