import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The built command. */
export const BENCH = fileURLToPath(new URL('../dist/bench.js', import.meta.url));
/** Folder from which the embedded engine is found. */
export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

export interface Finished {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** All that a command said, for the message of an assertion that fails. */
export const show = ({ stdout, stderr }: Pick<Finished, 'stdout' | 'stderr'>): string => `${stdout}\n${stderr}`;

export interface Running {
  child: ChildProcess;
  /** Resolves when the text was seen on stderr. */
  saw(text: string | RegExp): Promise<void>;
  finished: Promise<Finished>;
}

/**
 * Starts the built command as a process of its own.
 * @param options.through a program with its arguments that starts it in its own place, such as `chrt --fifo 1`
 */
export function start(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; through?: readonly string[] } = {},
): Running {
  const env = { ...process.env, ...options.env, NO_COLOR: '1' };
  const [program, ...rest] = [...(options.through ?? []), process.execPath, BENCH, ...args] as [string, ...string[]];
  const child = spawn(program, rest, { cwd: options.cwd ?? REPOSITORY, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const finished = new Promise<Finished>((done) => child.once('close', (code, signal) => done({ code, signal, stdout, stderr })));
  return {
    child,
    finished,
    saw: async (text) => {
      // As long as a test may take on a machine with much else to do.
      for (let i = 0; i < 5600; i++) {
        if (typeof text === 'string' ? stderr.includes(text) : text.test(stderr)) return;
        if (child.exitCode !== null) break;
        await delay(50);
      }
      throw new Error(`did not see ${String(text)} in:\n${stderr}\n${stdout}`);
    },
  };
}

export function bench(args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}): Promise<Finished> {
  return start(args, options).finished;
}

export async function folder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'bench-e2e-'));
}

/** A recipe of a few seconds on the embedded engine; found from the repository, so its folder may be anywhere. */
export async function tinyRecipe(root: string, more: { points?: number[]; requests?: number; outputLen?: number } = {}): Promise<string> {
  const points = more.points ?? [1, 2];
  const dir = join(root, 'tiny');
  await mkdir(dir, { recursive: true });
  await writeFile(
    join(dir, 'recipe.yaml'),
    `model: {random: tiny}
engine: {llm: {context_length: 512, max_concurrent_requests: 4, embedded: {}}}
benchmark:
  random_input_len: 64
  random_output_len: ${more.outputLen ?? 16}
  num_prompts: ${more.requests ?? 8}
  warmup: 2
  sweep: {max_concurrency: [${points.join(', ')}]}
`,
  );
  return dir;
}

/** Process ids of engines whose command line names the folder's run directory or port file; found in /proc. */
export async function enginesOf(runs: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const [line, fds] = await Promise.all([
      readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => ''),
      readFile(`/proc/${name}/stat`, 'utf8').catch(() => ''),
    ]);
    const zombie = fds.slice(fds.lastIndexOf(')') + 2).startsWith('Z');
    if (!zombie && line.includes(resolve(runs))) found.push(Number(name));
  }
  return found;
}

export async function untilNone(find: () => Promise<number[]>): Promise<number[]> {
  let left = await find();
  for (let i = 0; i < 400 && left.length > 0; i++) {
    await delay(25);
    left = await find();
  }
  return left;
}
