import { execFileSync } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { batchNode, closeBatchNodes } from './testing/batch-node.ts';

afterEach(closeBatchNodes);

describe.skipIf(!part('netns').present)('a disk that is full', () => {
  it('leaves no half of a state, ends the service, and is told of by its exit code', async () => {
    const yaml = JSON.stringify({
      model: { huggingface: 'org/m' },
      engine: { llm: { noded: { mode: 'never' } } },
      slurm: { runtime: 'none' },
    });
    const node = await batchNode(yaml, { timing: { readyS: 3 } });
    const state = join(node.plan.record.folder, 'state');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,nr_inodes=40', 'none', state]);
    try {
      const job = node.service();
      await node.until('service.running', job);
      const { port } = await node.until('service.announced', job);
      await writeFile(join(state, 'filler'), Buffer.alloc(1 << 20)).catch(() => undefined);
      expect(await job.ended).toBe(73);
      expect(job.output()).toMatch(/cannot write .*: is the disk or the quota full\?/);
      expect((await readdir(state)).filter((name) => name.startsWith('.'))).toEqual([]);
      await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
      for (const name of await readdir(state))
        if (name.startsWith('service.')) expect(await node.state(name as 'service.ready')).not.toBeNull();
      await rm(join(state, 'filler'));
    } finally {
      execFileSync('umount', ['-l', state]);
    }
  });
});
