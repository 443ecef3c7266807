import { EXIT } from '@bench/core';
import { expandRecipe, recipeJsonSchema } from '@bench/recipe';
import { stringify } from 'yaml';
import { loadRecipes, loadTasks } from '../load-tasks.ts';
import { columns } from '../ui/columns.ts';
import { styles } from '../ui/style.ts';

/** `bench recipe validate`. */
export async function validate(paths: readonly string[], flags: { json?: true | undefined }): Promise<number> {
  const loaded = await loadRecipes(paths);
  const rows = loaded.map((recipe) => ({ recipe: recipe.name, kind: recipe.kind, variants: recipe.variantCount, file: recipe.file }));
  if (flags.json) process.stdout.write(`${JSON.stringify(rows, null, 1)}\n`);
  else
    for (const row of rows) process.stdout.write(`${row.file}: ok, ${row.kind}, ${row.variants} variant${row.variants === 1 ? '' : 's'}\n`);
  return EXIT.ok;
}

/** `bench recipe show`. */
export async function show(
  path: string,
  flags: { variant?: string | undefined; filter: string[]; json?: true | undefined },
): Promise<number> {
  const tasks = await loadTasks([path], { filter: flags.filter });
  const task = flags.variant === undefined ? tasks[0] : tasks.find((t) => t.variant === flags.variant);
  if (!task) {
    const { BenchError } = await import('@bench/core');
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
export async function variants(paths: readonly string[], flags: { filter: string[]; json?: true | undefined }): Promise<number> {
  const tasks = (await loadRecipes(paths)).flatMap((recipe) => expandRecipe(recipe, { filter: flags.filter }));
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

/** `bench recipe schema`. */
export async function schema(): Promise<number> {
  process.stdout.write(`${JSON.stringify(recipeJsonSchema(), null, 2)}\n`);
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
