import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LaunchPlan } from '../types.ts';

/** Words that a shell, or a launcher that forgets to quote, would make others of. */
export const NASTY = ['a b', '', '$HOME', "it's", '"', 'x\ny', '*', '-n', '--', ';id', '`id`', '\\', ':', '-x', 'ü'];

/** Prints its words, each in angle brackets. */
export const printWords = (words: readonly string[]) => ['sh', '-c', 'for word; do printf "<%s>" "$word"; done; echo', 'sh', ...words];
export const wordsPrinted = (words: readonly string[]) => `${words.map((word) => `<${word}>`).join('')}\n`;

/** Prints what a rank has been told, and its host. */
export const printRank = [
  'sh',
  '-c',
  'echo "$RANK $LOCAL_RANK $WORLD_SIZE $LOCAL_WORLD_SIZE $NODE_RANK $MASTER_ADDR:$MASTER_PORT $BENCH_LAUNCH_ID $(hostname)"',
];

/** Does what a plan says, to its end, as simply as can be. */
export function runPlanned(plan: LaunchPlan, options: { env?: Readonly<Record<string, string>>; cwd?: string } = {}) {
  for (const { path, content, mode } of plan.files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode });
  }
  const [file, ...args] = plan.argv;
  const env = { ...process.env, ...options.env, ...plan.env };
  const { status, stdout, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    env,
    cwd: options.cwd,
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  return { status, stdout, stderr, lines: stdout.trimEnd().split('\n').sort() };
}
