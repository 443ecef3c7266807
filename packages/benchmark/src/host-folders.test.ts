import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '@bench/core';
import { localHost } from '@bench/host';
import { expect, it } from 'vitest';
import { hostFolders, removeRunFolder } from './host-folders.ts';

/** This machine, as a user with another home. */
function userAt(home: string): Host {
  const host = localHost();
  return { ...host, exec: (command, options) => host.exec(command, { ...options, env: { ...options?.env, HOME: home } }) };
}
const { signal } = new AbortController();

it('finds the folders of a user, whatever the name of the home', async () => {
  const home = await mkdtemp(join(tmpdir(), "bench o'home $(id) "));
  const folders = await hostFolders(userAt(home), { signal });
  expect(folders.run('r1')).toBe(`${home}/.local/share/bench/runs/r1`);
  expect(folders.models).toBe(`${home}/.cache/bench/models`);
  const models = async (modelDir: string) => (await hostFolders(userAt(home), { modelDir, signal })).models;
  expect(await models('/mnt/models')).toBe('/mnt/models');
  expect(await models('~/.cache/huggingface')).toBe(`${home}/.cache/huggingface`);
  expect(await models('weights')).toBe(`${home}/weights`);
});

it('leaves nothing of a run, and everything else', async () => {
  const home = await mkdtemp(join(tmpdir(), 'bench-home-'));
  const folders = await hostFolders(userAt(home), { signal });
  await mkdir(join(folders.run('r1'), 'd1'), { recursive: true });
  await mkdir(folders.run('r2'), { recursive: true });
  await writeFile(join(folders.run('r1'), 'd1', 'compose.yaml'), '');
  await removeRunFolder(userAt(home), folders.run('r1'), signal);
  expect(await readdir(join(home, '.local/share/bench/runs'))).toEqual(['r2']);
  await mkdir(join(home, '.local/state/bench/processes'), { recursive: true });
  await removeRunFolder(userAt(home), folders.run('r2'), signal);
  await removeRunFolder(userAt(home), folders.run('r2'), signal);
  expect(await readdir(home)).toEqual([]);
});
