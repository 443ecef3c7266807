import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, EXIT } from '@bench/core';
import { initRecipe, listTemplates } from '@bench/recipe';
import { columns } from '../ui/columns.ts';
import { styles } from '../ui/style.ts';
import { withContext } from '../context.ts';
import { SETTINGS_NAME } from '../settings/find-settings.ts';
import { SETTINGS_TEMPLATE } from '../settings/template.ts';

const DEFAULT_TEMPLATE = 'tiny-cpu';

/** `bench init`. */
export function init(
  folder: string | undefined,
  flags: { template?: string | undefined; list?: true | undefined; settings?: true | undefined },
): Promise<number> {
  return withContext(async ({ signal }) => {
    if (flags.settings) return initSettings(folder ?? '.');
    if (flags.list) {
      process.stdout.write(
        columns(
          ['TEMPLATE', 'WHAT IT IS'],
          listTemplates().map((t) => [t.name, t.summary]),
          styles(process.stdout),
        ),
      );
      return EXIT.ok;
    }
    const template = flags.template ?? DEFAULT_TEMPLATE;
    const directory = folder ?? template;
    const files = await initRecipe({ template, directory, signal });
    for (const file of files) process.stdout.write(`wrote ${file}\n`);
    process.stdout.write(`\nnext: bench run ${directory}\n`);
    return EXIT.ok;
  });
}

/** Writes a settings file in which everything is commented out; never over one that is there. */
async function initSettings(folder: string): Promise<number> {
  const file = join(folder, SETTINGS_NAME);
  await mkdir(folder, { recursive: true });
  await writeFile(file, SETTINGS_TEMPLATE, { flag: 'wx' }).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new BenchError({ code: 'BENCH_INIT', message: `${file} is there already, and is left as it is`, exitCode: EXIT.usage });
  });
  process.stdout.write(`wrote ${file}\n\nnext: bench check\n`);
  return EXIT.ok;
}
