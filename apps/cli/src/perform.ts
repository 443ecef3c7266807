import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CloudAccess, type RunEvent, type RunOutcome, runTasks } from '@bench/benchmark';
import { EXIT, minuteText } from '@bench/core';
import type { Task } from '@bench/recipe';
import { readRun, type RunView } from '@bench/results';
import { adviceAfter } from './advice.ts';
import { type Asked, isExplicit, siteOfRun } from './asked.ts';
import { withCloud, withCloudOfRun } from './cloud-access.ts';
import { withSlurm } from './slurm-access.ts';
import { confirmRun } from './confirm-run.ts';
import type { CliContext } from './context.ts';
import { keptSelfcheck } from './kept-selfcheck.ts';
import { leftText } from './left-machines.ts';
import { endpointLines } from './endpoint-lines.ts';
import { buildReport, reportJson } from '@bench/report';
import { reportAdvice, reportTable, writeRunReports } from './reports.ts';
import type { Settings } from './settings/load-settings.ts';
import { outFlag, teardownCommand } from './run-commands.ts';
import { costLines } from './ui/cost-lines.ts';
import { Progress } from './ui/progress.ts';
import { showRun } from './ui/show-run.ts';
import { styles } from './ui/style.ts';
import { terminalWidth } from './ui/width.ts';
import { CLI_VERSION } from './version.ts';

/** What comes out of a run, and where it goes. */
export interface OutputFlags {
  out: string;
  strict?: true | undefined;
  report: boolean;
  json?: true | undefined;
}

export interface Job {
  asked: Asked;
  tasks: readonly Task[];
  /** Folder of a run to go on with. */
  resume?: string | undefined;
  /** Its id. */
  began?: string | undefined;
  bootstrap?: true | undefined;
  settings: Settings;
  /** Jobs are left to the queue. */
  detach?: boolean | undefined;
  /** Money may be spent without a question. */
  yes: boolean;
}

/** Runs what was asked, shows how it goes, writes the reports; the answer is the exit code. */
export async function perform(job: Job, flags: OutputFlags, context: CliContext): Promise<number> {
  const { outcome, progressStyle: style } = await runWatched(job, flags, context);
  const view = await readRun(outcome.dir);
  const report = buildReport({ runs: [view] }, { prices: job.settings.prices });
  const measured = view.tasks.some((task) => task.points.some((point) => point.result !== null));
  const { files, failed } = flags.report && measured ? await writeRunReports(report, outcome.dir, context) : { files: [], failed: false };
  const doubts = flags.strict ? doubtful(view) : [];
  const exitCode = outcome.exitCode || (doubts.length > 0 ? EXIT.strict : failed ? EXIT.taskFailed : EXIT.ok);
  context.workEnds();
  if (flags.json) {
    const { id, dir, status, kept, leftBehind, cost = null, detached = null } = outcome;
    process.stdout.write(
      `${JSON.stringify({ id, dir, status, exitCode, kept, leftBehind, cost, detached, doubts, reports: files, rows: reportJson(report).rows }, null, 1)}\n`,
    );
  } else {
    if (measured) process.stdout.write(`\n${[reportTable(report), ...reportAdvice(report)].join('\n')}\n`);
    for (const doubt of doubts) process.stderr.write(`${style.yellow('in doubt:')} ${doubt}\n`);
    for (const file of files) process.stdout.write(`${file}\n`);
    if (outcome.cost) process.stdout.write(`\n${costLines(outcome.cost, style, { width: terminalWidth(process.stdout) }).join('\n')}\n`);
    for (const [before, kept] of outcome.kept.entries())
      process.stdout.write(`\n${endpointLines(kept, { asked: job.asked, runId: outcome.id, out: flags.out, before }).join('\n')}\n`);
    if (outcome.detached) process.stdout.write(`\n${detachedLines(outcome.id, outcome.detached, flags.out).join('\n')}\n`);
    for (const line of adviceAfter({ outcome, view, out: flags.out })) process.stderr.write(`${line}\n`);
  }
  if (outcome.stoppedBy) {
    const { message, hint } = outcome.stoppedBy;
    process.stderr.write(`${style.yellow('stopped:')} ${message}\n${hint === undefined ? '' : `${style.dim(`hint:  ${hint}`)}\n`}`);
  }
  for (const left of outcome.leftBehind) process.stderr.write(`${style.red('left behind:')} ${left}\n`);
  if (outcome.leftBehind.length > 0) process.stderr.write(`end it with: ${teardownCommand(outcome.id, flags.out)}\n`);
  return exitCode;
}

/** What to do with a run that was left to the queue. */
function detachedLines(id: string, { jobs, until }: { jobs: readonly string[]; until: string }, out: string): string[] {
  const flag = outFlag(out);
  return [
    `run ${id} is in the queue as ${jobs.length === 1 ? 'job' : 'jobs'} ${jobs.join(', ')}; bench gc leaves ${jobs.length === 1 ? 'it' : 'them'} alone until ${minuteText(until)} UTC`,
    `  bench status ${id}${flag}    how it stands`,
    `  bench watch ${id}${flag}     watch it to its end`,
    `  bench collect ${id}${flag}   take what it has measured`,
    `  bench teardown ${id}${flag}  cancel it`,
  ];
}

