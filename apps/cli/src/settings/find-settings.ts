import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { BenchError, EXIT } from '@bench/core';

export const SETTINGS_NAME = 'bench.config.yaml';

export interface FindOptions {
  /** `--config`; must be there. */
  config?: string | undefined;
  /** Default: the process's. */
  cwd?: string;
  /** Default: the user's. */
  home?: string;
  /** Default: `$XDG_CONFIG_HOME`, or `~/.config`. */
  configHome?: string;
}

/**
 * The settings file: the one that was named, else the nearest one of the working folder and its parents up to the root of a Git repository
 * or the home folder, else the user's own. Null: there is none.
 * @throws BenchError `BENCH_SETTINGS_MISSING` when the one that was named is not there.
 */
export async function findSettings(o: FindOptions = {}): Promise<string | null> {
  const cwd = resolve(o.cwd ?? process.cwd());
  const home = o.home ?? homedir();
  if (o.config !== undefined) {
    const file = resolve(cwd, o.config);
    if (await isFile(file)) return file;
    throw new BenchError({
      code: 'BENCH_SETTINGS_MISSING',
      message: `there is no settings file ${file}`,
      hint: 'bench init --settings writes one to start from',
      exitCode: EXIT.usage,
    });
  }
  for (let dir = cwd; ; dir = dirname(dir)) {
    const file = join(dir, SETTINGS_NAME);
    if (await isFile(file)) return file;
    if (dir === home || dir === dirname(dir) || (await exists(join(dir, '.git')))) break;
  }
  const own = join(o.configHome ?? process.env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'bench', 'config.yaml');
  return (await isFile(own)) ? own : null;
}

const isFile = (path: string) =>
  stat(path).then(
    (s) => s.isFile(),
    () => false,
  );
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
