import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { attach, type AttachFlags } from './attach.ts';

let dir: string;
let flags: AttachFlags;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bench-attach-'));
  await writeFile(join(dir, 'bench.config.yaml'), '{}\n');
  flags = { on: 'slurm:nobody@nowhere.invalid', out: dir, config: join(dir, 'bench.config.yaml') };
});
afterEach(() => rm(dir, { recursive: true, force: true }));

// A login host that does not exist would be exit code 4.
it('asks no cluster for what is no id', async () => {
  await expect(attach('latest', flags)).rejects.toMatchObject({ exitCode: 2, message: '"latest" is no id of a run' });
});

it('asks no cluster for a run that is here already, and says how to go on with it', async () => {
  await mkdir(join(dir, 'rabc012345'));
  await writeFile(join(dir, 'rabc012345', 'run.json'), '{}');
  await expect(attach('rabc012345', flags)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('is here already') as string,
    hint: `bench watch rabc012345 --out ${dir} goes on with it`,
  });
});

it('is for clusters', async () => {
  await expect(attach('rabc012345', { ...flags, on: 'docker' })).rejects.toMatchObject({ exitCode: 2 });
});
