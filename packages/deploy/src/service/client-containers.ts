import { posix } from 'node:path';
import { BenchError, EXIT } from '@bench/core';
import type { Task } from '@bench/recipe';
import { composeArgv, patientArgv } from '../compose/compose-project.ts';
import type { ContainerState } from '../compose/container-state.ts';
import { dockerOutput } from '../compose/docker-exec.ts';
import { dockerFailure } from '../compose/docker-failure.ts';
import { resolveEnv } from '../resolve-env.ts';
import { outputArchive } from './output-folder.ts';
import { renderClients } from './render-clients.ts';
import { type Client, clientContainer, clientService, clientsFile, OUTPUT_DIR } from './record.ts';
import type { Session } from './session.ts';

const CREATE_MS = 5 * 60_000;
/** Output folders of one measurement, on their way back. */
const backDir = (hostDir: string, id: string) => posix.join(hostDir, `back-${id}`);

export interface Measurement {
  session: Session;
  task: Task;
  id: string;
  runId: string;
  password: string;
  clients: readonly Client[];
  signal: AbortSignal;
}

/** The clients' containers by the clients' names. */
export async function findClients({
  session,
  id,
  clients,
}: Pick<Measurement, 'session' | 'id' | 'clients'>): Promise<Map<string, ContainerState>> {
  const states = new Map((await session.project.ps()).map((state) => [state.name, state]));
  return new Map(
    clients.flatMap((client) => {
      const state = states.get(clientContainer(session.record.project, id, client));
      return state ? [[client.name, state] as const] : [];
    }),
  );
}

/** A client's service has a dot in its name, which no other's has. */
const CLIENT = clientService({ name: '' });

/** Removes what other measurements left of theirs: a bench that was killed, or that gave up while the host was away, ends nothing. */
export async function removeOtherClients({ session, id, clients }: Pick<Measurement, 'session' | 'id' | 'clients'>): Promise<void> {
  const { host, record, project } = session;
  const own = new Set(clients.map((client) => clientContainer(record.project, id, client)));
  const others = (await project.ps()).filter(({ name, service }) => service?.startsWith(CLIENT) && !own.has(name));
  if (others.length === 0) return;
  const names = others.map(({ name }) => name);
  await dockerOutput(host, record.containers.docker, ['rm', '-f', '-v', ...names], { failing: true });
  const still = (await project.ps()).find(({ name }) => names.includes(name));
  if (!still) return;
  throw new BenchError({
    code: 'BENCH_HOST_FAILED',
    message: `${host.name}: client ${still.name} of another measurement is at work and cannot be removed`,
    hint: `by hand: ${[...record.containers.docker].join(' ')} rm -f -v ${still.name}`,
    exitCode: EXIT.missingPart,
  });
}

/** Makes all of them, each with its output folder, then starts all of them. */
export async function startClients(measurement: Measurement): Promise<void> {
  const { session, task, id, runId, password, clients, signal } = measurement;
  const { host, io, record, project } = session;
  const { docker } = record.containers;
  const file = clientsFile(id);
  const content = renderClients(task, record, { id, runId, password, resolve: (env) => resolveEnv(env, io) });
  await project.writeFiles([{ path: file, content, mode: 0o600 }]);
  const argv = composeArgv(
    { containers: record.containers, project: record.project, dir: record.hostDir },
    [file],
    ['up', '--no-start', '--no-build', ...clients.map(clientService)],
  );
  const made = await host.exec({ argv: patientArgv(record, argv) }, { signal, timeoutMs: CREATE_MS });
  if (made.code !== 0) {
    const text = made.timedOut ? 'docker did not answer' : `${made.stdout}\n${made.stderr}`;
    throw dockerFailure(text, { host: host.name, what: `making the clients on ${host.name}`, code: made.code });
  }
  const names = clients.map((client) => clientContainer(record.project, id, client));
  const stdin = outputArchive();
  for (const name of names) {
    const put = await host.exec({ argv: [...docker, 'cp', '-', `${name}:/`], stdin }, { signal, timeoutMs: 60_000, repeatable: true });
    if (put.code !== 0) throw dockerFailure(put.stderr, { host: host.name, what: `docker cp on ${host.name}`, code: put.code });
  }
  // One that cannot start (no such program in its image) tells so in its state.
  await dockerOutput(host, docker, ['start', ...names], { signal, failing: true });
}

/** Ends clients that still run. */
export async function stopClients({ session }: Pick<Measurement, 'session'>, containers: readonly string[]): Promise<void> {
  if (containers.length === 0) return;
  await dockerOutput(session.host, session.record.containers.docker, ['stop', '-t', '5', ...containers], { failing: true });
}

/** As a stream, so that the files are the user's own here whoever wrote them there. */
const COPY_OUT = String.raw`
dir=$1
from=$2
shift 2
umask 077
rm -rf -- "$dir" "$dir.tar" && mkdir -p -- "$dir" || exit 1
"$@" cp "$from" - > "$dir.tar" || exit 1
tar -xof "$dir.tar" -C "$dir" || exit 1
rm -f -- "$dir.tar"
chmod -R u+rwX -- "$dir"
`;

/** Brings what the clients wrote to a folder of this machine, in a folder for each. */
export async function fetchOutputs({ session, id, clients, signal }: Measurement, to: string): Promise<void> {
  const { host, record } = session;
  const back = backDir(record.hostDir, id);
  for (const client of clients) {
    const from = `${clientContainer(record.project, id, client)}:${OUTPUT_DIR}/.`;
    const { code, stderr } = await host.exec(
      { script: COPY_OUT, args: [posix.join(back, client.name), from, ...record.containers.docker] },
      { signal, timeoutMs: 600_000, repeatable: true },
    );
    if (code === 0) continue;
    throw new BenchError({
      code: /no space left/i.test(stderr) ? 'BENCH_DISK_FULL' : 'BENCH_HOST_FAILED',
      message: `${host.name}: the output of client ${client.name} cannot be brought back: ${stderr.trim().split('\n').at(-1) ?? ''}`,
      exitCode: EXIT.missingPart,
    });
  }
  await host.get(back, to, { signal });
}

/** Removes the clients' containers and files. Deaf to the abort signal: what was started has to go. */
export async function removeClients({ session, id, clients }: Pick<Measurement, 'session' | 'id' | 'clients'>): Promise<void> {
  const { host, record } = session;
  const there = [...(await findClients({ session, id, clients })).values()].map(({ name }) => name);
  if (there.length > 0) await dockerOutput(host, record.containers.docker, ['rm', '-f', '-v', ...there], { failing: true });
  await host.exec(
    { argv: ['rm', '-rf', '--', posix.join(record.hostDir, clientsFile(id)), backDir(record.hostDir, id)] },
    { timeoutMs: 120_000, repeatable: true },
  );
}
