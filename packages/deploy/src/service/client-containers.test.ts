import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import { localHost } from '@bench/host';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeOtherClients } from './client-containers.ts';
import type { Client, ServiceRecord } from './record.ts';
import { openSession } from './session.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-clients-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** As much of docker as is asked: containers are lines of a file, a name and a service each. */
const DOCKER = String.raw`
all=$1/containers; shift
case $1 in
  ps) while read -r name service; do echo "$name"; done <"$all" ;;
  inspect) while read -r name service; do
      printf '{"id":"%s","name":"/%s","labels":{"com.docker.compose.service":"%s"},"image":"i","state":{"Status":"running","ExitCode":0,"OOMKilled":false,"Error":"","StartedAt":"","FinishedAt":""},"requests":null}\n' "$name" "$name" "$service"
    done <"$all" ;;
  rm) shift 3; for name in "$@"; do grep -v "^$name " "$all" >"$all.new"; mv "$all.new" "$all"; done ;;
esac
`;

it('removes the clients of other measurements, and nothing else', async () => {
  const script = join(root, 'docker.sh');
  const all = join(root, 'containers');
  await writeFile(script, DOCKER);
  const lines = ['p-store store', 'p-m2-load client.load', 'p-m1-load client.load', 'p-m1-x-load client.load', 'p-m1-gone.1 client.gone.1'];
  await writeFile(all, `${lines.join('\n')}\n`);
  const record = {
    project: 'p',
    hostDir: root,
    containers: { docker: ['sh', script, root], compose: null },
  } as unknown as ServiceRecord;
  const session = openSession(record, { io: createIo(), host: localHost({ stateDir: join(root, 'state') }), on: () => undefined });
  const clients = [{ name: 'load', index: 0 }] as unknown as Client[];
  await removeOtherClients({ session, id: 'm1', clients });
  expect(await readFile(all, 'utf8')).toBe('p-store store\np-m1-load client.load\n');
});
