import { EXIT, type Io } from '@bench/core';
import { wantedFor } from '@bench/planner';
import type { Task } from '@bench/recipe';
import type { RunView } from '@bench/results';
import { type Asked, isExplicit } from '../asked.ts';
import { programFolders } from '../perform.ts';
import type { Settings } from '../settings/load-settings.ts';
import { bootstrapText } from './bootstrap-text.ts';
import { lookHere } from './look-here.ts';
import { planRun } from './plan-run.ts';
import type { PlannedDeploy } from './planned-deploy.ts';
import { planText } from './plan-text.ts';
import { type RentalSteps, rentalSteps } from './rental-steps.ts';

export interface DryRun {
  text: string;
  json: { site: string; mode: 'measure' | 'deploy'; rent?: RentalSteps['json']; deployments: PlannedDeploy[] };
  /** 3 when something could not be done; 4 when no provider's part can be shown. */
  exitCode: number;
}

/** What a run would do, in order: the same input gives the same text. Connects to nothing. */
export async function dryRun(o: {
  tasks: readonly Task[];
  asked: Asked;
  /** The run that would go on: only what it misses is planned. */
  began: RunView | null;
  bootstrap: boolean;
  /** Folder of runs. */
  out: string;
  /** Default: none. */
  settings?: Settings;
  /** Needed where machines are rented. */
  io?: Io;
  signal?: AbortSignal;
}): Promise<DryRun> {
  const { asked, began } = o;
  const tasks = began === null ? o.tasks : o.tasks.filter((task) => missesSomething(task, began));
  const signal = o.signal ? { signal: o.signal } : {};
  const here = asked.site === 'local' ? await lookHere(tasks, { folders: programFolders(asked.recipes, o.settings), ...signal }) : null;
  const deployments = await planRun({
    tasks,
    asked,
    out: o.out,
    here,
    engines: o.settings?.engines,
    isDone: (task, point, repeat) => began !== null && isDone(began, task, point, repeat),
  });
  const mode = asked.mode ?? 'measure';
  const rent = await rentText(o, deployments);
  const text = planText({
    asked,
    deployments,
    began,
    rent: rent.map(({ title, steps }) => ({ title, lines: steps.text.trimEnd().split('\n') })),
    bootstrap: o.bootstrap ? bootstrapText(tasks) : [],
    // The hosts' GPUs decide; a choice by name is not narrowed down further.
    narrowed: asked.site !== 'local' && !isExplicit(asked) && new Set(deployments.map((d) => `${d.gpu}x${d.gpuCount}`)).size > 1,
  });
  return {
    text,
    json: { site: asked.site, mode, ...(rent.length > 0 ? { rent: rent.flatMap(({ steps }) => steps.json) } : {}), deployments },
    exitCode: deployments.some((d) => d.problems.length > 0)
      ? EXIT.missingPart
      : (rent.find(({ steps }) => steps.exitCode !== EXIT.ok)?.steps.exitCode ?? EXIT.ok),
  };
}

/** What is rented: once for each kind of machine, or for each container. */
async function rentText(
  o: Parameters<typeof dryRun>[0],
  deployments: readonly PlannedDeploy[],
): Promise<{ title: string; steps: RentalSteps }[]> {
  const { asked, settings, io } = o;
  const { cloud } = asked;
  if (!cloud || !settings || !io) return [];
  const kinds = new Map(deployments.filter((d) => d.problems.length === 0).map((d) => [titleOf(d) + JSON.stringify(d.workload), d]));
  return Promise.all(
    [...kinds.values()].map(async (d) => ({
      title: titleOf(d),
      steps: await rentalSteps({ settings, wanted: wantedFor(d, cloud, d.workload ?? undefined), io }),
    })),
  );
}

function titleOf({ gpu, gpuCount, engine, workload }: PlannedDeploy): string {
  const machine = gpu === null ? 'a machine without GPUs' : `a machine with ${gpuCount}× ${gpu}`;
  return workload === null ? machine : `${machine} that runs the container of ${engine}`;
}

function isDone(view: RunView, task: Task, point: number, repeat: number): boolean {
  const known = view.tasks.find(({ file }) => file.key === task.key);
  return known?.points.some(({ entry }) => entry.point === point && entry.repeat === repeat && entry.status === 'ok') ?? false;
}

/** A task that the run does not have was left out, and stays so. */
function missesSomething(task: Task, view: RunView): boolean {
  const planned = view.run.tasks.find(({ key }) => key === task.key);
  if (!planned) return false;
  if (planned.atMost) return view.tasks.every(({ file }) => file.key !== task.key || file.status !== 'done');
  return Array.from({ length: planned.points }, (_, point) => point).some((point) =>
    Array.from({ length: planned.repeats }, (_, repeat) => repeat).some((repeat) => !isDone(view, task, point, repeat)),
  );
}
