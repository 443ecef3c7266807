import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, createIo, type Host, type RemoteProcess } from '@bench/core';
import { localHost } from '@bench/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { composeProject, patientArgv } from './compose-project.ts';

let root: string;
let host: Host;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-project-'));
  host = localHost({ stateDir: join(root, 'state') });
});
afterEach(async () => {
  await (await host.attach('p-up'))?.discard();
  await rm(root, { recursive: true, force: true });
});

/** As much of docker as is asked: containers are lines of a file. Compose takes its time. */
const DOCKER = String.raw`
all=$1/containers
case $2 in
  compose) touch "$1/up"; sleep 1; echo made >>"$all" ;;
  ps) cat "$all" ;;
  rm) : >"$all" ;;
esac
`;

/** Where Docker is asked through sudo, what runs is root's and cannot be ended. */
function asRoots(on: Host): Host {
  const stuck = async (process: RemoteProcess, done: () => Promise<void>) => {
    if ((await process.status()).running) throw new BenchError({ code: 'BENCH_PROCESS_STUCK', message: 'still there after KILL' });
    await done();
  };
  const roots = (process: RemoteProcess): RemoteProcess => ({
    ...process,
    stop: () => stuck(process, () => process.stop()),
    discard: () => stuck(process, () => process.discard()),
  });
  return {
    ...on,
    start: async (...args) => roots(await on.start(...args)),
    attach: async (id) => ((process) => process && roots(process))(await on.attach(id)),
  };
}

describe('a project whose start is given up', () => {
  it.each([
    ['is taken down when compose is at its end', asRoots],
    ['is taken down with its compose', (on: Host) => on],
  ])('%s', async (_, as) => {
    const script = join(root, 'docker.sh');
    const containers = join(root, 'containers');
    await writeFile(script, DOCKER);
    await writeFile(containers, '');
    const abort = new AbortController();
    const docker = ['sh', script, root] as const;
    const project = composeProject({
      host: as(host),
      containers: { docker, compose: { argv: [...docker, 'compose'], version: '2.29.7', flavour: 'v2' } },
      project: 'p',
      dir: root,
      io: createIo(),
      signal: abort.signal,
    });
    const up = project.up();
    await expect
      .poll(() =>
        access(join(root, 'up')).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    abort.abort();
    await expect(up).rejects.toMatchObject({ name: 'AbortError' });
    await project.down();
    expect(await host.attach('p-up')).toBeNull();
    // Longer than compose would have needed.
    await createIo().sleep(1200);
    expect(await readFile(containers, 'utf8')).toBe('');
  });
});

it('gives compose v1 its patience through sudo', () => {
  const v1 = { argv: ['sudo', '-n', 'docker-compose'] as const, version: '1.29.2', flavour: 'v1' as const };
  const containers = { docker: ['sudo', '-n', 'docker'] as const, compose: v1 };
  expect(patientArgv({ containers }, ['sudo', '-n', 'docker-compose', 'up'])).toEqual([
    'sudo',
    '-n',
    'env',
    'COMPOSE_HTTP_TIMEOUT=900',
    'docker-compose',
    'up',
  ]);
  expect(patientArgv({ containers: { ...containers, compose: null } }, ['docker', 'compose', 'up'])).toEqual(['docker', 'compose', 'up']);
});
