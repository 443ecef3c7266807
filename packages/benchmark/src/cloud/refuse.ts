import { BenchError, EXIT, findGpus, type Io, nearGpu } from '@bench/core';
import type { Problem } from '@bench/deploy';
import { type ExecutionGroup, machineKey, type Plan, TEARDOWN_ALLOWANCE_MS, wantedFor } from '@bench/planner';
import { type ClosedProvider, findOffers, type FoundOffers, nothingFits, type Offer } from '@bench/provisioning';
import { BUILTIN_ENGINES } from '@bench/recipe';
import type { AskedCloud } from '@bench/results';
import { clientProblems, unfit } from '../placement.ts';
import type { CloudAccess, RunOptions } from '../run-options.ts';
import { siteTargets, type SiteTargets } from '../targets.ts';
import { machineNeed, type Need } from './machine-need.ts';
import { offerFacts } from './offer-facts.ts';

/** How many of the best offers are looked at before it is said that none will do. */
const TRIED = 8;

/**
 * Refuses what cannot work before anything costs: a GPU that nobody knows, a recipe that names none without a limit, offers that none of its
 * tasks can run on, files that are missing, a limit below every price.
 * @throws BenchError with every reason; exit code 2 or 3 for what the recipe and this machine lack, 4 for what no provider has
 */
export async function refuseUnrentable(o: {
  plan: Plan;
  cloud: AskedCloud;
  access: CloudAccess;
  options: Asking;
  io: Io;
  /** Reasons that were found before. */
  known: readonly Problem[];
}): Promise<void> {
  const { plan, cloud, access, io, known } = o;
  const refusal = wishRefusal(plan, cloud, known);
  if (refusal) throw refusal;
  const found = new Map<string, FoundOffers>();
  for (const group of plan.groups) {
    const key = machineKey(group);
    const offers = found.get(key) ?? (await findOffers({ wanted: wantedFor(group, cloud), providers: access.providers, io }));
    found.set(key, offers);
    const error = groupRefusal(group, { ...o, found: offers, closed: access.providers.closed });
    if (error) throw error;
  }
}

/** What of a run decides whether its tasks fit a machine. */
export type Asking = Pick<RunOptions, 'asked' | 'engines' | 'cwd'>;

/** What is wrong before anybody is asked what is for rent; null: nothing. */
export function wishRefusal(plan: Plan, cloud: AskedCloud, known: readonly Problem[]): BenchError | null {
  const problems = [...known, ...plan.groups.flatMap((group) => wishProblems(group, cloud))];
  return problems.length > 0 ? unfit(problems) : null;
}

/** Why a group cannot run on what was found for it; null: it can. */
export function groupRefusal(
  group: ExecutionGroup,
  o: { found: FoundOffers; closed: readonly ClosedProvider[]; cloud: AskedCloud; options: Asking },
): BenchError | null {
  const { found, closed, cloud, options } = o;
  if (found.candidates.length === 0) {
    const wanted = wantedFor(group, cloud);
    const byCost = wanted.maxPriceUsdPerHour !== cloud.maxPriceUsdPerHour;
    return nothingFits({ found, wanted, closed, ...(byCost ? { maxCostUsd: cloud.maxCostUsd } : {}) });
  }
  const targets = siteTargets('cloud', {
    engines: options.engines ?? BUILTIN_ENGINES,
    cwd: options.cwd ?? process.cwd(),
    workload: cloud.workload,
  });
  const refused = found.candidates.slice(0, TRIED).map((offer) => taskProblems(group, offer, targets, options));
  const dear = tooDear(group, found.candidates, { cloud, deployOnly: options.asked.mode === 'deploy' });
  if (dear) return dear;
  return refused.every((reasons) => reasons.length > 0) ? unfit(refused[0] ?? []) : null;
}

/** What the cheapest offer would cost in its first hour, or until its group is done where that is sooner, must be within the limit. */
function tooDear(group: ExecutionGroup, offers: readonly Offer[], need: Need): BenchError | null {
  const { cloud } = need;
  const { maxCostUsd } = cloud;
  if (maxCostUsd === null) return null;
  const least = Math.min(
    ...offers.map((offer) => {
      const { usdPerHour, seconds } = machineNeed(group, offer, need);
      return (usdPerHour ?? 0) * (Math.min(seconds, 3600) + TEARDOWN_ALLOWANCE_MS / 1000) * (1 / 3600);
    }),
  );
  if (least < maxCostUsd) return null;
  return new BenchError({
    code: 'BENCH_MAX_COST',
    message: `${namesOf(group)}: the cheapest machine costs at least $${least.toFixed(2)} before it could be done, and the run may cost $${maxCostUsd}`,
    hint: 'raise --max-cost, or leave variants and points out; bench plan shows the estimate',
    exitCode: EXIT.provider,
  });
}

function wishProblems(group: ExecutionGroup, cloud: AskedCloud): Problem[] {
  const name = namesOf(group);
  const { gpu } = group;
  if (gpu !== null && findGpus(gpu).length === 0)
    return [
      {
        code: 'BENCH_GPU_UNKNOWN',
        message: `${name}: no GPU is called "${gpu}"${writtenAt(group)}`,
        hint: [nearGpu(gpu), 'bench gpus lists them'].filter((text) => text !== null).join(' '),
      },
    ];
  if (gpu === null && cloud.maxPriceUsdPerHour === null && cloud.maxCostUsd === null)
    return [
      {
        code: 'BENCH_GPU_UNKNOWN',
        message: `${name}: the recipe names no GPU, so bench does not know what to rent`,
        hint: 'set deploy.gpu in the recipe; or give --max-price, and the cheapest machine below it is taken',
      },
    ];
  return [];
}

function taskProblems(group: ExecutionGroup, offer: Offer, targets: SiteTargets, { asked }: Asking): Problem[] {
  const facts = offerFacts(offer, { expose: asked.expose ?? false });
  return group.deployments.flatMap(({ tasks }) =>
    tasks.flatMap((task) => [
      ...targets.forTask(task).check(task, facts),
      ...clientProblems(task, { name: offer.provider, containers: facts.containers }),
    ]),
  );
}

/** Where a recipe names its GPU. */
function writtenAt(group: ExecutionGroup): string {
  const task = group.deployments[0]?.tasks[0];
  const origin = task?.origins['deploy.gpu'];
  return task === undefined || origin === undefined || origin.from === 'default' ? '' : ` (${task.file}:${origin.line}:${origin.column})`;
}

const namesOf = (group: ExecutionGroup) =>
  [...new Set(group.deployments.flatMap(({ tasks }) => tasks.map(({ recipe }) => recipe)))].join(', ');
