import { BenchError, EXIT, findGpus, nearGpu, printable } from '@bench/core';
import { formatProblem, type LoadedRecipe, type Problem, recipeJsonSchema } from '@bench/recipe';
import { stringify } from 'yaml';
import { faultLines } from '../fault-lines.ts';
import { loadRecipes, loadTasks } from '../load-tasks.ts';
import { loadSettings } from '../settings/load-settings.ts';
import { columns } from '../ui/columns.ts';
import { styles } from '../ui/style.ts';

/** A GPU that the catalogue does not know can be run on where it is, and nowhere be rented. */
function gpuWarnings({ tasks }: LoadedRecipe): Problem[] {
  const warnings = tasks.flatMap(({ file, resolved, origins }): Problem[] => {
    const { gpu } = resolved.deploy;
    if (gpu === undefined || findGpus(gpu).length > 0) return [];
    const origin = origins['deploy.gpu'];
    const at =
      origin === undefined || origin.from === 'default' ? { line: null, column: null } : { line: origin.line, column: origin.column };
    const hint = nearGpu(gpu) ?? 'bench gpus lists those that are known';
    return [{ file, ...at, message: `no GPU is called "${gpu}", so none can be rented`, hint }];
  });
  return [...new Map(warnings.map((one) => [formatProblem(one), one])).values()];
}

/** `bench recipe validate`. Each recipe is told of, the good ones too when others are faulty. */
export async function validate(paths: readonly string[], flags: { config?: string | undefined; json?: true | undefined }): Promise<number> {
  const known = await loadSettings({ config: flags.config });
  const good: LoadedRecipe[] = [];
  const bad: { path: string; error: BenchError }[] = [];
  for (const path of paths) {
    try {
      good.push(...(await loadRecipes([path], known)));
    } catch (error) {
      if (!BenchError.is(error)) throw error;
      bad.push({ path, error });
    }
  }
  if (flags.json) {
    const recipes = good.map((recipe) => ({ recipe: recipe.name, kind: recipe.kind, variants: recipe.variantCount, file: recipe.file }));
    const problems = bad.flatMap(({ path, error }) => problemsOf(path, error));
    const warnings = good.flatMap(gpuWarnings);
    process.stdout.write(`${JSON.stringify({ ok: bad.length === 0, recipes, problems, warnings }, null, 1)}\n`);
    return bad.length === 0 ? EXIT.ok : EXIT.usage;
  }
  for (const { file, kind, variantCount: count } of good)
    process.stdout.write(`${file}: ok, ${kind}, ${count} variant${count === 1 ? '' : 's'}\n`);
  for (const warning of good.flatMap(gpuWarnings))
    process.stderr.write(`${styles(process.stderr).yellow('warning:')} ${formatProblem(warning)}\n`);
  // As one error: it is shown as every command shows it.
  if (bad.length > 0)
    await loadRecipes(
      bad.map(({ path }) => path),
      known,
    );
  return EXIT.ok;
}

/** Those of a recipe's file, or the one about a path that leads to none. */
function problemsOf(path: string, error: BenchError): unknown[] {
  const found = error.details?.['problems'];
  return Array.isArray(found) ? found : [{ file: path, line: null, column: null, message: error.message, hint: error.hint ?? null }];
}

/** `bench recipe show`. */
export async function show(
  path: string,
  flags: { variant?: string | undefined; filter: string[]; config?: string | undefined; json?: true | undefined },
): Promise<number> {
  const tasks = await loadTasks([path], { ...(await loadSettings({ config: flags.config })), filter: flags.filter });
  const task = flags.variant === undefined ? tasks[0] : tasks.find((t) => t.variant === flags.variant);
  if (!task) {
    throw new BenchError({
      code: 'BENCH_NO_VARIANT',
      message: `no variant "${flags.variant}"`,
      hint: `there are: ${tasks
        .slice(0, 20)
        .map((t) => t.variant)
        .join(', ')}`,
      exitCode: EXIT.usage,
    });
  }
  if (flags.json) {
    process.stdout.write(
      `${JSON.stringify({ recipe: task.recipe, variant: task.variant, key: task.key, resolved: task.resolved, origins: task.origins }, null, 1)}\n`,
    );
    return EXIT.ok;
  }
  const style = styles(process.stdout);
  process.stdout.write(
    `${style.bold(`${task.recipe}/${task.variant}`)}  ${style.dim(`key ${task.key}`)}${tasks.length > 1 ? style.dim(`  1 of ${tasks.length} variants`) : ''}\n\n${annotate(task.resolved, task.origins, style.dim)}`,
  );
  return EXIT.ok;
}

/** `bench recipe variants`. */
export async function variants(
  paths: readonly string[],
  flags: { filter: string[]; config?: string | undefined; json?: true | undefined },
): Promise<number> {
  const tasks = await loadTasks(paths, { ...(await loadSettings({ config: flags.config })), filter: flags.filter });
  if (flags.json) {
    process.stdout.write(
      `${JSON.stringify(
        tasks.map(({ recipe, variant, key, params }) => ({ recipe, variant, key, params })),
        null,
        1,
      )}\n`,
    );
    return EXIT.ok;
  }
  const rows = tasks.map((task) => [
    task.recipe,
    task.variant,
    task.key,
    Object.entries(task.params)
      .map(([k, v]) => `${k}=${short(String(v))}`)
      .join(' '),
  ]);
  process.stdout.write(columns(['RECIPE', 'VARIANT', 'KEY', 'PARAMETERS'], rows, styles(process.stdout)));
  process.stdout.write(`${tasks.length} variant${tasks.length === 1 ? '' : 's'}\n`);
  return EXIT.ok;
}

/** `bench recipe schema`, with the engines of plugins. */
export async function schema(flags: { config?: string | undefined }): Promise<number> {
  const { engines, faults } = await loadSettings({ config: flags.config });
  for (const line of faultLines(faults)) process.stderr.write(`${styles(process.stderr).yellow('not used:')} ${printable(line)}\n`);
  process.stdout.write(`${JSON.stringify(recipeJsonSchema({ engines }), null, 2)}\n`);
  return EXIT.ok;
}

const short = (text: string) => (text.length > 40 ? `${text.slice(0, 37)}…` : text);

/** The resolved recipe as YAML, each leaf with its origin behind it. */
function annotate(resolved: unknown, origins: Readonly<Record<string, unknown>>, dim: (text: string) => string): string {
  const lines = stringify(resolved, { lineWidth: 0 }).split('\n');
  const path: { indent: number; key: string }[] = [];
  return lines
    .map((line) => {
      const match = /^(\s*)([^\s:#-][^:]*):(?: (.*))?$/.exec(line);
      if (!match) return line;
      const indent = (match[1] ?? '').length;
      while (path.length > 0 && (path.at(-1) as { indent: number }).indent >= indent) path.pop();
      path.push({ indent, key: match[2] ?? '' });
      const origin = origins[path.map((p) => p.key).join('.')];
      if (origin === undefined || match[3] === undefined) return line;
      return `${line.padEnd(54)}  ${dim(`# ${describeOrigin(origin)}`)}`;
    })
    .join('\n');
}

function describeOrigin(origin: unknown): string {
  if (typeof origin === 'string') return origin;
  const { from, line } = origin as { from?: string; line?: number };
  return line === undefined ? String(from) : `${from}, line ${line}`;
}
