import { posix } from 'node:path';
import type { RenderedStep } from '@bench/core';
import type { Task } from '@bench/recipe';
import { MASKED } from '../command/env-file.ts';
import { envLines, MASKS } from './env-lines.ts';
import { planCommand } from './plan-command.ts';
import { planContext, preludeFile } from './plan-context.ts';
import { planInference } from './plan-inference.ts';
import type { PlannedParts } from './plan-parts.ts';
import { planService } from './plan-service.ts';
import type { BatchFile, BatchPlan, BatchPlanOptions } from './types.ts';

/**
 * The jobs of a task, and all that goes to the cluster for them. Pure: the same input gives the same bytes.
 * @throws BenchError where `checkBatch` says that it cannot be
 */
export function planBatch(task: Task, options: BatchPlanOptions): BatchPlan {
  const context = planContext(task, options);
  const { paths, cache } = context;
  const parts = { inference: planInference, service: planService, command: planCommand }[task.kind](context);
  const plain: BatchFile[] = [
    ...parts.jobs.map(({ path, script }) => ({ path, content: script, mode: 0o700, secret: false })),
    ...preludeFile(context),
    ...parts.files,
  ];
  const keyed = task.kind === 'command' ? [] : [{ path: paths.apiKey, content: `${options.apiKey}\n`, mode: 0o600, secret: true }];
  const secret = [
    ...keyed,
    ...parts.env.map(({ path, variables }) => ({ path, content: envLines(variables, options), mode: 0o600, secret: true })),
  ];
  return {
    record: parts.record,
    folders: [
      paths.run,
      paths.root,
      paths.stateFolder,
      posix.dirname(paths.clientPlan),
      paths.clients,
      ...parts.folders,
      cache.root,
      cache.files,
      cache.images,
      cache.models,
    ],
    files: [...plain, ...secret],
    copies: parts.copies,
    stage: parts.stage,
    jobs: parts.jobs,
    steps: [...steps(plain, parts), ...secretSteps(keyed.length > 0 ? paths.apiKey : null, parts)],
  };
}

function steps(files: readonly BatchFile[], { copies, stage }: PlannedParts): RenderedStep[] {
  return [
    ...files.map(({ path, content }): RenderedStep => ({ kind: 'file', description: `write ${posix.basename(path)}`, path, content })),
    ...copies.map(({ from, to }): RenderedStep => ({ kind: 'command', description: 'copy to the cluster', argv: ['put', from, to] })),
    ...(stage === null
      ? []
      : [
          { kind: 'command' as const, description: 'copy what git knows of these to the cluster', argv: ['put', ...stage.paths, stage.to] },
        ]),
  ];
}

function secretSteps(key: string | null, { env }: PlannedParts): RenderedStep[] {
  return [
    ...(key === null
      ? []
      : [{ kind: 'file' as const, description: 'write the generated key, mode 0600', path: key, content: `${MASKED}\n` }]),
    ...env.map(({ path, variables }): RenderedStep => ({
      kind: 'file',
      description: 'write variables, mode 0600',
      path,
      content: envLines(variables, MASKS),
    })),
  ];
}
