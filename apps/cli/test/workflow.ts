import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { BENCH } from './cli.ts';

export interface Step {
  name?: string;
  id?: string;
  if?: string;
  uses?: string;
  run?: string;
  shell?: string;
  env?: Record<string, string>;
}

interface Defaults {
  run?: { shell?: string };
}

export interface Workflow {
  permissions: Record<string, string>;
  env: Record<string, string>;
  defaults?: Defaults;
  jobs: { bench: { if?: string; defaults?: Defaults; steps: Step[] } };
}

export async function readWorkflow(file: URL): Promise<Workflow> {
  return parse(await readFile(file, 'utf8')) as Workflow;
}

/** Values of the expressions of a workflow, by their text; one that is not named here is a mistake. */
export type Expressions = Record<string, string | boolean>;

export interface StepEnd {
  code: number | null;
  output: string;
  /** What it wrote to `GITHUB_OUTPUT`. */
  outputs: Record<string, string>;
}

/** A checkout in which steps are run as a runner of GitHub runs them, with programs of ours in place of `gh` and `npm`. */
export class Checkout {
  readonly dir: string;
  readonly #workflow: Workflow;
  readonly #bin: string;

  private constructor(dir: string, workflow: Workflow) {
    this.dir = dir;
    this.#workflow = workflow;
    this.#bin = join(dir, '..', 'bin');
  }

  /** @param gh text of a program (Node) that stands for `gh` */
  static async make(dir: string, o: { workflow: Workflow; gh: string }): Promise<Checkout> {
    const made = new Checkout(dir, o.workflow);
    await mkdir(dir, { recursive: true });
    await mkdir(made.#bin, { recursive: true });
    const node = `#!${process.execPath}\n`;
    const record = `require('node:fs').appendFileSync(${JSON.stringify(join(made.#bin, 'calls.jsonl'))}, JSON.stringify({ program, argv: process.argv.slice(2), token: process.env.GH_TOKEN ?? null }) + '\\n');\n`;
    await made.#program('npm', `${node}const program = 'npm';\n${record}`);
    await made.#program('gh', `${node}const program = 'gh';\n${record}${o.gh}`);
    await made.#program('bench', `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} ${JSON.stringify(BENCH)} "$@"\n`);
    return made;
  }

  async #program(name: string, text: string): Promise<void> {
    const path = join(this.#bin, name);
    await writeFile(path, text);
    await chmod(path, 0o755);
  }

  /** Runs `run:` of a step with the workflow's environment and its own. */
  async run(step: Step, o: { expressions: Expressions; env: Record<string, string> }): Promise<StepEnd> {
    const files = { GITHUB_OUTPUT: join(this.#bin, 'output'), GITHUB_STEP_SUMMARY: join(this.#bin, 'summary.md') };
    await writeFile(files.GITHUB_OUTPUT, '');
    const given = { ...this.#workflow.env, ...o.env, ...step.env };
    const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, evaluated(value, o.expressions)]));
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn('bash', [...shellOptions(step, this.#workflow), '-c', step.run ?? ''], {
      cwd: this.dir,
      env: { PATH: `${this.#bin}:${PATH}`, HOME, CI: 'true', ...files, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((done) => child.once('close', done));
    const lines = (await readFile(files.GITHUB_OUTPUT, 'utf8')).split('\n').filter(Boolean);
    const outputs = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
    return { code, output, outputs };
  }

  /** What `gh` and `npm` were asked, in order, since the last time. */
  async calls(): Promise<{ program: string; argv: string[]; token: string | null }[]> {
    const path = join(this.#bin, 'calls.jsonl');
    const text = await readFile(path, 'utf8').catch(() => '');
    await writeFile(path, '');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { program: string; argv: string[]; token: string | null });
  }

  /** The summary of the job so far. */
  summary(): Promise<string> {
    return readFile(join(this.#bin, 'summary.md'), 'utf8').catch(() => '');
  }
}

/** Options of the shell as GitHub starts it for a step, by https://docs.github.com/actions (`jobs.<job_id>.steps[*].shell`). */
function shellOptions(step: Step, { defaults, jobs }: Workflow): string[] {
  const shell = step.shell ?? jobs.bench.defaults?.run?.shell ?? defaults?.run?.shell;
  if (shell === undefined) return ['-e'];
  if (shell === 'bash') return ['--noprofile', '--norc', '-eo', 'pipefail'];
  throw new Error(`how does GitHub start ${shell}?`);
}

/** The value of an expression by its text. */
export function valueOf(expression: string, expressions: Expressions): string | boolean {
  const text = expression.replace(/^\$\{\{|\}\}$/g, '').trim();
  const value = expressions[text];
  if (value === undefined) throw new Error(`what is ${text}?`);
  return value;
}

function evaluated(text: string, expressions: Expressions): string {
  return text.replace(/\$\{\{.*?\}\}/g, (expression) => String(valueOf(expression, expressions)));
}
