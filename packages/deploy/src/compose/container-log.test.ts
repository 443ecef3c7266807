import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createIo } from '@bench/core';
import { localHost } from '@bench/host';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { containerLogs } from './container-log.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('containerLogs', () => {
  it('keeps the lines of many containers apart, also when a last line has no end', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bench-docker-'));
    // `docker logs --timestamps NAME`: each container says its name, and some leave their last line open.
    const lines = 'i=0; while [ $i -lt 200 ]; do echo "2026-01-02T03:04:05.000000001Z $3 $i"; i=$((i+1)); done';
    const script = `#!/bin/sh\ncase "$3" in open*) printf '2026-01-02T03:04:05.000000001Z %s' "$3" ;; *) ${lines} ;; esac\n`;
    await writeFile(join(folder, 'docker'), script, { mode: 0o755 });
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
    const open = Array.from({ length: 40 }, (_, i) => `open${i}`);
    const talking = ['a', 'b', 'c'];
    const told = new Map<string, string[]>([...open, ...talking].map((name) => [name, []]));
    const options = { host: localHost(), docker: ['docker'] as ['docker'], containers: [...told.keys()], io: createIo() };
    for await (const line of containerLogs({ ...options, signal: AbortSignal.timeout(30_000) }))
      if ('text' in line) told.get(line.container)?.push(line.text);
    for (const name of open) expect(told.get(name)).toEqual([name]);
    for (const name of talking) expect(told.get(name)).toEqual(Array.from({ length: 200 }, (_, i) => `${name} ${i}`));
  });
});
