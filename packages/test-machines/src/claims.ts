import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeCgroup } from './cgroups.ts';
import { isRunning, mayBeAlive, thisOwner, type Owner, type ProcessId } from './processes.ts';
import { run, until } from './run.ts';

/** Younger folders without an owner are being made. */
const BEING_MADE_MS = 60_000;

/** Folder of all machines of all test runs of this computer. Private, because what lies in it decides what is killed. */
export function stateRoot(): string {
  const root = join(tmpdir(), 'bench-test-machines');
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const found = lstatSync(root);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) throw new Error(`${root} belongs to somebody else; set TMPDIR`);
  return root;
}

function readOwner(folder: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

/** Makes the folder `name` of this process, unless somebody has it: then undefined. */
export function claim(name: string): string | undefined {
  const root = stateRoot();
  const folder = join(root, name);
  if (existsSync(folder)) return undefined;
  const draft = mkdtempSync(join(root, 'draft-'));
  writeFileSync(join(draft, 'owner.json'), JSON.stringify(thisOwner()));
  try {
    renameSync(draft, folder); // fails when a folder with something in it is there
    return folder;
  } catch {
    rmSync(draft, { recursive: true });
    return undefined;
  }
}

/** Notes a process that must end with the claim. */
export function noteProcess(folder: string, name: string, id: ProcessId): void {
  mkdirSync(join(folder, 'processes'), { recursive: true });
  writeFileSync(join(folder, 'processes', `${name}.json`), JSON.stringify(id));
}

/** Ends every process noted in a claim, and with each its namespaces; removes its cgroups, its mounts and its folder. */
export async function release(folder: string): Promise<void> {
  const noted = join(folder, 'processes');
  const ids = existsSync(noted)
    ? readdirSync(noted).flatMap((file) => {
        try {
          return [JSON.parse(readFileSync(join(noted, file), 'utf8')) as ProcessId];
        } catch {
          return []; // half written: its process ended with its owner, who was to write it
        }
      })
    : [];
  for (const id of ids.filter(isRunning)) process.kill(id.pid, 'SIGKILL');
  await until('end of the processes of a test machine', () => !ids.some(isRunning));
  const cgroup = join(folder, 'cgroup');
  if (existsSync(cgroup)) await removeCgroup(readFileSync(cgroup, 'utf8'));
  for (const mounted of mountsBelow(folder)) await run(['umount', '--lazy', mounted]);
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Mount points in a folder, those that were mounted last first (proc_pid_mounts(5): the second field, with octal escapes). */
const mountsBelow = (folder: string): string[] =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replaceAll(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))))
    .filter((path) => path.startsWith(`${folder}/`))
    .reverse();

/** Removes what dead test runs left. Runs that may be alive are not touched. */
export async function sweep(): Promise<void> {
  const root = stateRoot();
  for (const name of readdirSync(root)) {
    const folder = join(root, name);
    const owner = readOwner(folder);
    if (owner ? mayBeAlive(owner) : isYoung(folder)) continue;
    const mine = mkdtempSync(join(root, 'dead-'));
    try {
      renameSync(folder, join(mine, 'claim'));
      writeFileSync(join(mine, 'owner.json'), JSON.stringify(thisOwner()));
    } catch {
      rmSync(mine, { recursive: true, force: true });
      continue; // another run was quicker
    }
    await releaseAll(mine);
  }
}

/** A claim, or a sweep that was itself killed, any number of times. */
async function releaseAll(folder: string): Promise<void> {
  const inner = join(folder, 'claim');
  if (existsSync(inner)) await releaseAll(inner);
  await release(folder);
}

function isYoung(folder: string): boolean {
  try {
    return Date.now() - statSync(folder).mtimeMs < BEING_MADE_MS;
  } catch {
    return true; // gone meanwhile
  }
}
