import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readRun } from '@bench/results';
import { expect, it } from 'vitest';
import { bench, folder, REPOSITORY } from './cli.ts';

const HOST = pathToFileURL(join(REPOSITORY, 'packages/host/dist/index.js')).href;

/** A plugin whose hosts are this computer under other names, each with a home of its own. */
const PLUGIN = `import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { localHost } from '${HOST}';

async function open(target, { io }) {
  if (target === 'away') throw new Error('nobody answers at away');
  const home = join(import.meta.dirname, target);
  mkdirSync(home, { recursive: true });
  const host = localHost({ stateDir: join(home, 'processes') });
  const env = { HOME: home, NODE: target };
  const there = (options) => ({ ...options, env: { ...options?.env, ...env } });
  io.logger.log('warn', \`opened \${target}\`);
  return {
    ...host,
    name: target,
    kind: 'ssh',
    exec: (command, options) => host.exec(command, there(options)),
    stream: (command, options) => host.stream(command, there(options)),
    start: (command, options) => host.start(command, there(options)),
    close: async () => io.logger.log('warn', \`closed \${target}\`),
  };
}
export default { contractVersion: 1, name: 'lab', hosts: { lab: open } };
`;

it('a run on hosts that a plugin opens: both measure, and both are let go', async () => {
  const root = await folder();
  await writeFile(join(root, 'lab.mjs'), PLUGIN);
  await writeFile(join(root, 'bench.config.yaml'), 'plugins: [./lab.mjs]\n');
  await mkdir(join(root, 'r'));
  await writeFile(
    join(root, 'r', 'recipe.yaml'),
    `command: {run: 'sleep $seconds; echo "$$NODE" > where; echo "{\\"n\\": 1}" > metrics.json', result_files: [where]}
deploy: {gpu_concurrency: 2}
matrices: {cross: {seconds: [1, 1.5]}}
`,
  );
  const out = join(root, 'runs');
  const finished = await bench(['run', './r', '--on', 'lab:node3,lab:node4', '--out', out, '--json'], { cwd: root });
  expect(finished.code, finished.stderr).toBe(0);
  const { dir } = JSON.parse(finished.stdout) as { dir: string };
  const run = await readRun(dir);
  expect(run.problems).toEqual([]);
  expect(run.machines.map((machine) => machine.name)).toEqual(['lab:node3', 'lab:node4']);
  for (const task of run.tasks) {
    const where = await readFile(join(dir, 'tasks/r', task.file.variant, task.points[0]?.entry.path ?? '', 'files/where'), 'utf8');
    expect(`lab:${where.trim()}`).toBe(task.machine?.name);
  }
  for (const node of ['node3', 'node4']) {
    expect(finished.stderr).toContain(`opened ${node}`);
    expect(finished.stderr).toContain(`closed ${node}`);
  }

  const away = await bench(['run', './r', '--on', 'lab:away', '--out', out], { cwd: root });
  expect(away.code, away.stderr).not.toBe(0);
  expect(away.stderr).toContain('nobody answers at away');
});
