import { readFile } from 'node:fs/promises';
import { dirname, posix } from 'node:path';
import { BenchError, type Host, messageOf, parseDuration, PhaseTimer, type Phases } from '@bench/core';
import { localHost } from '@bench/host';
import { deploymentKey, type Task } from '@bench/recipe';
import type { Deployment, Problem, RenderedStep, SiteFacts, Target, TargetContext } from '../contract.ts';
import { resolveEnv } from '../resolve-env.ts';
import { envFile, maskedEnv } from './env-file.ts';
import { gpuEnv, gpuProblems, taskGpus } from './gpus.ts';
import { commandEnv, LOG_NAME, measureCommand } from './measure-command.ts';
import { commandOf, commandPaths, type CommandRecord, renderScript } from './record.ts';
import { remove, removePatiently } from './remove.ts';
import { stage, stagePathProblem } from './staging.ts';

/**
 * A program of the recipe's own, run by `sh` on the host that the context names, or on this machine. Nothing is up before it is
 * measured: `start` stages its files, `measure` runs it, `stop` removes its folder. `cwd` is what `command.stage` is relative to.
 */
export function commandTarget(options: { cwd: string }): Target {
  return {
    name: 'command',
    check,
    plan,
    start: ({ record, task }, context) => start({ record: record as CommandRecord, task }, context, options.cwd),
    // Nothing is up between measurements; one that runs is found again by its id.
    adopt: async (adopted, context) => {
      const record = adopted as CommandRecord;
      const host = context.host ?? localHost();
      const { code } = await host.exec({ argv: ['test', '-d', record.hostDir] }, { timeoutMs: 30_000, repeatable: true });
      return code === 0 ? deployment(record, [], host, context) : null;
    },
  };
}

function check(task: Task, site: SiteFacts): Problem[] {
  const name = `${task.recipe}/${task.variant}`;
  const { command } = task.resolved;
  if (!command) return [{ code: 'BENCH_SITE_UNFIT', message: `${name}: a ${task.kind} recipe is no command` }];
  const problems = gpuProblems(task, site);
  for (const path of command.stage) {
    const problem = stagePathProblem(path);
    if (problem !== null)
      problems.push({
        code: 'BENCH_STAGE',
        message: `${name}: command.stage: ${problem}`,
        hint: 'run bench from the folder that holds it',
      });
  }
  for (const pattern of command.result_files) {
    if (posix.isAbsolute(pattern) || pattern.split('/').includes('..')) {
      problems.push({
        code: 'BENCH_RECIPE_INVALID',
        message: `${name}: command.result_files: "${pattern}" is outside of $task_dir`,
        hint: 'have the command write it to $task_dir',
      });
    }
  }
  try {
    renderScript(task, { hostDir: site.hostDir, gpuIds: taskGpus(task, site) });
  } catch (error) {
    if (!BenchError.is(error)) throw error;
    problems.push({ code: error.code, message: `${name}: ${error.message}`, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
  return problems;
}

function plan(task: Task, site: SiteFacts): { record: CommandRecord; steps: RenderedStep[] } {
  const command = commandOf(task);
  const gpuIds = taskGpus(task, site);
  const paths = commandPaths(site.hostDir);
  const record: CommandRecord = {
    id: site.deploymentId,
    target: 'command',
    key: deploymentKey(task.resolved),
    engine: { name: 'command', model: '' },
    api: null,
    servedModel: '',
    address: '',
    port: 0,
    logPath: posix.join(site.deploymentDir, LOG_NAME),
    hostDir: site.hostDir,
    gpuIds,
    gpuEnv: gpuEnv(task, site, gpuIds),
  };
  const measure = posix.join(paths.measures, '<measurement>');
  const staged: RenderedStep[] =
    command.stage.length === 0
      ? []
      : [
          {
            kind: 'command',
            description: `list the files to copy to ${paths.repo} (outside of a git work tree: everything below the paths)`,
            argv: ['git', '--literal-pathspecs', 'ls-files', '-z', '--recurse-submodules', '--', ...command.stage],
          },
        ];
  return {
    record,
    steps: [
      ...staged,
      { kind: 'file', description: 'the script', path: posix.join(measure, 'run.sh'), content: renderScript(task, record) },
      {
        kind: 'file',
        description: 'its environment (mode 0600, removed when it was read)',
        path: posix.join(measure, 'env'),
        content: envFile(maskedEnv(commandEnv(task, record, '<run>'))),
      },
      {
        kind: 'command',
        description: `run it, for at most ${parseDuration(command.timeout) / 1000} s`,
        argv: ['sh', posix.join(measure, 'run.sh')],
        cwd: paths.task,
      },
      ...(command.result_files.length === 0
        ? []
        : [
            {
              kind: 'command' as const,
              description: 'bring back (globs expanded there)',
              argv: ['cp', '-R', '--', ...command.result_files, paths.collected],
              cwd: paths.task,
            },
          ]),
      { kind: 'command', description: 'afterwards', argv: ['rm', '-rf', '--', site.hostDir] },
    ],
  };
}

async function start(planned: { record: CommandRecord; task: Task }, context: TargetContext, cwd: string): Promise<Deployment> {
  const { record, task } = planned;
  const { io } = context;
  const host = context.host ?? localHost();
  const signal = context.signal ?? io.signal;
  const command = commandOf(task);
  const timer = new PhaseTimer(io.monotonic);
  try {
    // A secret that is missing is told before anything is copied.
    resolveEnv(command.env, io);
    await context.on({ type: 'started', record });
    const made = await host.exec(
      { script: 'umask 077; rm -rf -- "$1" && mkdir -p -- "$1"', args: [record.hostDir] },
      { timeoutMs: 60_000, signal, repeatable: true },
    );
    if (made.code !== 0) {
      throw new BenchError({
        code: 'BENCH_HOST_FAILED',
        message: `${host.name}: cannot make ${record.hostDir}: ${made.stderr.trim()}`,
        exitCode: 3,
      });
    }
    if (command.stage.length > 0) {
      timer.begin('stage');
      await context.on({ type: 'phase', phase: 'stage' });
      const files = await stage({
        cwd,
        paths: command.stage,
        host,
        remote: commandPaths(record.hostDir).repo,
        scratch: dirname(record.logPath),
        signal,
      });
      await context.on({ type: 'progress', phase: 'stage', text: `${files.length} files` });
    }
    timer.end();
    return deployment(record, timer.phases, host, context);
  } catch (error) {
    timer.end();
    await remove(record, host).catch((cause: unknown) => io.logger.log('warn', messageOf(cause)));
    if (!BenchError.is(error)) throw error;
    throw new BenchError({
      code: error.code,
      message: io.redact(error.message),
      hint: error.hint,
      retryable: error.retryable,
      exitCode: error.exitCode,
      cause: error,
      details: { ...error.details, phases: timer.phases },
    });
  }
}

function deployment(record: CommandRecord, phases: Phases, host: Host, context: TargetContext): Deployment {
  let stopping: Promise<void> | null = null;
  return {
    record,
    endpoint: null,
    phases,
    exited: () => null,
    died: new Promise(() => undefined),
    logs: async function* () {
      const text = await readFile(record.logPath, 'utf8').catch(() => '');
      if (text !== '') yield* text.replace(/\n$/, '').split('\n');
    },
    measure: (task, options) => measureCommand(task, { ...options, record, host, io: context.io }),
    stop: () => {
      stopping ??= removePatiently(record, host, context.io).catch((error: unknown) => {
        // The next call tries again.
        stopping = null;
        throw error;
      });
      return stopping;
    },
    release: () => Promise.resolve(),
  };
}
