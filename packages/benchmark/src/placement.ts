import { BenchError, EXIT } from '@bench/core';
import type { ContainerFacts, Problem } from '@bench/deploy';
import type { ExecutionGroup, Plan } from '@bench/planner';
import { loadPoints, type Task } from '@bench/recipe';
import { engineClientProblems } from './load-places/index.ts';
import type { RunMachine } from './machine.ts';

/** Which machines each group can run on, by group index. */
export type Placement = ReadonlyMap<number, ReadonlySet<number>>;

/**
 * Looks up which machines fit each group, before any work starts. `known`: reasons against the run that were found before.
 * @throws BenchError with every reason, when a group fits none (exit code 3).
 */
export async function placeGroups(plan: Plan, machines: readonly RunMachine[], known: readonly Problem[] = []): Promise<Placement> {
  const facts = await Promise.all(machines.map((machine) => machine.facts({ runId: 'run', id: 'check', dir: '.', ports: false })));
  const placement = new Map<number, Set<number>>();
  const refused: Problem[] = [...known];
  for (const group of plan.groups) {
    const tasks = group.deployments.flatMap((deployment) => deployment.tasks);
    const problems = machines.map((machine, i) =>
      tasks.flatMap((task) => [
        ...machine.targets.forTask(task).check(task, facts[i] as (typeof facts)[number]),
        ...clientProblems(task, machine),
      ]),
    );
    const fitting = machines.filter((_, i) => problems[i]?.length === 0);
    placement.set(group.index, new Set(fitting.map((machine) => machine.index)));
    if (fitting.length > 0) continue;
    for (const [i, found] of problems.entries()) refused.push(...found.map((problem) => named(problem, machines, i)));
  }
  if (refused.length > 0) throw unfit(refused);
  return placement;
}

/** An engine's own client runs in the engine's image, and knows less than bench's. */
export function clientProblems(task: Task, machine: { name: string; containers?: ContainerFacts | null | undefined }): Problem[] {
  const client = task.resolved.benchmark?.client ?? 'bench';
  if (client === 'bench') return [];
  const name = `${task.recipe}/${task.variant}`;
  if (!machine.containers)
    return [
      {
        code: 'BENCH_SITE_UNFIT',
        message: `${name}: "client: ${client}" is run in the engine's image, and ${machine.name} runs no containers for this site`,
        hint: 'run it on site docker or ssh:…, or leave benchmark.client out',
      },
    ];
  const problems = new Set(loadPoints(task).flatMap(({ load }) => engineClientProblems(load, client)));
  return [...problems].map((problem) => ({ code: 'BENCH_CLIENT_UNFIT', message: `${name}: ${problem}` }));
}

function named(problem: Problem, machines: readonly RunMachine[], i: number): Problem {
  return machines.length === 1 ? problem : { ...problem, message: `${machines[i]?.name}: ${problem.message}` };
}

/** Whose fault it is, where it is not the host's: the recipe's, or the credentials'. */
const EXIT_OF: Readonly<Record<string, number>> = { BENCH_GPU_UNKNOWN: EXIT.usage, BENCH_SECRET_MISSING: EXIT.provider };

/** One error of all reasons; what is to be mended in the recipe decides over its exit code, then what is missing. */
export function unfit(problems: readonly Problem[]): BenchError {
  const unique = [...new Map(problems.map((p) => [p.message, p])).values()];
  return new BenchError({
    code: (unique[0] as Problem).code,
    message: unique.map((p) => p.message).join('\n'),
    hint: [...new Set(unique.map((p) => p.hint).filter((h) => h !== undefined))].join('\n'),
    exitCode: Math.min(...unique.map(({ code }) => EXIT_OF[code] ?? EXIT.missingPart)),
  });
}

/**
 * Hands groups to machines: each machine takes the next group that fits it, those with the fewest places to go first. A group whose
 * deployment is still up on a machine goes there.
 */
export function groupQueue(plan: Plan, placement: Placement, upOn: (key: string) => number | null) {
  const placesOf = (group: ExecutionGroup): ReadonlySet<number> => {
    const home = group.deployments.map((d) => upOn(d.key)).find((machine) => machine !== null);
    return home === undefined ? (placement.get(group.index) ?? new Set()) : new Set([home]);
  };
  const waiting = plan.groups
    .map((group) => ({ group, places: placesOf(group) }))
    .sort((a, b) => a.places.size - b.places.size || a.group.index - b.group.index);
  return {
    next(machine: number): ExecutionGroup | null {
      const at = waiting.findIndex(({ places }) => places.has(machine));
      return at < 0 ? null : (waiting.splice(at, 1)[0]?.group ?? null);
    },
    /** Groups that nobody took. */
    left: () => waiting.map(({ group }) => group),
  };
}
