import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { claim, release } from './claims.ts';
import { run } from './run.ts';

describe.skipIf(!part('netns').present)('a claim', () => {
  it('is released with what is mounted in it', async () => {
    const folder = claim(`mounts-${process.pid}`) as string;
    const point = join(folder, 'a b');
    mkdirSync(point);
    await run(['mount', '-t', 'tmpfs', 'tmpfs', point]);
    mkdirSync(join(point, 'inner'));
    await run(['mount', '-t', 'tmpfs', 'tmpfs', join(point, 'inner')]);
    await release(folder);
    expect(existsSync(folder)).toBe(false);
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(folder);
  });
});