/** Where machines are rented, with the providers and the ledger. */
function runWatched(job: Job, flags: OutputFlags, context: CliContext) {
  const { asked, settings } = job;
  if (asked.batch)
    return withSlurm({ io: context.io, settings, login: asked.batch.login }, (cloud) => runShown(job, flags, context, cloud));
  if (!asked.cloud) return runShown(job, flags, context);
  const { providers } = asked.cloud;
  const { io } = context;
  const shown = (cloud: CloudAccess) => runShown(job, flags, context, cloud);
  return job.began === undefined
    ? withCloud({ io, settings, only: providers, need: true }, shown)
    : withCloudOfRun({ io, settings, run: job.began, more: providers }, shown);
}

async function runShown(job: Job, flags: OutputFlags, context: CliContext, cloud?: CloudAccess) {
  const { asked, tasks, resume, bootstrap, settings } = job;
  const site = siteOfRun(asked);
  const options = { stream: process.stderr, style: styles(process.stderr), clock: context.io.monotonic };
  const progress = new Progress(options);
  context.screen = progress;
  progress.status(() =>
    site.kind === 'ssh'
      ? `looking at ${site.targets.join(', ')}`
      : site.kind === 'cloud'
        ? 'asking what is for rent'
        : site.kind === 'slurm'
          ? `looking at the cluster (${asked.batch?.login ?? ''})`
          : 'looking at this machine and its engines',
  );
  const show = showRun(progress, options, { deployOnly: asked.mode === 'deploy' });
  let id = '';
  const leaves = (run: string) => {
    // Known before the screen tells of a machine: an intent is on disk first.
    if (cloud && (asked.cloud || asked.batch)) context.leavesNow = () => leftText({ ledger: cloud.ledger, run, out: flags.out });
  };
  if (job.began !== undefined) {
    leaves(job.began);
    if (asked.cloud)
      context.leaves = `machines of run ${job.began} may still cost money; end them with: ${teardownCommand(job.began, flags.out)}`;
  }
  context.signal.addEventListener('abort', () => progress.last(() => 'taking everything down'), { once: true });
  const on = (event: RunEvent) => {
    if (event.type === 'run_started') leaves((id = event.id));
    // Processes end with bench; containers do not.
    const begins = event.type === 'deployment_phase' || event.type === 'deployment_adopted' || event.type === 'machine';
    if (begins && site.kind !== 'local')
      context.leaves =
        site.kind === 'cloud'
          ? `machines that were rented at ${asked.site} may still cost money; end them with: bench gc`
          : site.kind === 'slurm'
            ? `jobs of run ${id} may still be in the queue; end them with: ${teardownCommand(id, flags.out)}`
            : `what runs on ${asked.site} may still be up; end it with: ${teardownCommand(id, flags.out)}`;
    if (event.type === 'run_finished') context.leaves = context.leavesNow = null;
    show(event);
  };
  const selfcheck = await keptSelfcheck();
  try {
    const outcome: RunOutcome = await runTasks({
      io: context.io,
      tasks,
      asked,
      explicit: isExplicit(asked),
      root: resolve(flags.out),
      tools: { '@bench/cli': CLI_VERSION, node: process.versions.node },
      folders: programFolders(asked.recipes, settings),
      engines: settings.engines,
      cwd: process.cwd(),
      ...(resume === undefined ? {} : { resume }),
      ...(site.kind === 'ssh' || (site.kind === 'slurm' && asked.batch?.login !== 'local') ? { knownHosts: context.knownHosts() } : {}),
      ...(selfcheck === undefined ? {} : { selfcheck }),
      ...(bootstrap ? { bootstrap } : {}),
      ...(settings.telemetry === undefined ? {} : { telemetry: settings.telemetry || null }),
      ...(job.detach ? { detach: true } : {}),
      ...(cloud === undefined ? {} : { cloud, confirm: (request) => confirmRun(request, { job, cloud, context }) }),
      on,
    });
    return { outcome, progressStyle: options.style };
  } finally {
    context.screen = null;
    context.leavesNow = null;
    progress.close();
  }
}

/** Where the user's engines and plugins are: beside the recipes, beside the settings, in the working folder, beside the CLI. */
export function programFolders(recipes: readonly string[], settings?: Pick<Settings, 'file'>): string[] {
  return [
    ...new Set([
      ...recipes.map((r) => (r.endsWith('.yaml') || r.endsWith('.yml') ? dirname(r) : r)),
      ...(settings?.file ? [dirname(settings.file)] : []),
      process.cwd(),
      join(dirname(fileURLToPath(import.meta.url)), '..'),
    ]),
  ];
}

/** Flags that make a figure doubtful; generated weights and few samples are known beforehand. */
const BENIGN = new Set(['random_weights', 'few_samples']);

function doubtful(view: RunView): string[] {
  return view.tasks.flatMap((task) =>
    task.points.flatMap((point) =>
      (point.result?.flags ?? [])
        .filter((flag) => !BENIGN.has(flag.code))
        .map((flag) => `${task.file.recipe}/${task.file.variant} point ${point.entry.point}: ${flag.message}`),
    ),
  );
}
