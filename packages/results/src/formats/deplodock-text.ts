import { BenchError, type SystemInfo } from '@bench/core';
import { cleanLines, isRule, titleIn } from './clean-lines.ts';
import { readSystem } from './deplodock-system.ts';
import type { ForeignResult } from './foreign-result.ts';
import { parseResultText } from './parse-text.ts';

/** A deplodock result file, taken apart. Sections that a version does not write are null. */
export interface DeplodockFile {
  task: {
    recipeDir?: string;
    variant?: string;
    gpuName?: string;
    gpuCount?: number;
    /** The resolved recipe, YAML. */
    recipe?: string;
  } | null;
  results: ForeignResult[];
  /** The compose file, YAML. */
  compose: string | null;
  /** The load generator's command line, as written. */
  command: string | null;
  /** The machine, as far as the probes' output tells. */
  system: SystemInfo | null;
  /** Probe outputs by title: `OS`, `CPU INFORMATION`, `GPU DETAILS`, … */
  probes: Record<string, string>;
  /** Every section by its title, without rules. */
  sections: Record<string, string>;
  problems: string[];
}

/**
 * Reads a deplodock result file, of the form with five sections or the older one with three.
 * @throws BenchError `BENCH_NO_RESULT` when the text has none of its sections.
 */
export function parseDeplodockText(text: string): DeplodockFile {
  const sections = split(text);
  const names = Object.keys(sections);
  if (names.length === 0)
    throw new BenchError({
      code: 'BENCH_NO_RESULT',
      message: 'no section of a deplodock result in this text',
      hint: 'expected lines such as "============ Benchmark Task ============"',
    });
  const file: DeplodockFile = {
    task: null,
    results: [],
    compose: sections['Docker Compose Configuration'] ?? null,
    command: sections['Benchmark Command']?.trim() ?? null,
    system: null,
    probes: {},
    sections,
    problems: [],
  };
  if (sections['Serving Benchmark Result'] === undefined) file.problems.push('the file has no benchmark result');
  else file.results = parseResultText(text);
  const task = sections['Benchmark Task'];
  if (task !== undefined) file.task = readTask(task);
  const system = sections['System Information'];
  if (system !== undefined) Object.assign(file, readSystem(system));
  const model = modelOf(file);
  for (const result of file.results) if (model !== undefined) result.model ??= model;
  return file;
}

/** Sections by title. A section ends at a rule or at the next title; one that comes twice is kept once, the later after the earlier. */
function split(text: string): Record<string, string> {
  const sections = new Map<string, string[]>();
  let open: string[] | null = null;
  for (const line of cleanLines(text)) {
    const title = line.startsWith('========') ? titleIn(line, '=') : null;
    if (title) {
      open = sections.get(title.title) ?? [];
      sections.set(title.title, open);
    } else if (isRule(line) && line.startsWith('====')) open = null;
    else open?.push(line);
  }
  return Object.fromEntries([...sections].map(([name, lines]) => [name, `${lines.join('\n').trimEnd()}\n`]));
}

function readTask(text: string): NonNullable<DeplodockFile['task']> {
  const task: NonNullable<DeplodockFile['task']> = {};
  const lines = text.split('\n');
  const recipe = lines.indexOf('recipe:');
  for (const line of recipe === -1 ? lines : lines.slice(0, recipe)) {
    const colon = line.indexOf(': ');
    const value = line.slice(colon + 2).trim();
    if (colon === -1 || value === '') continue;
    const key = line.slice(0, colon);
    if (key === 'recipe_dir') task.recipeDir = value;
    else if (key === 'variant') task.variant = value;
    else if (key === 'gpu_name') task.gpuName = value;
    else if (key === 'gpu_count' && /^\d{1,6}$/.test(value)) task.gpuCount = Number(value);
  }
  if (recipe !== -1) {
    const body = lines.slice(recipe + 1);
    const end = body.findIndex((line) => line !== '' && !line.startsWith(' '));
    task.recipe = `${body
      .slice(0, end === -1 ? body.length : end)
      .map((line) => line.slice(2))
      .join('\n')
      .trimEnd()}\n`;
  }
  return task;
}

function modelOf({ task, command }: DeplodockFile): string | undefined {
  return (
    /(?:^|\s)--model[ =](\S{1,300})/.exec(command?.slice(0, 20_000) ?? '')?.[1] ??
    /^ {2}huggingface: (\S{1,300})$/m.exec(task?.recipe?.slice(0, 20_000) ?? '')?.[1]
  );
}
