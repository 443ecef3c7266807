import type { PlannedCloudRun } from '@bench/benchmark';
import { EXIT } from '@bench/core';
import type { OpenProviders } from '@bench/provisioning';
import { usage, type AskFlags } from '../asked.ts';
import { withProviders } from '../cloud-access.ts';
import { withContext } from '../context.ts';
import { faultLines } from '../fault-lines.ts';
import { loadTasks } from '../load-tasks.ts';
import { planOf } from '../plan-run-cost.ts';
import { planLines } from '../ui/plan-lines.ts';
import { styles } from '../ui/style.ts';
import { terminalWidth } from '../ui/width.ts';
import { askedWith, settingsFor } from './run.ts';

export type PlanFlags = AskFlags & { on: string; offline?: true | undefined; config?: string | undefined; json?: true | undefined };

/** `bench plan`. Ends as `bench run` would where that would refuse it; with 4 when a group finds no machine. */
export async function plan(recipes: readonly string[], flags: PlanFlags): Promise<number> {
  const settings = await settingsFor(flags.on, flags);
  const asked = askedWith(settings, recipes, flags, 'measure');
  const { cloud } = asked;
  if (!cloud)
    throw usage(`site "${asked.site}" rents nothing, so there is nothing to plan`, 'bench run --dry-run shows what would be done there');
  return withContext(
    async ({ io, signal }) => {
      const { engines, faults } = settings;
      const tasks = await loadTasks(asked.recipes, { ...asked, engines, faults, signal });
      const show = async (providers: OpenProviders | null) => {
        const planned = await planOf({ tasks, cloud, providers, io, asking: { asked, engines, cwd: process.cwd() } });
        const [refusal] = planned.refusals;
        const bare = planned.groups.some((g) => g.offer === null);
        const exitCode = refusal?.error.exitCode ?? (bare ? EXIT.provider : EXIT.ok);
        if (flags.json) process.stdout.write(`${JSON.stringify(planJson(planned, exitCode, providers === null), null, 1)}\n`);
        else {
          const lines = planLines(planned, styles(process.stdout), { width: terminalWidth(process.stdout), offline: providers === null });
          process.stdout.write(`${[...lines, ...faultLines(faults)].join('\n')}\n`);
        }
        return exitCode;
      };
      return flags.offline ? show(null) : withProviders({ io, settings, only: cloud.providers, need: true }, show);
    },
    { stopText: null },
  );
}

function planJson(planned: PlannedCloudRun, exitCode: number, offline: boolean) {
  const { groups, errors, refusals, offers: _all, ...rest } = planned;
  return {
    exitCode,
    offline,
    ...rest,
    errors: errors.map(({ provider, error }) => ({ provider, code: error.code, message: error.message })),
    refusals: refusals.map(({ group, error: { code, message, hint = null } }) => ({ group, code, message, hint })),
    groups: groups.map(({ group, ...own }) => ({
      group: group.index,
      gpu: group.gpu,
      gpuCount: group.gpuCount,
      model: group.model,
      ...own,
      tasks: group.deployments.flatMap((d) => d.tasks.map(({ recipe, variant, key }) => ({ recipe, variant, key }))),
    })),
  };
}
