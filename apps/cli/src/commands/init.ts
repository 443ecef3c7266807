import { EXIT } from '@bench/core';
import { initRecipe, listTemplates } from '@bench/recipe';
import { columns } from '../ui/columns.ts';
import { styles } from '../ui/style.ts';
import { withContext } from '../context.ts';

const DEFAULT_TEMPLATE = 'tiny-cpu';

/** `bench init`. */
export function init(folder: string | undefined, flags: { template?: string | undefined; list?: true | undefined }): Promise<number> {
  return withContext(async ({ signal }) => {
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
