import { BenchError, didYouMean, EXIT } from '@bench/core';
import { LAUNCH_FLAGS, type LaunchFlag, type LaunchFlagName } from './flags.ts';

/** What stood on the command line, before it is understood. */
export interface ReadFlags {
  values: Map<LaunchFlagName, string[]>;
  /** Words of `--launcher-args`. */
  launcherArgs: string[];
  command: string[];
}

const FLAGS: readonly (LaunchFlag & { name: LaunchFlagName })[] = LAUNCH_FLAGS;
const spelled = (word: string) => (word.startsWith('--') ? `--${word.slice(2).replaceAll('_', '-')}` : word);
const BY_NAME: ReadonlyMap<string, LaunchFlag & { name: LaunchFlagName }> = new Map(
  FLAGS.flatMap((flag) => [flag.name, ...(flag.aliases ?? [])].map((name) => [name, flag] as const)),
);

/**
 * Splits a command line of `bench launch` into flags and command. The command begins after `--`, or with the first word that is no flag.
 * @throws BenchError `BENCH_USAGE` for a flag that there is not, with the nearest one; a value that is missing or too much; a flag given twice
 */
export function readFlags(argv: readonly string[]): ReadFlags {
  const read: ReadFlags = { values: new Map(), launcherArgs: [], command: [] };
  for (let i = 0; i < argv.length; i += 1) {
    const word = argv[i] as string;
    if (word === '--') return { ...read, command: argv.slice(i + 1) };
    if (!word.startsWith('-') || word === '-') return { ...read, command: argv.slice(i) };
    const equals = word.indexOf('=');
    const name = spelled(equals === -1 ? word : word.slice(0, equals));
    const flag = BY_NAME.get(name);
    if (flag === undefined) throw unknown(word, name);
    let value = equals === -1 ? undefined : word.slice(equals + 1);
    if (flag.value === undefined && value !== undefined) throw usage(`${name} takes no value`);
    if (flag.name === '--launcher-args') {
      const end = argv.indexOf('--', i);
      if (end === -1) throw usage('--launcher-args needs a -- at its end, before the command');
      read.launcherArgs.push(...argv.slice(i + 1, end));
      return { ...read, command: argv.slice(end + 1) };
    }
    if (flag.value !== undefined && value === undefined) {
      i += 1;
      value = argv[i];
      if (value === undefined || value === '--') throw usage(`${name} needs a value: <${flag.value}>`);
    }
    const before = read.values.get(flag.name);
    if (before !== undefined && flag.repeatable !== true) throw usage(`${flag.name} is given twice`);
    read.values.set(flag.name, [...(before ?? []), value ?? '']);
  }
  return read;
}

function unknown(word: string, name: string): BenchError {
  const near = didYouMean(name, BY_NAME.keys());
  return usage(`unknown flag "${word}"${near === null ? '' : `; ${near}`}`, 'flags for the launcher itself stand after --launcher-args');
}

export function usage(message: string, hint?: string): BenchError {
  return new BenchError({ code: 'BENCH_USAGE', message: `bench launch: ${message}`, hint, exitCode: EXIT.usage });
}
