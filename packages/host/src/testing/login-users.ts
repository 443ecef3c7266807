import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { processStart } from '@bench/core';

const run = promisify(execFile);
const PREFIX = 'benchuser';

/** Start files that talk: what a login shell says on its own must not be taken for a command's. */
const NOISE: Record<string, readonly [file: string, text: string]> = {
  bash: ['.bashrc', 'echo "Welcome to $(hostname)!"; echo "mind the step" >&2; printf "no newline"\n'],
  tcsh: ['.tcshrc', 'echo Welcome; echo -n "no newline"\n'],
  fish: ['.config/fish/config.fish', 'echo Welcome; echo mind the step >&2; printf "no newline"\n'],
};

/** Users of this system for a test, one for each login shell, with noisy start files. Only root can make them. */
export async function loginUsers(folder: string, shells: Readonly<Record<string, string>>) {
  await sweep();
  const names: Record<string, string> = {};
  for (const [shell, path] of Object.entries(shells)) {
    const name = `${PREFIX}${process.pid}${shell}`;
    const home = join(folder, name);
    // '*' is a password that nothing matches; '!' would lock the account.
    await run('useradd', ['--create-home', '--home-dir', home, '--skel', '/dev/null', '--shell', path, '--password', '*', name]);
    names[shell] = name;
    const noise = NOISE[shell];
    if (noise) {
      const file = join(home, noise[0]);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, noise[1]);
      await run('chown', ['-R', name, home]);
    }
  }
  const remove = async () => {
    for (const name of Object.values(names)) await removeUser(name);
  };
  return { names, remove };
}

/** Those of a test that was killed. */
async function sweep(): Promise<void> {
  for (const line of (await readFile('/etc/passwd', 'utf8')).split('\n')) {
    const [name = ''] = line.split(':');
    const pid = /^(\d+)[a-z]+$/.exec(name.startsWith(PREFIX) ? name.slice(PREFIX.length) : '')?.[1];
    if (pid !== undefined && processStart(Number(pid)) === null) await removeUser(name);
  }
}

async function removeUser(name: string): Promise<void> {
  await run('userdel', ['--remove', '--force', name]).catch(() => undefined);
}
