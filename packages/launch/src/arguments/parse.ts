import { BenchError, messageOf, parseDuration } from '@bench/core';
import { filterOf, type OutputFilter } from '../run/filters.ts';
import type { LaunchRequest } from '../types.ts';
import type { LaunchFlagName } from './flags.ts';
import { type ReadFlags, readFlags, usage } from './read-flags.ts';

/** A command line of `bench launch`, understood. */
export interface LaunchArguments {
  /** Only help was asked for; nothing else was checked. */
  help: boolean;
  request: Omit<LaunchRequest, 'env' | 'nodeNames'>;
  /** Set for every rank; value null: as it is in this environment. */
  env: { name: string; value: string | null }[];
  scheduler: string | undefined;
  machine: string | undefined;
  /** Milliseconds of silence that end the program. */
  silenceMs: number | undefined;
  retries: number;
  failover: { spare: 'auto' | number; maxRetries: number; progress: RegExp | null | undefined } | null;
  filters: OutputFilter[];
  /** File for the raw log; a default is made where one is needed. */
  log: string | undefined;
  logDir: string;
  test: boolean;
  /** What is printed instead of a launch. */
  only: 'print-command' | 'dry-run' | null;
  json: boolean;
}

const MAX_FAILOVER_RETRIES = 5;

/**
 * Understands what stands after `bench launch`. Flags come before `--` and the program after it; without `--`, the first word that is no flag begins the program.
 * Words for the launcher itself are given one by one with `--launcher-arg`, or all of them between `--launcher-args` and `--`. Nothing else is passed on:
 * a flag that does not exist is an error and not somebody else's.
 * @throws BenchError `BENCH_USAGE`, `BENCH_LAUNCH_FILTER`
 */
export function parseLaunchArguments(argv: readonly string[]): LaunchArguments {
  const read = readFlags(argv);
  const { values } = read;
  const one = (name: LaunchFlagName) => values.get(name)?.[0];
  const has = (name: LaunchFlagName) => values.has(name);
  const progress = one('--progress');
  const timeout = one('--timeout');
  const parsed: LaunchArguments = {
    help: has('--help'),
    request: { command: read.command, passThrough: [...(values.get('--launcher-arg') ?? []), ...read.launcherArgs], ...counts(read) },
    env: (values.get('--env') ?? []).map(variable),
    scheduler: one('--scheduler'),
    machine: one('--machine'),
    silenceMs: timeout === undefined ? undefined : silence(timeout),
    retries: count(one('--retries'), '--retries', 0) ?? 0,
    failover: has('--failover')
      ? {
          spare: one('--spare-nodes') === 'auto' ? 'auto' : (count(one('--spare-nodes'), '--spare-nodes', 1) ?? 'auto'),
          maxRetries: count(one('--max-failover-retries'), '--max-failover-retries', 1) ?? MAX_FAILOVER_RETRIES,
          progress: progress === undefined ? undefined : progress === 'none' ? null : pattern(progress),
        }
      : null,
    filters: (values.get('--filter') ?? []).map(filterOf),
    log: one('--log'),
    logDir: one('--log-dir') ?? 'logs',
    test: has('--test'),
    only: has('--print-command') ? 'print-command' : has('--dry-run') ? 'dry-run' : null,
    json: has('--json'),
  };
  if (!parsed.help) refuseContradictions(parsed, values);
  return parsed;
}

function counts({ values }: ReadFlags): Partial<LaunchRequest> {
  const text = (name: LaunchFlagName) => values.get(name)?.[0];
  const found = {
    ranks: count(text('--ranks'), '--ranks', 1),
    ranksPerNode: count(text('--ranks-per-node'), '--ranks-per-node', 1),
    nodes: count(text('--nodes'), '--nodes', 1),
    hostfile: text('--hostfile'),
    cpuBind: text('--cpu-bind'),
    launcher: text('--launcher'),
    mpi: text('--mpi'),
    masterPort: count(text('--master-port'), '--master-port', 1, 65_535),
    label: values.has('--prefix') || undefined,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

function refuseContradictions(parsed: LaunchArguments, values: ReadFlags['values']): void {
  const { request, test, failover, retries, only, json } = parsed;
  if (test && request.command.length > 0)
    throw usage('--test runs a program of its own', `leave "${request.command.join(' ').slice(0, 60)}" out`);
  if (!test && request.command.length === 0)
    throw usage('there is no program to launch', 'bench launch [flags] -- program argument…; or --test');
  if (failover !== null && retries > 0) throw usage('--failover and --retries both say when to start again', 'keep one of them');
  if (failover !== null && request.nodes === undefined && request.ranks === undefined)
    throw usage('--failover needs --nodes or --ranks', 'the nodes that these leave over are the spare ones');
  for (const name of ['--spare-nodes', '--max-failover-retries', '--progress'] as const)
    if (values.has(name) && failover === null) throw usage(`${name} is for --failover`, 'add --failover, or leave it out');
  if (values.has('--print-command') && values.has('--dry-run'))
    throw usage('--print-command and --dry-run both say what to print', 'keep one of them');
  if (json && !test && only === null)
    throw usage('--json is for --test, --print-command and --dry-run', 'what a program prints is the program’s');
  if (test && failover !== null) throw usage('--test is run once', 'leave --failover out');
  if (failover !== null && parsed.log !== undefined) throw usage('--failover writes a log for each attempt', 'say where with --log-dir');
}

function count(text: string | undefined, name: string, min: number, max = 1_000_000): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usage(`${name} ${text}: expected a whole number from ${min} to ${max}`);
}

function silence(text: string): number {
  const ms = duration('--timeout', text);
  if (ms > 0) return ms;
  throw usage('--timeout 0 would end the program at once', 'leave it out to wait for ever');
}

function duration(name: string, text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw usage(`${name}: ${messageOf(error)}`, BenchError.is(error) ? error.hint : undefined);
  }
}

function variable(text: string): { name: string; value: string | null } {
  const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?$/s.exec(text) ?? [];
  if (name !== undefined) return { name, value: value ?? null };
  throw usage(`--env ${text.split('=')[0] ?? ''}: not the name of a variable`, 'NAME=value, or NAME for its value here');
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new BenchError({
      code: 'BENCH_USAGE',
      message: `bench launch: --progress "${text}" is no regular expression`,
      exitCode: 2,
      cause,
    });
  }
}
