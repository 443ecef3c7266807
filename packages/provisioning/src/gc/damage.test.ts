import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { world, type World } from '../rent/testing/world.ts';

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

it('a line of the ledger that cannot be read is told, and is no clean end: it may be a machine', async () => {
  w.cloud();
  const mine = await w.ledger('me');
  expect(await w.gc(mine)).toMatchObject({ damage: [], exitCode: 0 });
  await appendFile(join(mine.dir, 'ledger.jsonl'), '{"type":"intent","na\u0000e\n');
  expect(await w.gc(mine)).toMatchObject({ damage: [{ line: 1, text: expect.stringContaining('intent') }], unresolved: [], exitCode: 6 });
});
