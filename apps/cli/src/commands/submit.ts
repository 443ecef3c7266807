import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { BenchError, EXIT } from '@bench/core';
import { describeCommand } from '@bench/host';
import { type JobOptions, planSubmit, schedulerHere, submit, type SubmitPlan } from '@bench/launch';
import { withContext } from '../context.ts';
import { stepLines } from '../dry-run/step-lines.ts';
import { launchEnvironment } from '../launch-environment.ts';

export interface SubmitFlags extends Omit<JobOptions, 'directives'> {
  script?: string | undefined;
  directive?: string[] | undefined;
  scheduler?: string | undefined;
  env?: string[] | undefined;
  setup?: string | undefined;
  launch: boolean;
  dryRun?: true | undefined;
  json?: true | undefined;
  config?: string | undefined;
}

/** `bench submit`. Ends with 3 without a scheduler, with 4 when it refuses. */
export function submitJob(command: readonly string[], flags: SubmitFlags): Promise<number> {
  return withContext(
    async ({ io, signal }) => {
      refuseContradictions(command, flags);
      const { system, plugins, machines, folder } = await launchEnvironment(io, flags);
      const existing = flags.script === undefined ? undefined : file(flags.script, '--script');
      const { name: scheduler } = schedulerHere(system, { scheduler: flags.scheduler, plugins, machines });
      const plan = planSubmit({
        scheduler,
        options: optionsOf(flags),
        existing,
        env: process.env,
        plugins,
        folder,
        job: {
          command,
          launch: flags.launch ? launchWords(flags) : [],
          cwd: process.cwd(),
          env: Object.fromEntries((flags.env ?? []).map(variable)),
          setup: flags.setup === undefined ? undefined : file(flags.setup, '--setup'),
        },
      });
      if (flags.dryRun) {
        process.stdout.write(flags.json ? `${JSON.stringify(plan, null, 1)}\n` : planText(plan));
        return EXIT.ok;
      }
      const host = await io.connect('local');
      const job = await submit(plan, { host, signal }).finally(() => host.close());
      if (flags.json)
        process.stdout.write(`${JSON.stringify({ exitCode: EXIT.ok, ...job, argv: plan.argv, notes: plan.notes }, null, 1)}\n`);
      else {
        process.stdout.write(`${job.jobId}\n`);
        for (const note of plan.notes) process.stderr.write(`${note}\n`);
        if (job.show.length > 0)
          process.stderr.write(
            `see it with: ${describeCommand({ argv: job.show as [string] })}; end it with: ${describeCommand({ argv: job.cancel as [string] })}\n`,
          );
      }
      return EXIT.ok;
    },
    { stopText: null },
  );
}

function refuseContradictions(command: readonly string[], flags: SubmitFlags): void {
  if (flags.script === undefined && command.length === 0)
    throw usage('there is nothing to submit', 'bench submit [flags] -- program argument…; or --script job.sh');
  if (flags.script === undefined) return;
  if (command.length > 0) throw usage('--script and a program are two jobs', 'keep one of them');
  // A flag that a script cannot be given is refused, and not dropped.
  const lost = [flags.env && '--env', flags.setup && '--setup', !flags.launch && '--no-launch'].find((name) => typeof name === 'string');
  if (lost !== undefined) throw usage(`${lost} is for a script that bench writes`, 'write it into the script');
}

function optionsOf(flags: SubmitFlags): JobOptions {
  const { script: _1, directive, scheduler: _2, env: _3, setup: _4, launch: _5, dryRun: _6, json: _7, config: _8, ...options } = flags;
  return { ...options, directives: directive };
}

/** This very program, as nodes with the same file systems find it. */
function launchWords(flags: SubmitFlags): string[] {
  const program = realpathSync(process.argv[1] ?? '');
  return [
    process.execPath,
    program,
    'launch',
    ...(flags.ranksPerNode === undefined ? [] : ['--ranks-per-node', String(flags.ranksPerNode)]),
    '--',
  ];
}

function variable(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw usage(`--env ${text.slice(0, 40)}: expected name=value`, 'for a value of the environment, let the --setup script set it');
}

function file(path: string, flag: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile()) return resolve(path);
  throw usage(`${flag} ${path}: there is no such file`, 'a path starts at the working folder');
}

function planText({ script, scriptPath, argv, notes }: SubmitPlan): string {
  const lines = [
    ...notes,
    ...(script === null
      ? []
      : stepLines({
          kind: 'file',
          description: scriptPath === null ? 'on stdin' : 'write',
          path: scriptPath ?? 'job script',
          content: script,
        })),
    ...stepLines({ kind: 'command', description: 'run', argv }),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function usage(message: string, hint: string): BenchError {
  return new BenchError({ code: 'BENCH_USAGE', message: `bench submit: ${message}`, hint, exitCode: EXIT.usage });
}
