import { posix } from 'node:path';
import { BenchError } from '@bench/core';
import { commandValues, type CommandSection, renderCommandTemplate, type Task } from '@bench/recipe';
import type { DeploymentRecord } from '../contract.ts';

/** What the command target adds to a record. */
export interface CommandRecord extends DeploymentRecord {
  /** Absolute folder on the host; everything of the command is below it. */
  hostDir: string;
  /** The GPUs it may use, as the runtime names them. */
  gpuIds: readonly string[];
  /** Variables that keep it to those GPUs. */
  gpuEnv: Readonly<Record<string, string>>;
}

/** Where things lie below a command's folder on the host. */
export function commandPaths(hostDir: string) {
  return {
    /** What was staged. */
    repo: posix.join(hostDir, 'repo'),
    /** Working folder and output folder of the command, fresh for each measurement. */
    task: posix.join(hostDir, 'task'),
    /** One folder a measurement, named by its id: script, environment, times. */
    measures: posix.join(hostDir, 'measures'),
    /** Result files on their way back. */
    collected: posix.join(hostDir, 'collected'),
  };
}

/** The command section of a task. @throws BenchError `BENCH_SITE_UNFIT` for a recipe of another kind. */
export function commandOf(task: Task): CommandSection {
  if (task.resolved.command) return task.resolved.command;
  throw new BenchError({ code: 'BENCH_SITE_UNFIT', message: `${task.recipe}: a ${task.kind} recipe is no command` });
}

/** The script as it runs on the host. @throws BenchError `BENCH_TEMPLATE` for a name without a value. */
export function renderScript(task: Task, place: { hostDir: string; gpuIds: readonly string[] }): string {
  const command = commandOf(task);
  const paths = commandPaths(place.hostDir);
  return renderCommandTemplate(command.run, {
    ...commandValues(task.resolved, task.params).values,
    task_dir: paths.task,
    gpu_device_ids: place.gpuIds.join(','),
    ...(command.stage.length > 0 ? { repo_dir: paths.repo } : {}),
  });
}
