import type { RunView } from '@bench/results';
import { engineLabel } from '../labels.ts';
import { TIME_KINDS, timeShares } from '../run-time.ts';
import { FORMAT, type CellValue } from './cells.ts';
import type { SheetPlan } from './sheets.ts';

const WORDS = new Map(TIME_KINDS);

/** What the time of each run went into, and how long each phase of its deployments took. */
export function phasesSheet(runs: readonly RunView[]): SheetPlan {
  return {
    name: 'Phases',
    columns: [
      { header: 'Run', width: 14 },
      { header: 'What', width: 46 },
      { header: 'Phase', width: 24 },
      { header: 'Part of', width: 18 },
      { header: 'Start (s)', width: 11, format: FORMAT.oneDecimal },
      { header: 'Duration (s)', width: 12, format: FORMAT.oneDecimal },
      { header: 'Share of it', width: 11, format: FORMAT.percent },
    ],
    rows: runs.flatMap((view) => [...runRows(view), ...deploymentRows(view)]),
  };
}

function runRows({ run, spans }: RunView): CellValue[][] {
  return timeShares(spans).map(({ kind, ms }) => {
    const share = spans.totalMs > 0 ? ms / spans.totalMs : null;
    return [run.id, 'whole run', WORDS.get(kind), null, null, ms / 1000, share];
  });
}

function deploymentRows({ run, tasks }: RunView): CellValue[][] {
  const seen = new Set<string>();
  return tasks.flatMap(({ deployment, file }) => {
    if (!deployment || seen.has(deployment.id)) return [];
    seen.add(deployment.id);
    const what = `${deployment.id}: ${engineLabel(deployment.engine)}, ${file.recipe} / ${file.variant}`;
    const total = deployment.phases.reduce((sum, phase) => sum + (phase.within === undefined ? phase.durationMs : 0), 0);
    return deployment.phases.map((phase): CellValue[] => [
      run.id,
      what,
      phase.name.replaceAll('_', ' '),
      phase.within?.replaceAll('_', ' '),
      phase.startMs / 1000,
      phase.durationMs / 1000,
      total > 0 ? phase.durationMs / total : null,
    ]);
  });
}
