import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localHost } from '@bench/host';
import { describe, expect, it } from 'vitest';
import { gpuHolders, refuseTakenGpus } from './gpu-holders.ts';

/** Stands for `docker`: what `ps` and `inspect` print. */
async function docker(rows: readonly string[]): Promise<[string]> {
  const path = join(await mkdtemp(join(tmpdir(), 'bench-docker-')), 'docker');
  const ids = rows.map((_, i) => `c${i}`).join('\n');
  await writeFile(path, `#!/bin/sh\ncase "$1" in ps) cat <<'X'\n${ids}\nX\n;; inspect) cat <<'X'\n${rows.join('\n')}\nX\n;; esac\n`, {
    mode: 0o755,
  });
  return [path];
}
const { signal } = new AbortController();
const host = localHost();
const row = (project: string, id: string, created: string, ...gpus: string[]) =>
  `${project} ${id} ${created} ${JSON.stringify([{ Driver: 'nvidia', DeviceIDs: gpus, Capabilities: [['gpu']] }])}`;
const A = 'bench-raaaaaaaaa-d1-12345678';
const B = 'bench-rbbbbbbbbb-d1-12345678';
const refused = async (project: string, rows: readonly string[]) =>
  refuseTakenGpus({ host, docker: await docker(rows), project, signal }).then(
    () => null,
    (error: unknown) => (error as Error).message,
  );

describe('gpuHolders', () => {
  it('tells of containers of bench with GPUs, and of no others', async () => {
    const rows = [
      row(A, 'a', '2026-01-02T03:04:05.1Z', '0', '1'),
      `${B} b 2026-01-02T03:04:05Z null`,
      row('monitoring', 'm', '2026-01-02T03:04:05Z', '3'),
      '',
    ];
    expect(await gpuHolders({ host, docker: await docker(rows), signal })).toEqual([
      { project: A, run: 'raaaaaaaaa', id: 'a', created: '2026-01-02T03:04:05.1Z', gpus: ['0', '1'] },
    ]);
    expect(await gpuHolders({ host, docker: await docker([]), signal })).toEqual([]);
  });
});

describe('refuseTakenGpus', () => {
  it('makes the later of two runs give way, not the earlier, however the second is written', async () => {
    for (const [first, second] of [
      ['2026-01-02T03:04:05.1Z', '2026-01-02T03:04:05.100000001Z'],
      ['2026-01-02T03:04:05.09Z', '2026-01-02T03:04:05.1Z'],
      ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.5Z'],
      ['2026-01-02T03:04:05.5Z', '2026-01-02T03:04:06Z'],
      ['2026-01-02T03:04:05.5Z', '2026-01-02T03:04:05.5Z'],
    ] as const) {
      const rows = [row(A, 'a', first, '0', '1'), row(B, 'b', second, '1', '2')];
      expect(await refused(A, rows)).toBeNull();
      expect(await refused(B, rows)).toMatch(/^GPU 1 of \S+ went to run raaaaaaaaa a moment before$/);
    }
  });

  it('lets runs be that share none, and instances of one deployment', async () => {
    const at = '2026-01-02T03:04:05Z';
    const rows = [row(A, 'a1', at, '0'), row(A, 'a2', at, '0'), row(B, 'b', at, '1')];
    expect(await refused(A, rows)).toBeNull();
    expect(await refused(B, rows)).toBeNull();
  });
});
