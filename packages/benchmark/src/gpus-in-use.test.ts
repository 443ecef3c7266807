import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localHost } from '@bench/host';
import { expect, it } from 'vitest';
import { gpusInUse } from './gpus-in-use.ts';

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
const request = (...ids: string[]) => JSON.stringify([{ Driver: 'nvidia', DeviceIDs: ids, Capabilities: [['gpu']] }]);

it('names GPUs of other runs, not those of this one and not what is none of bench', async () => {
  const rows = [
    `bench-raaaaaaaaa-d1-12345678 c 2026-01-02T03:04:05Z ${request('0', '1')}`,
    `bench-raaaaaaaaa-d1-12345678 c 2026-01-02T03:04:05Z null`,
    `bench-rbbbbbbbbb-d1-12345678 c 2026-01-02T03:04:05Z ${request('2')}`,
    `monitoring c 2026-01-02T03:04:05Z ${request('3')}`,
    '',
  ];
  const o = { host: localHost(), docker: await docker(rows), signal };
  expect(await gpusInUse({ ...o, runId: 'rbbbbbbbbb' })).toEqual(
    new Map([
      ['0', 'raaaaaaaaa'],
      ['1', 'raaaaaaaaa'],
    ]),
  );
  expect([...(await gpusInUse({ ...o, runId: null })).keys()]).toEqual(['0', '1', '2']);
});

it('finds none where nothing runs', async () => {
  expect(await gpusInUse({ host: localHost(), docker: await docker([]), runId: null, signal })).toEqual(new Map());
});
