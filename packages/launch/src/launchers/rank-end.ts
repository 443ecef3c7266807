import { expandNodeList } from '@bench/core';
import { constants } from 'node:os';
import type { Flavour } from '../types.ts';

/** How a rank ended. */
export interface RankEnd {
  rank: number;
  /** As the launcher or the node calls it. */
  host: string;
  /** 128 + n for signal n. */
  code: number;
}

/** What the wrapper of each rank says under Hydra. A label of the launcher may stand before it. */
const WRAPPER = /(?:^|\] )bench launch: rank (?<rank>\d+) on (?<host>\S+) ended with exit code (?<code>\d+)$/;

/** `srun: error: n1: task 1: Exited with exit code 42`, `srun: error: n[1-2]: tasks 0-3: Killed`. */
const SRUN =
  /^srun: error: (?<host>\S+): tasks? (?<rank>\d+)\S*: (?:Exited with exit code (?<code>\d+)|(?<signal>[A-Z][a-z ]+?)(?: \(core dumped\))?)$/;

/** As `strsignal` calls them in English. */
const SIGNALS: Record<string, NodeJS.Signals> = {
  Hangup: 'SIGHUP',
  Interrupt: 'SIGINT',
  Quit: 'SIGQUIT',
  'Illegal instruction': 'SIGILL',
  Aborted: 'SIGABRT',
  'Bus error': 'SIGBUS',
  'Floating point exception': 'SIGFPE',
  Killed: 'SIGKILL',
  'Segmentation fault': 'SIGSEGV',
  Terminated: 'SIGTERM',
};

/**
 * Whether the first failed rank is told by a line ({@link readRankEnd}) and not by the launcher's exit code: Hydra's is that of its own clean-up, srun's the
 * highest one, which is often that of a rank that was ended because of the first.
 */
export const tellsRankEnds = (flavour: Flavour): boolean => ['mpich', 'intelmpi', 'srun'].includes(flavour);

/** How a rank ended, from a line of output that says so; null for any other line. */
export function readRankEnd(line: string): RankEnd | null {
  const text = line.trimEnd();
  const { rank, host, code, signal } = (WRAPPER.exec(text) ?? SRUN.exec(text))?.groups ?? {};
  if (rank === undefined || host === undefined) return null;
  const number = signal === undefined ? Number(code) : signalCode(signal);
  return number === null ? null : { rank: Number(rank), host: firstOf(host), code: number };
}

function signalCode(name: string): number | null {
  const signal = SIGNALS[name];
  return signal === undefined ? null : 128 + constants.signals[signal];
}

function firstOf(list: string): string {
  try {
    return expandNodeList(list)[0] ?? list;
  } catch {
    return list;
  }
}
