import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo, type Host } from '@bench/core';
import { parseRecipe, type Task } from '@bench/recipe';
import { leftovers, type LoginShell, type Machine, startMachine } from '@bench/test-machines';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import type { Deployment } from '../contract.ts';
import { machineHost } from '../testing/machine-host.ts';
import { testSite } from '../testing/site.ts';
import { commandTarget } from './index.ts';

const missing = ['netns', 'sshd', 'tcsh', 'fish'].map((name) => part(name)).find(({ present }) => !present);
const NASTY = `it's "quoted" $(touch pwned) \`touch pwned\` $HOME !! ~ * ; rm -rf . \\ \nsecond line # é\t%`;
const SHELLS: LoginShell[] = ['bash', 'tcsh', 'fish'];

describe.skipIf(missing)(`a command over SSH${missing ? ` (${missing.skipped ?? ''})` : ''}`, () => {
  let root: string;
  const machines = new Map<LoginShell, { machine: Machine; host: Host }>();

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'bench-command-ssh-'));
    await mkdir(join(root, 'src'));
    await writeFile(join(root, 'src', 'tool.sh'), 'printf %s "$1" > "$2"\n');
    for (const shell of SHELLS) {
      const machine = await startMachine({ shell, docker: false, name: `command-${shell}` });
      machines.set(shell, { machine, host: await machineHost(machine) });
    }
  });
  afterAll(async () => {
    for (const { machine, host } of machines.values()) {
      await host.close();
      await machine.stop();
    }
    await rm(root, { recursive: true, force: true });
  });

  const task = (command: Record<string, unknown>) => parseRecipe(JSON.stringify({ command }), { file: 'r', dir: root }).tasks[0] as Task;
  const site = (id: string) => testSite({ deploymentId: id, deploymentDir: join(root, id), hostDir: `/home/bench/bench-${id}` });
  const io = createIo({ env: { MY_SECRET: `s3cret ${NASTY}` } });
  const target = commandTarget({ cwd: '' });
  const bringUp = async (t: Task, host: Host, id: string) => {
    const staged = commandTarget({ cwd: root });
    await mkdir(join(root, id), { recursive: true });
    return staged.start({ record: staged.plan(t, site(id)).record, task: t }, { io, host, on: () => undefined });
  };
  const measure = async (deployment: Deployment, t: Task, options: { signal?: AbortSignal; onProgress?(text: string): void } = {}) => {
    const dir = await mkdtemp(join(root, 'result-'));
    const measured = await deployment.measure?.(t, {
      id: `m-${deployment.record.id}`,
      runId: 'r123456789',
      dir,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      ...options,
    });
    return { part: measured?.parts[0], files: join(dir, 'files') };
  };
  const left = async (machine: Machine) => {
    const all = await leftovers(machine);
    return { processes: all.processes, files: all.files.filter((path) => !path.startsWith('/home/bench/.local/state')) };
  };

  it.each(SHELLS)('takes values as data where the login shell is %s', async (shell) => {
    const { machine, host } = machines.get(shell) as { machine: Machine; host: Host };
    const t = task({
      stage: ['src'],
      run: `printf %s "$v" > value; printf %s "$$E" > env; printf %s "$$S" > secret; sh $repo_dir/src/tool.sh '$v' staged`,
      variables: { v: NASTY },
      env: { E: NASTY, S: { from_env: 'MY_SECRET' } },
      result_files: ['*'],
    });
    const deployment = await bringUp(t, host, `values-${shell}`);
    const { part: result, files } = await measure(deployment, t);
    expect(result?.failure).toBeNull();
    const read = (name: string) => readFile(join(files, name), 'utf8');
    expect([await read('value'), await read('env'), await read('secret'), await read('staged')]).toEqual([
      NASTY,
      NASTY,
      `s3cret ${NASTY}`,
      NASTY,
    ]);
    expect((await readdir(files)).sort()).toEqual(['command.log', 'env', 'secret', 'staged', 'value']);
    await deployment.stop();
    expect(await left(machine)).toEqual({ processes: [], files: [] });
  });

  it('goes on while the connection is lost, and is found by another process', async () => {
    const { machine, host } = machines.get('bash') as { machine: Machine; host: Host };
    const t = task({ run: `echo begun >> begun; echo one; sleep 4; echo two; echo '{"n":1}' > metrics.json`, result_files: ['begun'] });
    const deployment = await bringUp(t, host, 'lost');
    let dropped = false;
    const first = measure(deployment, t, {
      onProgress: (text) => {
        if (text !== 'one' || dropped) return;
        dropped = true;
        void machine.dropConnections();
      },
    });
    await expect.poll(() => dropped, { timeout: 30_000 }).toBe(true);
    const { part: result, files } = await first;
    expect(result).toMatchObject({ code: 0, failure: null, metrics: { n: { value: 1 } } });
    expect(await readFile(join(files, 'begun'), 'utf8')).toBe('begun\n');
    expect(await readFile(join(files, 'command.log'), 'utf8')).toBe('one\ntwo\n');
    const adopted = await target.adopt(deployment.record, { io, host, on: () => undefined });
    await adopted?.stop();
    expect(await left(machine)).toEqual({ processes: [], files: [] });
  });

  it('is ended on the host, with all it started, when it is stopped while it runs', async () => {
    const { machine, host } = machines.get('bash') as { machine: Machine; host: Host };
    const t = task({ run: 'sleep 300 & echo up; sleep 300' });
    const deployment = await bringUp(t, host, 'stopped');
    const abort = new AbortController();
    await expect(measure(deployment, t, { signal: abort.signal, onProgress: () => abort.abort() })).rejects.toThrow();
    await deployment.stop();
    expect(await left(machine)).toEqual({ processes: [], files: [] });
  });

  it('says that a disk is full, and leaves nothing', async () => {
    const machine = await startMachine({ docker: false, name: 'command-full', homeSizeMiB: 2 });
    const host = await machineHost(machine);
    try {
      await writeFile(join(root, 'src', 'large'), Buffer.alloc(8 << 20, 1));
      const t = task({ stage: ['src'], run: 'true' });
      await expect(bringUp(t, host, 'full')).rejects.toThrow(/no space left|disk|ENOSPC/i);
      expect((await left(machine)).files).toEqual([]);
    } finally {
      await host.close();
      await machine.stop();
    }
  });
});
