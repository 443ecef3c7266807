import { join } from 'node:path';
import { expect, it } from 'vitest';
import { recipeJsonSchema } from './index.ts';

// After a change of the language: npx vitest run -u
it('the committed JSON Schema is that of the code', async () => {
  await expect(`${JSON.stringify(recipeJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(join(import.meta.dirname, '../recipe.schema.json'));
});
