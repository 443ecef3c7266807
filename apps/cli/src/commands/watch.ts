import { collectRun, type GoOnOutcome, type RunEvent, watchRun } from '@bench/benchmark';
import { EXIT } from '@bench/core';
import { readRun } from '@bench/results';
import type { CliContext } from '../context.ts';
import { buildReport, type PriceBook, reportJson } from '@bench/report';
import { reportAdvice, reportTable, writeRunReports } from '../reports.ts';
import { outFlag, teardownCommand } from '../run-commands.ts';
import { withQueueRun } from '../slurm-access.ts';
import { Progress } from '../ui/progress.ts';
import { showRun } from '../ui/show-run.ts';
import { styles } from '../ui/style.ts';
import { takenText, toCome } from '../ui/taken-text.ts';

export interface WatchFlags {
  out: string;
  config?: string | undefined;
  report: boolean;
  json?: true | undefined;
}

/** `bench watch`. */
export const watch = (run: string, flags: WatchFlags): Promise<number> => goOn('watch', run, flags);
/** `bench collect`. */
export const collect = (run: string, flags: WatchFlags): Promise<number> => goOn('collect', run, flags);

function goOn(how: 'watch' | 'collect', text: string, flags: WatchFlags): Promise<number> {
  const stopText = how === 'watch' ? 'only the watching: its jobs go on' : 'what was collected is kept';
  return withQueueRun(text, flags, stopText, async ({ dir, run, access, context, settings: { prices } }) => {
    const options = { stream: process.stderr, style: styles(process.stderr), clock: context.io.monotonic };
    const progress = new Progress(options);
    context.screen = progress;
    progress.status(() => `looking at ${run.asked.site}`);
    const show = showRun(progress, options);
    const points = { taken: 0, failed: 0 };
    const on = (event: RunEvent) => {
      if (event.type === 'point_finished') points.taken += 1;
      else if (event.type === 'point_failed') points.failed += 1;
      show(event);
    };
    let outcome: GoOnOutcome;
    try {
      outcome = await (how === 'watch' ? watchRun : collectRun)({ dir, io: context.io, cloud: access, on });
    } finally {
      context.screen = null;
      progress.close();
    }
    return tell(how, outcome, flags, { points, interrupted: context.signal.aborted, context, prices });
  });
}

async function tell(
  how: 'watch' | 'collect',
  outcome: GoOnOutcome,
  flags: WatchFlags,
  o: { points: { taken: number; failed: number }; interrupted: boolean; context: CliContext; prices: PriceBook },
): Promise<number> {
  const { points, interrupted, context, prices } = o;
  const { id, dir, status, still, leftBehind } = outcome;
  context.workEnds();
  const view = await readRun(dir);
  const report = buildReport({ runs: [view] }, { prices });
  const counts = { ...points, toCome: still > 0 ? toCome(view) : 0 };
  const measured = view.tasks.some((task) => task.points.some((point) => point.result !== null));
  const writes = flags.report && measured && !interrupted;
  const { files, failed } = writes ? await writeRunReports(report, dir, context) : { files: [], failed: false };
  const exitCode = interrupted && still > 0 ? EXIT.interrupted : outcome.exitCode || (failed ? EXIT.taskFailed : EXIT.ok);
  if (flags.json) {
    process.stdout.write(
      `${JSON.stringify({ id, dir, status: still > 0 ? 'running' : status, exitCode, still, points: counts, leftBehind, reports: files, rows: reportJson(report).rows }, null, 1)}\n`,
    );
  } else {
    if (measured) process.stdout.write(`\n${[reportTable(report), ...reportAdvice(report)].join('\n')}\n`);
    for (const file of files) process.stdout.write(`${file}\n`);
    if (how === 'collect') process.stderr.write(`${takenText(counts)}\n`);
    if (still > 0) {
      const again = `bench ${how} ${id}${outFlag(flags.out)}`;
      process.stderr.write(`${id} goes on in the queue (${still} ${still === 1 ? 'deployment' : 'deployments'}); go on with: ${again}\n`);
    }
  }
  for (const left of leftBehind) process.stderr.write(`${styles(process.stderr).red('left behind:')} ${left}\n`);
  if (leftBehind.length > 0) process.stderr.write(`end it with: ${teardownCommand(id, flags.out)}\n`);
  return exitCode;
}
