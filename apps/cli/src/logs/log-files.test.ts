import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunView } from '@bench/results';
import { expect, it } from 'vitest';
import { logFiles } from './log-files.ts';

it('shows what happened to groups on rented machines, also where nothing was deployed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'bench-logs-'));
  try {
    await mkdir(join(dir, 'groups'));
    for (const n of [10, 2]) await writeFile(join(dir, 'groups', `${n}.log`), 'ended, failed\n');
    const view = { dir, run: { tasks: [] } } as unknown as Pick<RunView, 'dir' | 'run'>;
    expect(await logFiles(view, null)).toEqual([
      { label: 'group 2', path: join(dir, 'groups', '2.log') },
      { label: 'group 10', path: join(dir, 'groups', '10.log') },
    ]);
    expect(await logFiles(view, 'a-variant')).toEqual([]);
  } finally {
    await rm(dir, { recursive: true });
  }
});
