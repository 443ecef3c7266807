import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The built command: as a process the package runs only built. */
export const BIN = fileURLToPath(new URL('../../dist/bin.js', import.meta.url));

export interface Child {
  process: ChildProcess;
  /** Lines of standard output so far. */
  lines: string[];
  stderr(): string;
  /** Resolves with the first event of that name. */
  event(name: string): Promise<Record<string, unknown>>;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Starts the built command. */
export function startChild(args: readonly string[], env: NodeJS.ProcessEnv = {}, bin: string = BIN): Child {
  if (!existsSync(bin)) throw new Error('build the package first: these tests run its command');
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const lines: string[] = [];
  const waiting: { name: string; resolve(event: Record<string, unknown>): void }[] = [];
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    const event = eventOf(line);
    for (const waiter of waiting) if (waiter.name === event?.event) waiter.resolve(event);
  });
  return {
    process: child,
    lines,
    stderr: () => errors,
    exited,
    async event(name) {
      const seen = lines.map(eventOf).find((event) => event?.event === name);
      if (seen) return seen;
      return Promise.race([
        new Promise<Record<string, unknown>>((resolve) => waiting.push({ name, resolve })),
        exited.then(({ code }) => Promise.reject(new Error(`ended with ${code} before "${name}": ${errors}`))),
      ]);
    },
  };
}

function eventOf(line: string): Record<string, unknown> | undefined {
  return line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : undefined;
}
