import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** Every browser of the last years; what a page needs to have been opened from a disk is nothing. */
const TARGET = 'es2022';

it('the script of the page is what its source makes; after a change: npx vitest run src/html/client.test.ts --update=all', async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('client/main.ts', import.meta.url))],
    conditions: ['@bench/source'],
    bundle: true,
    minifyWhitespace: true,
    minifySyntax: true,
    // Short names hang on all that is read on the way, also on what is left out: the text would change with it.
    minifyIdentifiers: false,
    format: 'iife',
    charset: 'ascii',
    target: TARGET,
    write: false,
    // What a page cannot have belongs to parts of our libraries that it does not use.
    external: ['node:*', 'zod'],
    legalComments: 'none',
  });
  // Inside a script element these would end it, or begin a comment.
  const script = (outputFiles[0]?.text ?? '').trim().replace(/<(?=\/script|!--)/gi, '\\x3C');
  expect(script).not.toMatch(/require\(|\bimport\b/);
  expect(script.length).toBeLessThan(60_000);
  const text = `/** The script of the page, made of client/ by client.test.ts. */\nexport const SCRIPT = ${JSON.stringify(script)};\n`;
  await expect(text).toMatchFileSnapshot('./client.generated.ts');
});
